// A counting semaphore between processes that hands units over to waiters that starve.
//
// The state is one 64-bit word (layout/sync_object.h): the count in the low half; WAITERS and the
// box in the high half, on which sleepers sleep. The box carries one unit past all who barge in.
//
//   box            | count | an attempt by `self` …
//   ---------------+-------+---------------------------------------------------------------
//   GRANTED self   |  any  | empties the box: acquired
//   any            |  > 0  | takes one of the count; its own REQUEST goes
//   GRANTED other  |   0   | fails; empties the box when `other` is dead or has not taken the
//                  |       | unit for kGrantLife
//   else           |   0   | fails
//
//   release(n)                       | the word becomes                         | wakes
//   ---------------------------------+------------------------------------------+-------------
//   count + unit in the box + n      | unchanged: kNotHeld                      |
//     > maximum                      |                                          |
//   box REQUESTED by a living waiter | GRANTED, count + n - 1, no WAITERS       | all
//   otherwise                        | count + n, dead request dropped,         | n if WAITERS
//                                    | no WAITERS                               |
//
// Whoever acquires after it slept wakes one more sleeper while units are left (wakes are chained),
// and sets WAITERS when none is. So WAITERS ⇒ count = 0, but for the moment between the plain back
// end's change of the count and its Notify.
//
// Why sleepers sleep on the high half: everything that can end a wait while the count is 0 changes
// it (WAITERS dropped, box granted), and a release that finds it 0 needs to wake nobody.
//
// A unit that a killed process had acquired is lost, as in CPython. A killed waiter, grantee or
// releaser loses nothing: each step is one compare-and-swap.
#pragma once

#include "layout/sync_object.h"
#include "sync/segment.h"
#include "sync/waiter.h"

namespace mp::sync {

class Semaphore final : public Awaitable {
 public:
  Semaphore(const Segment& segment, layout::SyncObject* object)
      : segment_(segment),
        state_(&object->state),
        bell_(&object->bell),
        maximum_(object->maximum) {}

  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  void Withdraw(Id self) override;
  [[nodiscard]] BellPlace bell_place() const override;

  /// Attempt without a wait's memory.
  [[nodiscard]] Outcome TryAcquire(Id self);
  /// Spins as long as that has paid off, then sleeps. kBusy when the deadline passed.
  [[nodiscard]] Outcome Acquire(Id self, os::Deadline deadline, const StopSign* stop = nullptr);
  /// Gives `count` ≥ 1 units back, all or (kNotHeld) none.
  Outcome Release(uint32_t count);
  /// After a release that raised the count without looking at the high half (plain back end).
  void Notify();

 private:
  enum class Claim { kGrantedToMe, kFree, kGrantExpired, kHeld };

  [[nodiscard]] Claim Classify(uint64_t state, Id self, Waiter& waiter) const;
  [[nodiscard]] uint32_t Announced(uint64_t state, Id self, const Waiter& waiter,
                                   int64_t now_ns) const;
  [[nodiscard]] os::WaitPoint HighPoint(uint32_t high) const;
  bool Give(uint64_t* state, uint32_t count);

  const Segment& segment_;
  std::atomic<uint64_t>* state_;
  std::atomic<uint32_t>* bell_;
  uint32_t maximum_;
};

}  // namespace mp::sync
