// Linux and POSIX implementation of the contract of the same name; see the header.
#include "os/life_token.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>

#include <cstring>

#include "layout/segment.h"
#include "os/process.h"

namespace mp::os {
namespace {

static_assert(sizeof(pthread_mutex_t) <= layout::kTokenSize);

pthread_mutex_t* Mutex(void* memory) { return static_cast<pthread_mutex_t*>(memory); }

Status FormatMutex(pthread_mutex_t* mutex) {
  pthread_mutexattr_t attributes;
  int error = pthread_mutexattr_init(&attributes);
  if (error == 0) error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (error == 0) error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (error == 0) error = pthread_mutex_init(mutex, &attributes);
  return {error, "pthread_mutex_init"};
}

/// Index of the 32-bit lock word inside pthread_mutex_t, which is the kernel's robust futex: its
/// low bits are the holder's thread id. No C library documents the place, so look for it: lock a
/// mutex and find the word that now holds this thread's id. -1 when there is not exactly one.
int FindLockWord() {
  alignas(8) uint32_t words[layout::kTokenSize / 4] = {};
  pthread_mutex_t* mutex = Mutex(words);
  if (!FormatMutex(mutex).ok()) return -1;
  uint32_t before[layout::kTokenSize / 4];
  std::memcpy(before, words, sizeof before);
  if (pthread_mutex_lock(mutex) != 0) return -1;
  int found = -1;
  for (int i = 0; i < static_cast<int>(sizeof(pthread_mutex_t) / 4); ++i) {
    if (words[i] == before[i] || (words[i] & FUTEX_TID_MASK) != ThreadId()) continue;
    // glibc keeps the owner's id a second time, behind the lock word: the first one counts.
    found = i;
    break;
  }
  pthread_mutex_unlock(mutex);
  pthread_mutex_destroy(mutex);
  return found;
}

std::atomic<uint32_t>* LockWord(void* memory) {
  static const int index = FindLockWord();
  return index < 0 ? nullptr : static_cast<std::atomic<uint32_t>*>(memory) + index;
}

bool ShowsHolder(uint32_t word) {
  return (word & FUTEX_TID_MASK) != 0 && (word & FUTEX_OWNER_DIED) == 0;
}

}  // namespace

Status LifeToken::Format() { return FormatMutex(Mutex(memory_)); }

TokenTake LifeToken::Take() {
  const int error = pthread_mutex_trylock(Mutex(memory_));
  if (error == EBUSY) return TokenTake::kBusy;
  if (error == EOWNERDEAD) {
    SpreadDeathNotice();
    return pthread_mutex_consistent(Mutex(memory_)) == 0 ? TokenTake::kTaken : TokenTake::kFailed;
  }
  return error == 0 ? TokenTake::kTaken : TokenTake::kFailed;
}

void LifeToken::Release() {
  pthread_mutex_unlock(Mutex(memory_));
  SpreadDeathNotice();
}

bool LifeToken::IsHeld() const {
  // SYNC POINT life-token: acquire pairs with the kernel's store at the holder's end, so that what
  // the holder wrote before it died is seen by whoever finds it dead.
  if (auto* word = LockWord(memory_)) return ShowsHolder(word->load(std::memory_order_acquire));
  const int error = pthread_mutex_trylock(Mutex(memory_));
  if (error == EOWNERDEAD) pthread_mutex_consistent(Mutex(memory_));
  if (error == 0 || error == EOWNERDEAD) pthread_mutex_unlock(Mutex(memory_));
  return error == EBUSY;
}

bool LifeToken::ArmDeathNotice(WaitPoint* point) const {
  auto* word = LockWord(memory_);
  if (word == nullptr) {  // no notice to be had: the caller's bounded sleep polls
    *point = {};
    return IsHeld();
  }
  uint32_t seen = word->load(std::memory_order_acquire);
  while (ShowsHolder(seen)) {
    // The kernel (and unlock) wake somebody only when this bit says that somebody waits.
    const uint32_t armed = seen | FUTEX_WAITERS;
    if (seen == armed || word->compare_exchange_weak(seen, armed, std::memory_order_acq_rel)) {
      *point = {word, armed, 0, false};
      return true;
    }
  }
  return false;
}

void LifeToken::SpreadDeathNotice() const {
  if (auto* word = LockWord(memory_)) Wake({word, 0, 0, false}, kWakeAll);
}

}  // namespace mp::os
