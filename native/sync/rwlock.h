// A lock for many readers or one writer, which takes back what dead ones held.
//
// Writers hold a Lock (sync/lock.h), with all that it can: survive its owner, hand itself over,
// sleep and be rung. Readers hold it never, or for a moment. Each thread that reads has a cell of
// its own, in which it counts its holds: so the uncontended pair is one atomic add of a word that
// no other thread writes, and one subtraction, and the dead are known by name.
//
//   READER                               | WRITER
//   -------------------------------------+-------------------------------------------
//   1. cell + 1                          | a. lock: free → own ("reserved")
//   2. lock free? then it reads          | b. all cells 0? then it is inside: writer = id
//   3. else cell - 1, drain + 1, wake;   | c. else sleeps on drain, and on the death of who
//      waits as one who wants the lock   |    reads; looks at the cells again
//
// Both write first and look then, in one order for all (SYNC POINT rwlock: seq_cst), so one of
// them sees the other. A thread whose cell is not 0 is a reader whatever the lock says: no writer
// can be inside. By that a thread's blocking forms may nest; the awaited ones ask for a free lock,
// or one thread's overlapping reads could keep writers out for ever.
//
//   lock's owner  | a reader …                                | a writer …
//   --------------+-------------------------------------------+------------------------------------
//   nobody        | reads                                     | reserves it
//   lives         | waits; after 1 ms it requests the lock    | waits; likewise
//   granted it me | takes it, counts itself, releases it      | has reserved it
//   is dead       | takes it, torn = 1, counts, releases it   | has reserved it, ABANDONED
//
// Who goes first: a writer that has reserved the lock keeps new readers out, so readers cannot
// starve it. A reader that has waited for 1 ms requests the lock, as starving waiters of a Lock do,
// and gets in after the writer that is inside; with it come all who wait to read.
//
// A writer that ends inside leaves the lock ABANDONED to a writer, and `torn` behind a reader: what
// it protects is half-changed until another writer has been inside. (One that ends with the lock
// reserved, or a reader in the moment in which it has taken it, is told in the same way: nobody can
// know that it had not begun.)
#pragma once

#include "layout/rwlock.h"
#include "sync/lock.h"

namespace mp::sync {

/// What readers and writers share.
class RWLockBody {
 public:
  RWLockBody(const Segment& segment, layout::SyncObject* object)
      : segment_(segment),
        body_(reinterpret_cast<layout::RWLock*>(object)),
        lock_(segment, object) {}

  /// The cell of `self`, claimed if it had none; null when all are in use by living threads.
  [[nodiscard]] std::atomic<uint64_t>* CellOf(Id self);
  /// How many holds readers have, in all.
  [[nodiscard]] uint32_t Readers() const;
  [[nodiscard]] bool IsAbandoned() const;
  /// After a reader has gone: tells a writer that waits for readers.
  void Nudge();

 protected:
  [[nodiscard]] std::atomic<uint64_t>& state() const { return body_->object.state; }
  [[nodiscard]] os::WaitPoint LowPoint(uint32_t low) const;
  [[nodiscard]] os::WaitPoint DrainPoint(uint32_t seen) const {
    return segment_.PointAt(&body_->drain, seen);
  }
  /// Lets go of the lock; what an abandoned one protects stays torn.
  void GiveBack();

  const Segment& segment_;
  layout::RWLock* body_;
  Lock lock_;
};

/// One thread's reading.
class ReadLock final : public RWLockBody, public Awaitable {
 public:
  /// `cell` is CellOf(self) of the thread that waits.
  ReadLock(const Segment& segment, layout::SyncObject* object, std::atomic<uint64_t>* cell)
      : RWLockBody(segment, object), cell_(cell) {}

  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override {
    return lock_.PrepareSleep(self, waiter, plan);
  }
  void Withdraw(Id self) override { lock_.Withdraw(self); }
  [[nodiscard]] BellPlace bell_place() const override { return lock_.bell_place(); }

  /// Without a wait's memory; nests.
  [[nodiscard]] Outcome TryAcquire(Id self);
  [[nodiscard]] Outcome Acquire(Id self, os::Deadline deadline, const StopSign* stop = nullptr);
  Outcome Release();

 private:
  [[nodiscard]] bool Nest();
  [[nodiscard]] bool CountIfFree();

  std::atomic<uint64_t>* cell_;
};

/// One wait to write, or the writer that is inside.
class WriteLock final : public RWLockBody, public Awaitable {
 public:
  /// `is_reserved`: the fast path has reserved it and found readers.
  WriteLock(const Segment& segment, layout::SyncObject* object, bool is_reserved = false)
      : RWLockBody(segment, object), is_reserved_(is_reserved) {}

  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  void Withdraw(Id self) override;
  [[nodiscard]] BellPlace bell_place() const override;

  [[nodiscard]] Outcome TryAcquire(Id self);
  [[nodiscard]] Outcome Acquire(Id self, os::Deadline deadline, const StopSign* stop = nullptr);
  Outcome Release(Id self);

 private:
  /// kAcquired when nobody reads; kDeadlock when the thread does itself.
  [[nodiscard]] Outcome Drain(Id self, Id* reader);

  bool is_reserved_;
};

}  // namespace mp::sync
