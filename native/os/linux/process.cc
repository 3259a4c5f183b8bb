// Linux and POSIX implementation of the contract of the same name; see the header.
#include "os/process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mp::os {

namespace {

constexpr size_t kStackBytes = size_t{128} * 1024;

struct Start {
  void (*run)(void*);
  void* argument;
};

void* RunStart(void* raw) {
  const Start start = *static_cast<Start*>(raw);
  delete static_cast<Start*>(raw);
  start.run(start.argument);
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
