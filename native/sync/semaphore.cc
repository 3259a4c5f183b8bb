// The semaphore's slow paths; the tables are in the header. Memory order as in lock.cc.
#include "sync/semaphore.h"

#include "sync/bells.h"
#include "sync/spin.h"

namespace mp::sync {
namespace {

using layout::kBoxGranted;
using layout::kBoxMask;
using layout::kBoxRequested;
using layout::kIdMask;
using layout::kWaiters;

thread_local SpinBudget spin_budget;

uint32_t CountOf(uint64_t state) { return static_cast<uint32_t>(state); }
uint32_t High(uint64_t state) { return static_cast<uint32_t>(state >> 32); }
uint32_t BoxOf(uint64_t state) { return High(state) & kBoxMask; }
Id BoxIdOf(uint64_t state) { return High(state) & kIdMask; }
bool HasWaiters(uint64_t state) { return (High(state) & kWaiters) != 0; }

uint64_t Join(uint32_t count, uint32_t high) { return uint64_t{high} << 32 | count; }

/// The high half without its box.
uint32_t Emptied(uint32_t high) { return high & kWaiters; }

bool IsBox(uint64_t state, uint32_t box, Id id) {
  return BoxOf(state) == box && BoxIdOf(state) == id;
}

}  // namespace

Semaphore::Claim Semaphore::Classify(uint64_t state, Id self, Waiter& waiter) const {
  if (IsBox(state, kBoxGranted, self)) return Claim::kGrantedToMe;
  if (CountOf(state) > 0) return Claim::kFree;
  if (BoxOf(state) != kBoxGranted) return Claim::kHeld;
  const bool expired =
      !segment_.IsAlive(BoxIdOf(state)) || waiter.SawGrantTooLong(state, os::MonotonicNs());
  return expired ? Claim::kGrantExpired : Claim::kHeld;
}

Outcome Semaphore::Attempt(Id self, Waiter& waiter) {
  // SYNC POINT semaphore-state: acquire and acq_rel here pair with the release of Give, of Withdraw
  // and of the fast paths.
  uint64_t state = state_->load(std::memory_order_acquire);
  for (;;) {
    const Claim claim = Classify(state, self, waiter);
    if (claim == Claim::kHeld) return Outcome::kBusy;
    const bool drop_box = claim != Claim::kFree || IsBox(state, kBoxRequested, self);
    uint32_t high = drop_box ? Emptied(High(state)) : High(state);
    const uint32_t count = CountOf(state) - (claim == Claim::kFree ? 1 : 0);
    // Others may sleep as I have. While units are left they must not: one of them might have read
    // WAITERS before the last release dropped it, and would sleep beside a unit.
    const bool others_may_sleep = waiter.has_slept();
    if (others_may_sleep && count == 0) high |= kWaiters;
    if (!state_->compare_exchange_weak(state, Join(count, high), std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      continue;
    }
    // The release that made these units may have woken me only.
    if (count > 0 && others_may_sleep) WakeAndRing(segment_, HighPoint(high), 1, bell_);
    return Outcome::kAcquired;
  }
}

uint32_t Semaphore::Announced(uint64_t state, Id self, const Waiter& waiter, int64_t now_ns) const {
  const uint32_t high = High(state) | kWaiters;
  if (!waiter.IsStarving(now_ns)) return high;
  const bool free_box = BoxOf(state) == 0;
  const bool dead_box =
      BoxOf(state) == kBoxRequested && BoxIdOf(state) != self && !segment_.IsAlive(BoxIdOf(state));
  return free_box || dead_box ? (kWaiters | kBoxRequested | self) : high;
}

os::WaitPoint Semaphore::HighPoint(uint32_t high) const {
  // The high half comes second in memory on the little-endian machines that kArchitecture admits.
  return segment_.PointAt(reinterpret_cast<std::atomic<uint32_t>*>(state_) + 1, high);
}

bool Semaphore::PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) {
  uint64_t state = state_->load(std::memory_order_acquire);
  for (;;) {
    if (Classify(state, self, waiter) != Claim::kHeld) return false;
    const int64_t now_ns = os::MonotonicNs();
    const uint32_t high = Announced(state, self, waiter, now_ns);
    const uint64_t announced = Join(CountOf(state), high);
    if (announced != state &&
        !state_->compare_exchange_weak(state, announced, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      continue;
    }
    plan->Watch(HighPoint(high));
    const bool grant_pending = BoxOf(announced) == kBoxGranted;
    plan->until_ns = now_ns + (grant_pending ? kGrantLifeNs : kSleepBoundNs);
    return true;
  }
}

bool Semaphore::Give(uint64_t* state, uint32_t count) {
  const bool requested = BoxOf(*state) == kBoxRequested;
  const bool grant = requested && segment_.IsAlive(BoxIdOf(*state));
  uint32_t high = High(*state) & ~kWaiters;
  if (requested) high = grant ? (kBoxGranted | BoxIdOf(*state)) : 0;
  const uint32_t units = CountOf(*state) + count - (grant ? 1 : 0);
  if (!state_->compare_exchange_weak(*state, Join(units, high), std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
    return false;
  }
  // A releaser that is killed here has released, and the sleepers' bound does the waking.
  if (grant) {
    Ring(segment_, BoxIdOf(*state), HighPoint(high).key);
    WakeAndRing(segment_, HighPoint(high), os::kWakeAll, bell_);  // the grantee is one of them
  } else if (HasWaiters(*state)) {
    WakeAndRing(segment_, HighPoint(high), static_cast<int>(count), bell_);
  }
  return true;
}

Outcome Semaphore::Release(uint32_t count) {
  uint64_t state = state_->load(std::memory_order_acquire);
  for (;;) {
    // A unit in the box is free as well: nobody has acquired it yet.
    const uint64_t units = uint64_t{CountOf(state)} + (BoxOf(state) == kBoxGranted ? 1 : 0);
    if (units + count > maximum_) return Outcome::kNotHeld;
    if (Give(&state, count)) return Outcome::kReleased;
  }
}

void Semaphore::Notify() {
  uint64_t state = state_->load(std::memory_order_acquire);
  while (HasWaiters(state) && CountOf(state) > 0) {
    const uint64_t quiet = Join(CountOf(state), High(state) & ~kWaiters);
    if (!state_->compare_exchange_weak(state, quiet, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      continue;
    }
    WakeAndRing(segment_, HighPoint(High(quiet)), 1, bell_);
    return;
  }
}

void Semaphore::Withdraw(Id self) {
  uint64_t state = state_->load(std::memory_order_acquire);
  for (;;) {
    const bool granted = IsBox(state, kBoxGranted, self);
    const bool mine = granted || IsBox(state, kBoxRequested, self);
    const uint32_t units = CountOf(state) + (granted ? 1 : 0);
    // WAITERS while nothing is free: a wake that this wait consumed was meant for those who sleep.
    uint32_t high = mine ? Emptied(High(state)) : High(state);
    high = units == 0 ? high | kWaiters : high & ~kWaiters;
    const uint64_t left = Join(units, high);
    if (left != state && !state_->compare_exchange_weak(state, left, std::memory_order_acq_rel,
                                                        std::memory_order_acquire)) {
      continue;
    }
    if (units > 0) WakeAndRing(segment_, HighPoint(high), 1, bell_);
    return;
  }
}

BellPlace Semaphore::bell_place() const { return {&segment_, bell_, HighPoint(0).key}; }

Outcome Semaphore::TryAcquire(Id self) {
  Waiter waiter(os::MonotonicNs());
  return Attempt(self, waiter);
}

Outcome Semaphore::Acquire(Id self, os::Deadline deadline, const StopSign* stop) {
  Waiter waiter(os::MonotonicNs());
  Outcome outcome = Outcome::kBusy;
  const auto done = [&] {
    if (CountOf(state_->load(std::memory_order_relaxed)) == 0) return false;
    outcome = Attempt(self, waiter);
    return outcome == Outcome::kAcquired;
  };
  if (SpinUntil(spin_budget.pauses(), done)) {
    spin_budget.Succeeded();
    return outcome;
  }
  spin_budget.Failed();
  return AcquireBlocking(*this, self, deadline, stop);
}

}  // namespace mp::sync
