// Linux and POSIX implementation of the contract of the same name; see the header.
#include "os/process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace mp::os {

namespace {

constexpr size_t kStackBytes = size_t{128} * 1024;

struct Start {
  void (*run)(void*);
  void* argument;
};

/// Ids of the threads of our own. More than fit are taken for somebody else's.
std::array<std::atomic<uint32_t>, 256> own_threads;

/// Replaces the first `before` by `after`.
void Replace(uint32_t before, uint32_t after) {
  for (std::atomic<uint32_t>& thread : own_threads) {
    uint32_t expected = before;
    if (thread.compare_exchange_strong(expected, after)) return;
  }
}

void* RunStart(void* raw) {
  const Start start = *static_cast<Start*>(raw);
  delete static_cast<Start*>(raw);
  Replace(0, ThreadId());
  start.run(start.argument);
  Replace(ThreadId(), 0);
  return nullptr;
}

int CreateDetached(Start* start) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  error = pthread_create(&thread, &attributes, RunStart, start);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

uint32_t ProcessId() { return static_cast<uint32_t>(getpid()); }

uint32_t ThreadId() { return static_cast<uint32_t>(syscall(SYS_gettid)); }

Status RandomBytes(void* buffer, size_t length) {
  const ssize_t got = getrandom(buffer, length, 0);
  return got == static_cast<ssize_t>(length) ? Status{} : Status{errno, "getrandom"};
}

bool IsOwnThread(uint32_t thread_id) {
  for (const std::atomic<uint32_t>& thread : own_threads) {
    if (thread.load() == thread_id) return true;
  }
  return false;
}

void ForgetOwnThreads() {
  for (std::atomic<uint32_t>& thread : own_threads) thread.store(0);
}

Status StartThread(void (*run)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the new thread
  auto* start = new Start{run, argument};
  const int error = CreateDetached(start);
  if (error != 0) delete start;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return {error, "pthread_create"};
}

}  // namespace mp::os
