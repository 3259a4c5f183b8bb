// A mutual-exclusion lock between processes that survives its owner's death and hands itself over
// to waiters that starve. RLock is the same word with a depth beside it.
//
// The state is one 64-bit word (layout/sync_object.h): owner and flags in the low half, on which
// sleepers sleep, and the id of a starving waiter ("request") in the high half. Uncontended acquire
// and release are one compare-and-swap of the low half, 0 ↔ owner, in wasm or JavaScript
// (native/wasm/fast-paths.wat); all else is here, by compare-and-swap of the whole word.
//
//   owner | PENDING | owner lives | an attempt by `self` …
//   ------+---------+-------------+-----------------------------------------------------------
//     0   |    –    |      –      | takes it
//    self |   no    |      –      | would wait for itself: kDeadlock
//    self |   yes   |      –      | accepts the grant
//   other |   no    |     yes     | fails
//   other |   no    |     no      | takes it, ABANDONED (robust locks; otherwise fails)
//   other |   yes   |     yes     | fails; takes it when this grant was seen for kGrantLife
//   other |   yes   |     no      | takes it (the grantee never held it: not abandoned)
//
//   release when …                  | the word becomes                         | wakes
//   --------------------------------+------------------------------------------+---------
//   owner 0, or PENDING             | unchanged: kNotHeld                      |
//   request 0, or of the dead       | 0                                        | 1 if WAITERS
//   request of a living waiter      | owner = request, PENDING, WAITERS        | all
//
// Invariant: request ≠ 0 ⇒ WAITERS and owner ≠ 0. A request is only ever written together with
// WAITERS, by a compare-and-swap that saw an owner; so the fast release (which expects the bare
// owner) fails while a request stands, and the slow release consumes it.
//
// Whoever acquires after it slept wakes one more sleeper, which finds the lock held and sleeps
// again: but now it watches the new owner's death. So does whoever leaves its wait for a lock that
// is held. So somebody always watches, and the death of any owner is noticed at once; without this,
// only at the bound of the sleeps.
//
// WAITERS is dropped by release and set again by every waiter that acquires after it slept, for
// others may sleep still (Drepper, "Futexes are tricky", mutex 2).
#pragma once

#include "layout/sync_object.h"
#include "sync/segment.h"
#include "sync/waiter.h"

namespace mp::sync {

class Lock final : public Awaitable {
 public:
  /// A bare state word: robust, and nobody awaits it.
  Lock(const Segment& segment, std::atomic<uint64_t>* state) : Lock(segment, state, nullptr) {}
  /// A robust lock that is part of an object with a bell of its own.
  Lock(const Segment& segment, std::atomic<uint64_t>* state, std::atomic<uint32_t>* bell)
      : segment_(segment), state_(state), bell_(bell), robust_(true) {}
  Lock(const Segment& segment, layout::SyncObject* object)
      : segment_(segment),
        state_(&object->state),
        bell_(&object->bell),
        robust_((object->flags & layout::kRobust) != 0) {}

  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  void Withdraw(Id self) override;
  [[nodiscard]] BellPlace bell_place() const override;

  /// Attempt without a wait's memory.
  [[nodiscard]] Outcome TryAcquire(Id self);
  /// Spins a little, then sleeps. kBusy when the deadline passed.
  [[nodiscard]] Outcome Acquire(Id self, os::Deadline deadline, const StopSign* stop = nullptr);
  /// By anybody: a lock may be released by a thread that does not own it.
  Outcome Release();

  [[nodiscard]] bool IsOwnedBy(Id self) const;
  [[nodiscard]] bool IsAbandoned() const;

 private:
  enum class Claim { kFree, kGrantedToMe, kOwnerDead, kGrantExpired, kMine, kHeld };

  [[nodiscard]] Claim Classify(uint64_t state, Id self, Waiter& waiter) const;
  [[nodiscard]] uint64_t Taken(uint64_t state, Id self, Claim claim, const Waiter& waiter) const;
  [[nodiscard]] bool ShouldRequest(uint64_t state, Id self, const Waiter& waiter,
                                   int64_t now_ns) const;
  [[nodiscard]] os::WaitPoint LowPoint(uint64_t state) const;
  [[nodiscard]] bool Spin(Id self);
  /// One step of release from `state`; false when the word has changed meanwhile.
  bool HandOver(uint64_t* state);

  const Segment& segment_;
  std::atomic<uint64_t>* state_;
  std::atomic<uint32_t>* bell_;
  bool robust_;
};

/// The lock that its owner may acquire again. Depth is written by the owner only, while it owns.
///
/// Owners are of two kinds. The blocking forms belong to the thread, whose depth counts them. The
/// awaited forms belong to parts of a thread's program that exclude each other; which of them holds
/// the lock, and how often, is known to that thread (ts/sync/rlock-owners.ts). Here they are one
/// owner with the depth AWAITED: so the thread's blocking forms cannot enter what one of them has.
///
///   owner  | depth   | blocking acquire by `self` | awaited attempt by `self` | blocking release
///   -------+---------+----------------------------+---------------------------+------------------
///   0      | any     | takes it, depth 1          | takes it, AWAITED         | kNotOwner
///   self   | n       | depth n + 1                | kDeadlock: sleeps         | depth n - 1
///   self   | AWAITED | kDeadlock                  | kDeadlock: sleeps         | kNotOwner
///   other  | any     | sleeps, as for a Lock      | sleeps                    | kNotOwner
///
/// What lies in depth while nobody owns the lock, or its owner has died, means nothing: whoever
/// takes the word sets the depth before it does anything else.
class RLock final : public Awaitable {
 public:
  RLock(const Segment& segment, layout::SyncObject* object)
      : lock_(segment, object), depth_(&object->depth) {}

  /// For an awaited owner.
  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override {
    return lock_.PrepareSleep(self, waiter, plan);
  }
  void Withdraw(Id self) override { lock_.Withdraw(self); }
  [[nodiscard]] BellPlace bell_place() const override { return lock_.bell_place(); }
  /// Gives up what an awaited owner holds, whatever its own count of it.
  Outcome ReleaseAwaited(Id self);

  [[nodiscard]] Outcome TryAcquire(Id self);
  [[nodiscard]] Outcome Acquire(Id self, os::Deadline deadline, const StopSign* stop = nullptr);
  Outcome Release(Id self);

  /// For whoever must let others have the lock and then go on as before (a condition's wait): gives
  /// up all of the thread's acquisitions and says how many they were; 0: none.
  [[nodiscard]] uint32_t ReleaseAll(Id self);
  /// Acquires the lock as often as that, blocking.
  [[nodiscard]] Outcome AcquireAll(Id self, uint32_t depth, const StopSign* stop = nullptr);
  /// Makes what an attempt has just acquired the thread's own, that often.
  Outcome TakeOver(Id self, uint32_t depth);

 private:
  [[nodiscard]] bool Enter(Id self);
  [[nodiscard]] Outcome First(Outcome outcome, uint32_t depth);
  [[nodiscard]] bool IsAwaited() const;

  Lock lock_;
  std::atomic<uint32_t>* depth_;
};

}  // namespace mp::sync
