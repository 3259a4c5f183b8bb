// The lock's slow paths; the tables are in the header.
//
// Memory order: every successful compare-and-swap of the state is acq_rel, for it may both publish
// (release, hand-off) and receive (acquire, accept). Plain loads are acquire.
#include "sync/lock.h"

#include "sync/bells.h"
#include "sync/spin.h"

namespace mp::sync {
namespace {

using layout::kAbandoned;
using layout::kIdMask;
using layout::kPending;
using layout::kWaiters;

constexpr uint32_t kMutexSpinPauses = 100;

uint32_t Low(uint64_t state) { return static_cast<uint32_t>(state); }
Id RequestOf(uint64_t state) { return static_cast<uint32_t>(state >> 32) & kIdMask; }
Id OwnerOf(uint64_t state) { return Low(state) & kIdMask; }
bool IsPending(uint64_t state) { return (Low(state) & kPending) != 0; }

uint64_t Join(uint32_t low, Id request) { return uint64_t{request} << 32 | low; }

}  // namespace

Lock::Claim Lock::Classify(uint64_t state, Id self, Waiter& waiter) const {
  const Id owner = OwnerOf(state);
  if (owner == 0) return Claim::kFree;
  if (owner == self) return IsPending(state) ? Claim::kGrantedToMe : Claim::kMine;
  if (!IsPending(state)) {
    return robust_ && !segment_.IsAlive(owner) ? Claim::kOwnerDead : Claim::kHeld;
  }
  const bool expired = !segment_.IsAlive(owner) || waiter.SawGrantTooLong(state, os::MonotonicNs());
  return expired ? Claim::kGrantExpired : Claim::kHeld;
}

uint64_t Lock::Taken(uint64_t state, Id self, Claim claim, const Waiter& waiter) const {
  const Id request = RequestOf(state) == self ? 0 : RequestOf(state);
  uint32_t low = self;
  if (claim == Claim::kOwnerDead) low |= kAbandoned;
  // A standing request needs WAITERS (the invariant); so do others that may sleep as I have.
  if (request != 0 || waiter.has_slept()) low |= kWaiters;
  // Whoever takes a word that others saw owned keeps what they were told.
  if (claim != Claim::kFree) low |= Low(state) & kWaiters;
  if (claim == Claim::kGrantedToMe) low |= Low(state) & kAbandoned;
  return Join(low, request);
}

Outcome Lock::Attempt(Id self, Waiter& waiter) {
  // SYNC POINT lock-state: acquire and acq_rel here pair with the release of HandOver, of
  // Withdraw, and of the fast paths.
  uint64_t state = state_->load(std::memory_order_acquire);
  for (;;) {
    const Claim claim = Classify(state, self, waiter);
    if (claim == Claim::kMine) return Outcome::kDeadlock;
    if (claim == Claim::kHeld) return Outcome::kBusy;
    const uint64_t taken = Taken(state, self, claim, waiter);
    // First the news: whoever is killed right after the next step does not keep it to itself.
    if (claim == Claim::kOwnerDead) segment_.SpreadDeathNotice(OwnerOf(state));
    if (!state_->compare_exchange_weak(state, taken, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      continue;
    }
    if (waiter.has_slept()) WakeAndRing(segment_, LowPoint(taken), 1, bell_);
    return Outcome::kAcquired;
  }
}

bool Lock::ShouldRequest(uint64_t state, Id self, const Waiter& waiter, int64_t now_ns) const {
  if (!waiter.IsStarving(now_ns)) return false;
  const Id request = RequestOf(state);
  return request == 0 || (request != self && !segment_.IsAlive(request));
}

os::WaitPoint Lock::LowPoint(uint64_t state) const {
  // The low half comes first in memory on the little-endian machines that kArchitecture admits.
  return segment_.PointAt(reinterpret_cast<std::atomic<uint32_t>*>(state_), Low(state));
}

bool Lock::PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) {
  uint64_t state = state_->load(std::memory_order_acquire);
  for (;;) {
    const Claim claim = Classify(state, self, waiter);
    if (claim != Claim::kHeld && claim != Claim::kMine) return false;
    os::WaitPoint death;
    const bool watch_owner = robust_ && claim == Claim::kHeld && !IsPending(state);
    if (watch_owner && !segment_.ArmDeathNotice(OwnerOf(state), &death)) return false;
    const int64_t now_ns = os::MonotonicNs();
    uint64_t announced = state | kWaiters;
    if (ShouldRequest(state, self, waiter, now_ns)) announced = Join(Low(announced), self);
    if (announced != state &&
        !state_->compare_exchange_weak(state, announced, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      continue;
    }
    plan->Watch(LowPoint(announced));
    plan->until_ns = now_ns + (IsPending(announced) ? kGrantLifeNs : kSleepBoundNs);
    plan->Watch(death);
    return true;
  }
}

bool Lock::HandOver(uint64_t* state) {
  const Id request = RequestOf(*state);
  const bool grant = request != 0 && segment_.IsAlive(request);
  const uint64_t next = grant ? Join(request | kPending | kWaiters, 0) : 0;
  if (!state_->compare_exchange_weak(*state, next, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
    return false;
  }
  // A releaser that is killed here has released, and the sleepers' bound does the waking.
  if (grant) {
    Ring(segment_, request, LowPoint(next).key);
    WakeAndRing(segment_, LowPoint(next), os::kWakeAll, bell_);  // the grantee is one of them
  } else if ((Low(*state) & kWaiters) != 0) {
    WakeAndRing(segment_, LowPoint(next), 1, bell_);
  }
  return true;
}

Outcome Lock::Release() {
  uint64_t state = state_->load(std::memory_order_acquire);
  for (;;) {
    if (OwnerOf(state) == 0 || IsPending(state)) return Outcome::kNotHeld;
    if (HandOver(&state)) return Outcome::kReleased;
  }
}

void Lock::Withdraw(Id self) {
  uint64_t state = state_->load(std::memory_order_acquire);
  for (;;) {
    if (OwnerOf(state) == 0) break;
    if (OwnerOf(state) == self && IsPending(state)) {
      if (HandOver(&state)) return;
      continue;
    }
    const Id request = RequestOf(state) == self ? 0 : RequestOf(state);
    // WAITERS: a wake that this wait consumed was meant for those who still sleep.
    const uint64_t left = Join(Low(state) | kWaiters, request);
    if (left == state || state_->compare_exchange_weak(state, left, std::memory_order_acq_rel,
                                                       std::memory_order_acquire)) {
      // It may have been the only one that watched this owner's death: now another does.
      os::Wake(LowPoint(left), 1);
      return;
    }
  }
  WakeAndRing(segment_, LowPoint(0), 1, bell_);
}

BellPlace Lock::bell_place() const { return {&segment_, bell_, LowPoint(0).key}; }

Outcome Lock::TryAcquire(Id self) {
  Waiter waiter(os::MonotonicNs());
  const Outcome outcome = Attempt(self, waiter);
  return outcome == Outcome::kAcquired ? outcome : Outcome::kBusy;
}

bool Lock::Spin(Id self) {
  auto* low = reinterpret_cast<std::atomic<uint32_t>*>(state_);
  bool acquired = false;
  const auto done = [&] {
    uint32_t word = low->load(std::memory_order_relaxed);
    if (word == 0) {
      // SYNC POINT lock-state: acquire, as in Attempt.
      acquired = low->compare_exchange_strong(word, self, std::memory_order_acquire);
    }
    return acquired || (word & (kWaiters | kPending)) != 0 || (word & kIdMask) == self;
  };
  SpinUntil(os::AvailableCpus() > 1 ? kMutexSpinPauses : 0, done);
  return acquired;
}

Outcome Lock::Acquire(Id self, os::Deadline deadline, const StopSign* stop) {
  if (Spin(self)) return Outcome::kAcquired;
  return AcquireBlocking(*this, self, deadline, stop);
}

bool Lock::IsOwnedBy(Id self) const {
  const uint64_t state = state_->load(std::memory_order_acquire);
  return OwnerOf(state) == self && !IsPending(state);
}

bool Lock::IsAbandoned() const {
  return (Low(state_->load(std::memory_order_acquire)) & kAbandoned) != 0;
}

bool RLock::IsAwaited() const {
  return (depth_->load(std::memory_order_relaxed) & layout::kAwaited) != 0;
}

bool RLock::Enter(Id self) {
  if (!lock_.IsOwnedBy(self) || IsAwaited()) return false;
  depth_->store(depth_->load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return true;
}

Outcome RLock::First(Outcome outcome, uint32_t depth) {
  // After a dead owner too: its depth died with it.
  if (outcome == Outcome::kAcquired) depth_->store(depth, std::memory_order_relaxed);
  return outcome;
}

Outcome RLock::Attempt(Id self, Waiter& waiter) {
  return First(lock_.Attempt(self, waiter), layout::kAwaited);
}

Outcome RLock::ReleaseAwaited(Id self) {
  if (!lock_.IsOwnedBy(self) || !IsAwaited()) return Outcome::kNotOwner;
  return lock_.Release();
}

Outcome RLock::TryAcquire(Id self) {
  return Enter(self) ? Outcome::kAcquired : First(lock_.TryAcquire(self), 1);
}

Outcome RLock::Acquire(Id self, os::Deadline deadline, const StopSign* stop) {
  return Enter(self) ? Outcome::kAcquired : First(lock_.Acquire(self, deadline, stop), 1);
}

Outcome RLock::Release(Id self) {
  if (!lock_.IsOwnedBy(self) || IsAwaited()) return Outcome::kNotOwner;
  const uint32_t depth = depth_->load(std::memory_order_relaxed);
  if (depth > 1) {
    depth_->store(depth - 1, std::memory_order_relaxed);
    return Outcome::kReleased;
  }
  depth_->store(0, std::memory_order_relaxed);
  return lock_.Release();
}

uint32_t RLock::ReleaseAll(Id self) {
  if (!lock_.IsOwnedBy(self) || IsAwaited()) return 0;
  const uint32_t depth = depth_->load(std::memory_order_relaxed);
  depth_->store(0, std::memory_order_relaxed);
  lock_.Release();
  return depth;
}

Outcome RLock::AcquireAll(Id self, uint32_t depth, const StopSign* stop) {
  return First(lock_.Acquire(self, os::Deadline::Never(), stop), depth);
}

Outcome RLock::TakeOver(Id self, uint32_t depth) {
  if (!lock_.IsOwnedBy(self)) return Outcome::kNotOwner;
  return First(Outcome::kAcquired, depth);
}

}  // namespace mp::sync
