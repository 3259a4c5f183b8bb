// The robust semaphore; the tables are in the header.
//
// SYNC POINT robust-units: every access of units and state that has no order beside it is seq_cst,
// as are those of the fast paths (native/wasm/fast-paths.wat).
#include "sync/robust_semaphore.h"

#include "sync/bells.h"
#include "sync/spin.h"

namespace mp::sync {
namespace {

using layout::kIdMask;
using layout::kWaiters;
using layout::kWakesMask;

thread_local SpinBudget spin_budget;

uint32_t Low(uint64_t state) { return static_cast<uint32_t>(state); }
Id RequestOf(uint64_t state) { return static_cast<uint32_t>(state >> 32) & kIdMask; }
uint64_t Join(uint32_t low, Id request) { return uint64_t{request} << 32 | low; }

}  // namespace

RobustSemaphore::Found RobustSemaphore::Look(Id self) const {
  // Each thread starts elsewhere: so they meet less, and watch each other's deaths.
  const uint32_t start = self % unit_count_;
  const auto unit_at = [&](uint32_t i) { return &units_[(start + i) % unit_count_]; };
  for (uint32_t i = 0; i < unit_count_; ++i) {
    if (unit_at(i)->load() == 0) return {unit_at(i), 0, 0};
  }
  Found found;
  for (uint32_t i = 0; i < unit_count_; ++i) {
    const Id owner = unit_at(i)->load();
    if (owner == 0) return {unit_at(i), 0, 0};
    if (owner == self) continue;
    if (!segment_.IsAlive(owner)) return {unit_at(i), owner, 0};
    if (found.holder == 0) found.holder = owner;
  }
  return found;
}

bool RobustSemaphore::IsKept(Id request, Id self, Waiter& waiter) const {
  if (request == 0 || request == self || !segment_.IsAlive(request)) return false;
  return !waiter.SawGrantTooLong(request, os::MonotonicNs());
}

Outcome RobustSemaphore::Attempt(Id self, Waiter& waiter) {
  for (;;) {
    Found found = Look(self);
    if (found.unit == nullptr) return found.holder == 0 ? Outcome::kDeadlock : Outcome::kBusy;
    const Id request = RequestOf(state_->load());
    if (IsKept(request, self, waiter)) return Outcome::kBusy;
    // First the news: whoever is killed right after the next step does not keep it to itself.
    if (found.owner != 0) segment_.SpreadDeathNotice(found.owner);
    if (!found.unit->compare_exchange_strong(found.owner, self)) continue;
    Settle(self, request, waiter);
    return Outcome::kAcquired;
  }
}

void RobustSemaphore::Settle(Id self, Id passed, const Waiter& waiter) {
  uint64_t state = state_->load();
  bool others_may_sleep = false;
  for (;;) {
    const Id request = RequestOf(state);
    const bool is_over = request != 0 && (request == self || request == passed);
    others_may_sleep = is_over || waiter.has_slept();
    if (!others_may_sleep) return;
    const uint64_t next = Join(Low(state) | kWaiters, is_over ? 0 : request);
    if (next == state || state_->compare_exchange_weak(state, next)) break;
  }
  TellNext(self);
}

void RobustSemaphore::TellNext(Id self) {
  if (Look(self).unit != nullptr) {
    Notify(1);
  } else {
    // Who left or acquired may have been the only one that watched a holder's death, and nobody
    // may watch the new holder's: now another does.
    os::Wake(LowPoint(0), 1);
  }
}

uint64_t RobustSemaphore::Announced(uint64_t state, Id self, const Waiter& waiter) const {
  const Id request = RequestOf(state);
  const bool is_open = request == 0 || (request != self && !segment_.IsAlive(request));
  const bool asks = waiter.IsStarving(os::MonotonicNs()) && is_open;
  return Join(Low(state) | kWaiters, asks ? self : request);
}

os::WaitPoint RobustSemaphore::LowPoint(uint64_t state) const {
  // The low half comes first in memory on the little-endian machines that kArchitecture admits.
  return segment_.PointAt(reinterpret_cast<std::atomic<uint32_t>*>(state_), Low(state));
}

bool RobustSemaphore::PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) {
  uint64_t state = state_->load();
  uint64_t announced = Announced(state, self, waiter);
  while (announced != state && !state_->compare_exchange_weak(state, announced)) {
    announced = Announced(state, self, waiter);
  }
  const Found found = Look(self);
  const bool has_unit = found.unit != nullptr;
  if (has_unit && !IsKept(RequestOf(announced), self, waiter)) return false;
  os::WaitPoint death;
  if (found.holder != 0 && !segment_.ArmDeathNotice(found.holder, &death)) return false;
  plan->Watch(LowPoint(announced));
  plan->until_ns = os::MonotonicNs() + (has_unit ? kGrantLifeNs : kSleepBoundNs);
  plan->Watch(death);
  return true;
}

void RobustSemaphore::Notify(uint32_t count) {
  uint64_t state = state_->load();
  while ((Low(state) & kWaiters) != 0) {
    const Id request = RequestOf(state);
    const uint64_t quiet = Join((Low(state) + 1) & kWakesMask, request);
    if (!state_->compare_exchange_weak(state, quiet)) continue;
    // Whoever is killed here leaves the waking to the sleepers' bound.
    if (request != 0) Ring(segment_, request, LowPoint(quiet).key);
    const auto some = static_cast<int>(count);
    WakeAndRing(segment_, LowPoint(quiet), request != 0 ? os::kWakeAll : some, bell_);
    return;
  }
}

Outcome RobustSemaphore::Release(Id self, uint32_t count) {
  if (HeldBy(self) < count) return Outcome::kNotOwner;
  uint32_t left = count;
  for (uint32_t i = 0; left > 0; ++i) {
    std::atomic<uint32_t>& unit = units_[(self + i) % unit_count_];
    if (unit.load(std::memory_order_relaxed) != self) continue;  // written by this thread alone
    unit.store(0);
    --left;
  }
  Notify(count);
  return Outcome::kReleased;
}

void RobustSemaphore::Withdraw(Id self) {
  uint64_t state = state_->load();
  for (;;) {
    const Id request = RequestOf(state) == self ? 0 : RequestOf(state);
    // WAITERS: a wake that this wait consumed was meant for those who still sleep.
    const uint64_t left = Join(Low(state) | kWaiters, request);
    if (left == state || state_->compare_exchange_weak(state, left)) break;
  }
  TellNext(self);
}

BellPlace RobustSemaphore::bell_place() const { return {&segment_, bell_, LowPoint(0).key}; }

Outcome RobustSemaphore::TryAcquire(Id self) {
  Waiter waiter(os::MonotonicNs());
  const Outcome outcome = Attempt(self, waiter);
  return outcome == Outcome::kAcquired ? outcome : Outcome::kBusy;
}

Outcome RobustSemaphore::Acquire(Id self, os::Deadline deadline, const StopSign* stop) {
  Waiter waiter(os::MonotonicNs());
  Outcome outcome = Outcome::kBusy;
  const auto done = [&] {
    outcome = Attempt(self, waiter);
    return outcome != Outcome::kBusy;
  };
  if (SpinUntil(spin_budget.pauses(), done) && outcome == Outcome::kAcquired) {
    spin_budget.Succeeded();
    return outcome;
  }
  spin_budget.Failed();
  return AcquireBlocking(*this, self, deadline, stop);
}

uint32_t RobustSemaphore::Free() const {
  uint32_t free = 0;
  for (uint32_t i = 0; i < unit_count_; ++i) {
    const Id owner = units_[i].load();
    if (owner == 0 || !segment_.IsAlive(owner)) ++free;
  }
  return free;
}

uint32_t RobustSemaphore::HeldBy(Id id) const {
  uint32_t held = 0;
  for (uint32_t i = 0; i < unit_count_; ++i) {
    if (units_[i].load(std::memory_order_relaxed) == id) ++held;
  }
  return held;
}

}  // namespace mp::sync
