// A meeting point of a fixed number of parties: each waits until all have come. It can be used
// again and again, and a party that gives up, fails or dies breaks it for the others.
//
// State and arrivals are in layout/barrier.h. A wait is two steps, each finished by whoever comes
// next if its party is killed in between, and then a look until the round is over:
//
//   1. arrivals[arrived]: whatever an earlier round left → this round, own id
//   2. state: arrived + 1; the last one completes the round, or makes it FULL if there is an action
//
// Step 1 replaces what it read from the place before it has seen the state once more: so it never
// overwrites an arrival of a round that has begun meanwhile. It may still come too late for its own
// round, if that was reset; then it counts for nothing, and the wait as one that was reset.
//
// The place in arrivals is the index that wait() gives. Nobody is counted before step 1 is done,
// so everybody who counts is known by name, and can be found dead.
//
//   state of the round   | arrive                   | look, by one who has arrived
//   ---------------------+--------------------------+------------------------------------------
//   the wait's own       | steps 1 and 2            | waits
//   … FULL               | waits outside            | takes ACTING if it has the action: runs it
//   … FULL, ACTING       | waits outside            | waits
//   … BROKEN             | kBroken                  | kBroken
//   a later one          | –                        | kBroken if its own was reset, else kPassed
//
//   by whom                               | the word becomes                          | wakes
//   --------------------------------------+-------------------------------------------+---------
//   the last to arrive, without action    | round + 1, arrived 0                      | all
//   the last to arrive, with action       | FULL                                      | all
//   complete: who runs the action         | round + 1, arrived 0                      | all
//   break: timeout, abort, failed action, | BROKEN, if it is that round still         | all
//     a dead party found, abort()         |                                           |
//   reset, if anybody has come            | first BROKEN, then round + 1, arrived 0,  | all
//     or it is BROKEN                     | resets + 1                                |
//
// How a late waiter knows what became of its round: completing one writes nothing beside the state,
// as that is what happens a million times. A reset notes the round that it ends, under the number
// that it will have, before it ends it. The first reset after a wait began either ended the wait's
// round, or a later one: then the wait's was completed. Notes are kept of 16 resets; who comes
// later than that is told kBroken.
//
// Deaths: sleepers look at who has arrived whenever they wake, and so at the bound of their sleep
// (50 ms) at the latest; one who has slept once watches the death of the one who came before it.
//
// A wake is for all, so no wait takes anything from another, and Withdraw has nothing to pass on.
#pragma once

#include "layout/barrier.h"
#include "sync/segment.h"
#include "sync/waiter.h"

namespace mp::sync {

enum class BarrierResult : uint32_t {
  kWaiting = 0,
  kPassed = 1,
  kBroken = 2,
  kAct = 3,      // this party is to run the action, then Complete or Break
  kNoActor = 4,  // nobody of the round has the action: broken
};

/// Where one wait is.
struct BarrierTurn {
  uint32_t round = 0;
  uint32_t index = 0;
  uint32_t resets = 0;
  bool can_act = false;
  bool is_inside = false;
};

/// One wait, and what needs none.
class Barrier final : public Awaitable {
 public:
  Barrier(const Segment& segment, layout::SyncObject* object, BarrierTurn turn = {})
      : segment_(segment), barrier_(reinterpret_cast<layout::Barrier*>(object)), turn_(turn) {}

  /// Steps 1 and 2, if there is room, and a look. With kWaiting and not inside: arrive again once
  /// Attempt succeeds.
  [[nodiscard]] BarrierResult Arrive(Id self);
  /// What has become of the wait. kAct is given once only.
  [[nodiscard]] BarrierResult Look();
  [[nodiscard]] const BarrierTurn& turn() const { return turn_; }
  /// All of it, blocking. Breaks the barrier when the deadline passes.
  [[nodiscard]] BarrierResult Wait(Id self, os::Deadline deadline, const StopSign* stop = nullptr);

  /// kAcquired: it is worth a look, or another try to arrive.
  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  void Withdraw(Id /*self*/) override {}
  [[nodiscard]] BellPlace bell_place() const override;

  /// After the action of that round: kPassed, or kBroken if it was broken meanwhile.
  [[nodiscard]] BarrierResult Complete(uint32_t round);
  /// False when the round is over already, or broken.
  bool Break(uint32_t round);
  void Abort();
  void Reset();

 private:
  [[nodiscard]] std::atomic<uint64_t>& state() const { return barrier_->object.state; }
  [[nodiscard]] uint32_t parties() const { return barrier_->object.maximum; }
  [[nodiscard]] bool HasAction() const {
    return (barrier_->object.flags & layout::kHasAction) != 0;
  }
  [[nodiscard]] bool Change(uint64_t* seen, uint64_t next);
  enum class Claim { kMine, kAnothers, kTooLate };
  [[nodiscard]] Claim TryClaim(uint64_t seen, Id self);
  void CountIn(uint64_t* seen);
  [[nodiscard]] bool IsWorthALook(uint64_t seen) const;
  [[nodiscard]] BarrierResult OutcomeOfOver(uint64_t seen) const;
  [[nodiscard]] bool SomebodyCanAct() const;
  [[nodiscard]] bool HasDeadParty(uint64_t seen) const;
  [[nodiscard]] bool WatchOneBefore(SleepPlan* plan) const;
  [[nodiscard]] os::WaitPoint LowPoint(uint64_t seen) const;
  void WakeAll(uint64_t before, uint64_t now);
  void BreakAnyhow();

  const Segment& segment_;
  layout::Barrier* barrier_;
  BarrierTurn turn_;
};

}  // namespace mp::sync
