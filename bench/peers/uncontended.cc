// Lock and unlock by one process that nobody disturbs: what the uncontended paths are held against.
// All of them are PROCESS_SHARED and lie in shared memory: glibc skips the `lock` prefix for a
// private mutex of a process with one thread, which no lock between processes can do.
#include <semaphore.h>

#include "cases.h"
#include "measure.h"
#include "shared.h"

namespace peer {
namespace {

void PrintMutexPair(const Options& options, MutexKind kind) {
  auto* mutex = NewShared<pthread_mutex_t>();
  InitMutex(mutex, kind);
  PrintBatches(options.measured_ms, [mutex](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      pthread_mutex_lock(mutex);
      pthread_mutex_unlock(mutex);
    }
  });
}

}  // namespace

void MutexPair(const Options& options) { PrintMutexPair(options, MutexKind::kNormal); }

void RobustMutexPair(const Options& options) { PrintMutexPair(options, MutexKind::kRobust); }

void RecursiveMutexPair(const Options& options) { PrintMutexPair(options, MutexKind::kRecursive); }

void RecursiveMutexNestedPair(const Options& options) {
  auto* mutex = NewShared<pthread_mutex_t>();
  InitMutex(mutex, MutexKind::kRecursive);
  pthread_mutex_lock(mutex);
  PrintBatches(options.measured_ms, [mutex](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      pthread_mutex_lock(mutex);
      pthread_mutex_unlock(mutex);
    }
  });
  pthread_mutex_unlock(mutex);
}

void MutexTryPair(const Options& options) {
  auto* mutex = NewShared<pthread_mutex_t>();
  InitMutex(mutex);
  PrintBatches(options.measured_ms, [mutex](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      if (pthread_mutex_trylock(mutex) == 0) pthread_mutex_unlock(mutex);
    }
  });
}

void ReadPair(const Options& options) {
  auto* lock = NewShared<pthread_rwlock_t>();
  InitReadWriteLock(lock);
  PrintBatches(options.measured_ms, [lock](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      pthread_rwlock_rdlock(lock);
      pthread_rwlock_unlock(lock);
    }
  });
}

void SemaphorePair(const Options& options) {
  auto* semaphore = NewShared<sem_t>();
  Require(sem_init(semaphore, 1, 1) == 0, "sem_init");
  PrintBatches(options.measured_ms, [semaphore](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      sem_wait(semaphore);
      sem_post(semaphore);
    }
  });
}

}  // namespace peer
