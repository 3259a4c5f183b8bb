// A semaphore whose units come back when their holders die.
//
// There is no count that a kill could falsify: each unit is a word of its own, and who holds it is
// what the word says (layout/robust_semaphore.h). So the step that takes a unit is the step that
// says whose it is, and the step that gives it back the one that says nobody's:
//
//   unit            | who changes it      | to   | step
//   ----------------+---------------------+------+--------------------------------------------
//   0               | anybody             | self | compare-and-swap: acquired
//   a dead id       | anybody             | self | compare-and-swap: acquired; what died comes back
//   a living id     | its thread alone    | 0    | store: released
//
// Killed before such a step a thread has not acquired (released), after it it has: nothing is in
// between. Only its own thread can release a unit, so a thread counts its units by looking at them,
// and there can never be more than there were at the start.
//
// Sleeping needs a word that all units share, the state. Who sleeps writes it first and looks at
// the units then; who releases writes the unit first and looks at the state then (SYNC POINT
// robust-units: seq_cst, all four), so one of them sees the other:
//
//   WAITER                               | RELEASER
//   -------------------------------------+--------------------------------------------
//   1. state: WAITERS (and its request)  | a. its unit: 0
//   2. a unit free, or a dead one's?     | b. WAITERS? then state: no WAITERS, wakes + 1,
//      then it tries again               |    and wakes one, or all if there is a request
//   3. else sleeps on the low half       |
//
// The releaser's b changes the low half, so one who is between 2 and 3 does not fall asleep.
//
// Starving: who has waited for 1 ms leaves its id as the request. While a living one's request
// stands, others leave free units alone; so it gets the next. It goes with its waiter's acquiring
// or leaving, and whoever has seen a free unit beside the same request for kGrantLife ignores and
// removes it, as do all if its waiter is dead.
//
// Whoever acquires after it slept, or removes a request, sets WAITERS and wakes one more: others
// may sleep as it did, beside a unit that is left, or watching a former holder. A killed one does
// not; the bound of their sleep does it.
//
// Deaths: a sleeper watches the death of one holder, each thread of another one if it can; it is
// told within 2 ms. The death of a holder that nobody watches is found at the bound, 50 ms.
#pragma once

#include "layout/robust_semaphore.h"
#include "sync/segment.h"
#include "sync/waiter.h"

namespace mp::sync {

class RobustSemaphore final : public Awaitable {
 public:
  RobustSemaphore(const Segment& segment, layout::SyncObject* object)
      : segment_(segment),
        state_(&object->state),
        bell_(&object->bell),
        units_(layout::UnitsOf(object)),
        unit_count_(object->maximum) {}

  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  void Withdraw(Id self) override;
  [[nodiscard]] BellPlace bell_place() const override;

  /// Attempt without a wait's memory.
  [[nodiscard]] Outcome TryAcquire(Id self);
  /// kBusy when the deadline passed; kDeadlock when `self` holds all units and would wait for ever.
  [[nodiscard]] Outcome Acquire(Id self, os::Deadline deadline, const StopSign* stop = nullptr);
  /// Gives `count` ≥ 1 units of `self` back, all or (kNotOwner) none.
  Outcome Release(Id self, uint32_t count);
  /// After units were given back: tells `count` of those who sleep.
  void Notify(uint32_t count);

  /// How many units are free, counting those of the dead.
  [[nodiscard]] uint32_t Free() const;
  [[nodiscard]] uint32_t HeldBy(Id id) const;

 private:
  /// What a look at all units found: one that can be had, or else a living holder.
  struct Found {
    std::atomic<uint32_t>* unit = nullptr;
    Id owner = 0;   // of that unit: 0 or dead
    Id holder = 0;  // of another unit, alive and not the one who looks
  };

  [[nodiscard]] Found Look(Id self) const;
  [[nodiscard]] bool IsKept(Id request, Id self, Waiter& waiter) const;
  [[nodiscard]] uint64_t Announced(uint64_t state, Id self, const Waiter& waiter) const;
  [[nodiscard]] os::WaitPoint LowPoint(uint64_t state) const;
  void Settle(Id self, Id passed, const Waiter& waiter);
  void TellNext(Id self);

  const Segment& segment_;
  std::atomic<uint64_t>* state_;
  std::atomic<uint32_t>* bell_;
  std::atomic<uint32_t>* units_;
  uint32_t unit_count_;
};

}  // namespace mp::sync
