// A flag that processes wait for: set wakes all who wait, clear makes later ones wait again.
//
// The state is the low half of one word (layout/sync_object.h): WAITERS, and a sequence to which
// set and clear each add 1; while it is odd the event is set. A wait remembers the sequence with
// which it began ("since") and is over once the sequence is another one, or odd. So the waiters of
// a set are let go by that set, even when a clear comes before they have looked.
//
//   sequence      | a wait since `since` …      | set                      | clear
//   --------------+-----------------------------+--------------------------+------------
//   odd           | is over                     | changes nothing          | adds 1
//   even, = since | waits; announces: WAITERS   | adds 1, drops WAITERS;   | changes
//                 |                             | wakes all if it was set  | nothing
//   even, ≠ since | is over: there was a set    | likewise                 | likewise
//
// Invariant: WAITERS ⇒ even. A sleeper announces by a compare-and-swap from an even sequence, and
// every set drops WAITERS. So clear never has anybody to wake, and set without WAITERS neither:
// both are one compare-and-swap in wasm or JavaScript then (native/wasm/fast-paths.wat).
//
// A setter that is killed after its compare-and-swap has set the event: the sleepers' bound does
// the waking, and what comes after the set, a clear even, does not change what they will see. A
// waiter that is killed or leaves takes nothing from anybody: a set wakes all, so no wake has to
// be passed on.
//
// The sequence comes round after 2^30 sets. A wait that looks only then would sleep on; but every
// sleeper looks after 50 ms at the latest, and so does a loop's hub.
#pragma once

#include "layout/sync_object.h"
#include "sync/segment.h"
#include "sync/waiter.h"

namespace mp::sync {

/// One wait for an event; set and clear need no wait.
class Event final : public Awaitable {
 public:
  /// A wait that begins now.
  Event(const Segment& segment, layout::SyncObject* object)
      : Event(segment, object, LowOf(object)->load(std::memory_order_acquire)) {}
  /// A wait that began when the low half was `since`.
  Event(const Segment& segment, layout::SyncObject* object, uint32_t since)
      : segment_(segment),
        low_(LowOf(object)),
        bell_(&object->bell),
        since_(since & layout::kEventSequence) {}

  /// kAcquired: the wait is over. One who goes on waits for a later set.
  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  void Withdraw(Id /*self*/) override {}
  [[nodiscard]] BellPlace bell_place() const override;

  void Set();
  void Clear();
  /// Spins as long as that has paid off, then sleeps. kBusy when the deadline passed.
  [[nodiscard]] Outcome Wait(Id self, os::Deadline deadline, const StopSign* stop = nullptr);

 private:
  static std::atomic<uint32_t>* LowOf(layout::SyncObject* object) {
    // It comes first in memory on the little-endian machines that kArchitecture admits.
    return reinterpret_cast<std::atomic<uint32_t>*>(&object->state);
  }
  [[nodiscard]] bool IsOver(uint32_t low) const;

  const Segment& segment_;
  std::atomic<uint32_t>* low_;
  std::atomic<uint32_t>* bell_;
  uint32_t since_;
};

}  // namespace mp::sync
