// Memory, mutexes and child processes for the C peers that need two parties.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>

namespace peer {

// A peer that cannot set itself up must not print a figure.
inline void Require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::exit(1);
}

// One `T` in anonymous memory that children made by fork(2) share. It lives as long as the process.
template <typename T>
T* NewShared() {
  void* place = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Require(place != MAP_FAILED, "mmap");
  return new (place) T();
}

enum class MutexKind { kNormal, kRobust, kRecursive };

inline void InitMutex(pthread_mutex_t* mutex, MutexKind kind = MutexKind::kNormal) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (kind == MutexKind::kRobust) {
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  }
  if (kind == MutexKind::kRecursive) {
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  }
  Require(pthread_mutex_init(mutex, &attributes) == 0, "pthread_mutex_init");
  pthread_mutexattr_destroy(&attributes);
}

inline void InitReadWriteLock(pthread_rwlock_t* lock) {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  Require(pthread_rwlock_init(lock, &attributes) == 0, "pthread_rwlock_init");
  pthread_rwlockattr_destroy(&attributes);
}

// Keeps the caller on the party's own CPU, if there are as many.
inline void PinParty(int party) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || party-- > 0) continue;
    cpu_set_t own;
    CPU_ZERO(&own);
    CPU_SET(cpu, &own);
    (void)sched_setaffinity(0, sizeof own, &own);
    return;
  }
}

// A forked process that runs `body`; it ends with its parent and is reaped by the destructor.
class ChildProcess {
 public:
  template <typename Body>
  explicit ChildProcess(Body body) : pid_(fork()) {
    Require(pid_ >= 0, "fork");
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    _exit(0);
  }
  ~ChildProcess() { waitpid(pid_, nullptr, 0); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

 private:
  pid_t pid_;
};

}  // namespace peer
