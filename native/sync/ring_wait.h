// The waits for a ring's sides, as sync/waiter.h wants them: for blocking calls and for the hub.
//
//   AN ATTEMPT BY A … | LOCK            | RING                     | OUTCOME
//   ------------------+-----------------+--------------------------+---------------------------
//   putter, getter    | of another      | any                      | kBusy; sleeps for the lock
//   putter            | taken           | no room, items at most   | kBusy, lock released; sleeps
//   getter            | taken           | empty                    | until the mark changes
//   putter            | taken           | room, or never any       | kAcquired: holds the lock
//   getter            | taken           | a record, or shut down   | and looks again which it is
//
// The bell of a side serves both of its waits; its key is that of the side's lock.
#pragma once

#include "sync/ring.h"

namespace mp::sync {

/// What both sides share.
class RingWait : public Awaitable {
 public:
  RingWait(const MessageRing& ring, const RingSide& side, const Segment& segment);

  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  void Withdraw(Id self) override;
  [[nodiscard]] BellPlace bell_place() const override;

  /// Of the last attempt that acquired.
  [[nodiscard]] RingResult result() const { return result_; }
  /// Whether the lock is free and an attempt may succeed: cheap, for spinning.
  [[nodiscard]] bool IsReady() const;
  /// Whether an attempt with the lock may succeed.
  [[nodiscard]] virtual bool IsWorthATry() const = 0;

 protected:
  /// With the lock: whether the wait is over.
  [[nodiscard]] virtual RingResult Look(Id self) = 0;
  /// With the lock of somebody who died.
  virtual void Mend(Id self) = 0;
  /// After a success, or for one that gives up: whether another sleeper might have one too.
  [[nodiscard]] virtual bool IsMoreLeft() const = 0;

  MessageRing ring_;

 private:
  RingSide side_;
  const Segment& segment_;
  Lock lock_;
  /// For the lock alone: who has slept until a record came has overtaken nobody there.
  Waiter lock_waiter_;
  bool slept_for_lock_ = false;
  RingResult result_ = RingResult::kBusy;
};

class PutWait final : public RingWait {
 public:
  PutWait(const MessageRing& ring, const Segment& segment, uint32_t bytes,
          Growth growth = Growth::kAtOnce)
      : RingWait(ring, ring.put_side(), segment), bytes_(bytes), growth_(growth) {}
  [[nodiscard]] bool IsWorthATry() const override { return ring_.MayHaveRoom(bytes_, growth_); }

 protected:
  [[nodiscard]] RingResult Look(Id self) override {
    return ring_.PrepareRoom(self, bytes_, growth_);
  }
  void Mend(Id self) override { ring_.MendPut(self); }
  [[nodiscard]] bool IsMoreLeft() const override;

 private:
  uint32_t bytes_;
  Growth growth_;
};

class GetWait final : public RingWait {
 public:
  GetWait(const MessageRing& ring, const Segment& segment, bool discarded)
      : RingWait(ring, ring.get_side(), segment), discarded_(discarded) {}
  [[nodiscard]] bool IsWorthATry() const override { return ring_.MayHaveRecord(discarded_); }

 protected:
  [[nodiscard]] RingResult Look(Id self) override { return ring_.PrepareRecord(self, discarded_); }
  void Mend(Id self) override { ring_.MendGet(self); }
  [[nodiscard]] bool IsMoreLeft() const override;

 private:
  bool discarded_;
};

/// Until everything that was put is done.
class JoinWait final : public Awaitable {
 public:
  JoinWait(const MessageRing& ring, const Segment& segment) : ring_(ring), segment_(segment) {}

  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  /// All joiners are woken at once, so there is nothing to pass on.
  void Withdraw(Id /*self*/) override {}
  [[nodiscard]] BellPlace bell_place() const override;

 private:
  MessageRing ring_;
  const Segment& segment_;
};

}  // namespace mp::sync
