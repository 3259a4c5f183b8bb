// The event's slow paths; the table is in the header.
#include "sync/event.h"

#include "sync/bells.h"
#include "sync/spin.h"

namespace mp::sync {
namespace {

using layout::kEventSequence;
using layout::kEventSet;
using layout::kWaiters;

thread_local SpinBudget spin_budget;

bool IsSet(uint32_t low) { return (low & kEventSet) != 0; }

uint32_t Next(uint32_t low) { return (low + 1) & kEventSequence; }

}  // namespace

bool Event::IsOver(uint32_t low) const { return IsSet(low) || (low & kEventSequence) != since_; }

Outcome Event::Attempt(Id /*self*/, Waiter& /*waiter*/) {
  // SYNC POINT event-state: acquire, pairs with the release of Set and of the fast paths: whoever
  // sees the set sees what was written before it.
  const uint32_t low = low_->load(std::memory_order_acquire);
  if (!IsOver(low)) return Outcome::kBusy;
  since_ = low & kEventSequence;
  return Outcome::kAcquired;
}

bool Event::PrepareSleep(Id /*self*/, Waiter& /*waiter*/, SleepPlan* plan) {
  uint32_t low = low_->load(std::memory_order_acquire);
  for (;;) {
    if (IsOver(low)) return false;
    const uint32_t announced = low | kWaiters;
    if (announced != low && !low_->compare_exchange_weak(low, announced, std::memory_order_acq_rel,
                                                         std::memory_order_acquire)) {
      continue;
    }
    plan->Watch(segment_.PointAt(low_, announced));
    plan->until_ns = os::MonotonicNs() + kSleepBoundNs;
    return true;
  }
}

void Event::Set() {
  uint32_t low = low_->load(std::memory_order_relaxed);
  for (;;) {
    // SYNC POINT event-state: release, also of a set that finds it set: who sees the flag that it
    // left in place is to see what this setter wrote.
    const uint32_t next = IsSet(low) ? low : Next(low);
    if (!low_->compare_exchange_weak(low, next, std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
      continue;
    }
    // A setter that is killed here has set, and the sleepers' bound does the waking.
    if ((low & kWaiters) != 0) {
      WakeAndRing(segment_, segment_.PointAt(low_, next), os::kWakeAll, bell_);
    }
    return;
  }
}

void Event::Clear() {
  uint32_t low = low_->load(std::memory_order_relaxed);
  while (IsSet(low)) {
    if (low_->compare_exchange_weak(low, Next(low), std::memory_order_acq_rel,
                                    std::memory_order_relaxed)) {
      return;
    }
  }
}

BellPlace Event::bell_place() const { return {&segment_, bell_, segment_.PointAt(low_, 0).key}; }

Outcome Event::Wait(Id self, os::Deadline deadline, const StopSign* stop) {
  const auto done = [&] { return IsOver(low_->load(std::memory_order_acquire)); };
  if (SpinUntil(spin_budget.pauses(), done)) {
    spin_budget.Succeeded();
    return Outcome::kAcquired;
  }
  spin_budget.Failed();
  return AcquireBlocking(*this, self, deadline, stop);
}

}  // namespace mp::sync
