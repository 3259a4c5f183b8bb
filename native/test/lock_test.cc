// sync/lock.h: every row of its two tables, and of leaving a wait. Blocking is in
// lock_blocking_test.cc.
#include "sync/lock.h"

#include <doctest/doctest.h>

#include <initializer_list>

#include "support/lock_world.h"
#include "support/watchdog.h"

namespace {

using mp::layout::kAbandoned;
using mp::layout::kPending;
using mp::layout::kWaiters;
using mp::sync::Outcome;
using mp::test::LockWord;
using mp::test::LockWorld;
using mp::test::NonRobustLockWorld;

bool AcquiresInTheEnd(LockWorld& world) {
  return mp::test::Eventually([&] { return world.Attempt() == Outcome::kAcquired; });
}

TEST_SUITE("an attempt") {
  TEST_CASE_FIXTURE(LockWorld, "takes a free lock") {
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id()));
    CHECK(lock.IsOwnedBy(self.id()));
    CHECK_FALSE(lock.IsAbandoned());
  }

  TEST_CASE_FIXTURE(LockWorld, "that takes it after a sleep tells the next release of sleepers") {
    waiter.MarkSlept();
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kWaiters));
  }

  TEST_CASE_FIXTURE(LockWorld, "on one's own lock would wait for itself") {
    for (const uint32_t flags : {0U, kWaiters, kAbandoned}) {
      Set(self.id() | flags);
      CHECK(Attempt() == Outcome::kDeadlock);
      CHECK(lock.TryAcquire(self.id()) == Outcome::kBusy);
      CHECK(word() == LockWord(self.id() | flags));
    }
  }

  TEST_CASE_FIXTURE(LockWorld, "accepts a grant, and keeps sleepers and the next request") {
    Set(self.id() | kPending | kWaiters, third.id());
    CHECK_FALSE(lock.IsOwnedBy(self.id()));
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kWaiters, third.id()));
  }

  TEST_CASE_FIXTURE(LockWorld, "fails on a lock that a living thread holds, and changes nothing") {
    for (const uint32_t flags : {0U, kWaiters, kAbandoned, kAbandoned | kWaiters}) {
      Set(other.id() | flags);
      CHECK(Attempt() == Outcome::kBusy);
      CHECK(lock.TryAcquire(self.id()) == Outcome::kBusy);
      CHECK(word() == LockWord(other.id() | flags));
    }
    Set(other.id() | kWaiters, self.id());
    CHECK(Attempt() == Outcome::kBusy);
    CHECK(word() == LockWord(other.id() | kWaiters, self.id()));
  }

  TEST_CASE_FIXTURE(LockWorld, "takes a dead owner's lock as abandoned") {
    Set(dead);
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kAbandoned));
    CHECK(lock.IsAbandoned());
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK_FALSE(lock.IsAbandoned());
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(LockWorld, "on a dead owner's lock keeps sleepers and others' requests") {
    Set(dead | kWaiters, third.id());
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kAbandoned | kWaiters, third.id()));
    Set(dead | kWaiters, self.id());  // its own request is fulfilled
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kAbandoned | kWaiters));
  }

  TEST_CASE_FIXTURE(LockWorld, "is abandoned again when the one who cleaned up dies too") {
    Set(other.id() | kAbandoned);
    other.End();
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kAbandoned));
  }

  TEST_CASE_FIXTURE(NonRobustLockWorld, "leaves a dead owner's lock alone if it is not robust") {
    Set(dead);
    CHECK(Attempt() == Outcome::kBusy);
    CHECK(word() == LockWord(dead));
    CHECK(lock.Release() == Outcome::kReleased);  // by anybody
    CHECK(Attempt() == Outcome::kAcquired);
  }

  TEST_CASE_FIXTURE(LockWorld, "takes a grant to a dead waiter, which never held the lock") {
    Set(dead | kPending | kWaiters);
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kWaiters));
    CHECK_FALSE(lock.IsAbandoned());
  }

  TEST_CASE_FIXTURE(NonRobustLockWorld,
                    "takes a grant to a dead waiter of a lock that is not robust") {
    Set(dead | kPending | kWaiters, third.id());
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kWaiters, third.id()));
  }

  TEST_CASE_FIXTURE(LockWorld, "takes a grant that was not accepted for 2 ms, not before") {
    Set(other.id() | kPending | kWaiters, third.id());
    const int64_t start_ns = mp::os::MonotonicNs();
    CHECK(Attempt() == Outcome::kBusy);
    CHECK(AcquiresInTheEnd(*this));
    CHECK(mp::os::MonotonicNs() - start_ns >= mp::sync::kGrantLifeNs);
    CHECK(word() == LockWord(self.id() | kWaiters, third.id()));
    CHECK_FALSE(lock.IsAbandoned());
  }

  TEST_CASE_FIXTURE(LockWorld, "starts to count anew when the grant has changed") {
    const int64_t start_ns = mp::os::MonotonicNs();
    Set(other.id() | kPending | kWaiters);
    CHECK(Attempt() == Outcome::kBusy);
    while (mp::os::MonotonicNs() < start_ns + 2 * mp::sync::kGrantLifeNs) continue;
    Set(third.id() | kPending | kWaiters);
    CHECK(Attempt() == Outcome::kBusy);
    CHECK(AcquiresInTheEnd(*this));
  }

  TEST_CASE_FIXTURE(LockWorld, "drops one's own request when it barges in") {
    Set(other.id() | kPending | kWaiters, self.id());
    other.End();
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == LockWord(self.id() | kWaiters));
  }
}

TEST_SUITE("a release") {
  TEST_CASE_FIXTURE(LockWorld, "of a free lock or of a grant is refused") {
    CHECK(lock.Release() == Outcome::kNotHeld);
    CHECK(word() == 0);
    Set(other.id() | kPending | kWaiters, third.id());
    CHECK(lock.Release() == Outcome::kNotHeld);
    CHECK(word() == LockWord(other.id() | kPending | kWaiters, third.id()));
  }

  TEST_CASE_FIXTURE(LockWorld, "without a request frees the lock and drops all flags") {
    for (const uint32_t flags : {0U, kWaiters, kAbandoned, kAbandoned | kWaiters}) {
      Set(self.id() | flags);
      CHECK(lock.Release() == Outcome::kReleased);
      CHECK(word() == 0);
    }
  }

  TEST_CASE_FIXTURE(LockWorld, "by anybody frees the lock") {
    Set(other.id());
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(word() == 0);
    Set(dead);
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(LockWorld, "hands the lock to a living waiter that asked") {
    Set(self.id() | kWaiters | kAbandoned, other.id());
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(word() == LockWord(other.id() | kPending | kWaiters));
    CHECK(Attempt() == Outcome::kBusy);  // past all who barge in
    CHECK(lock.TryAcquire(other.id()) == Outcome::kAcquired);
    CHECK(word() == LockWord(other.id() | kWaiters));
  }

  TEST_CASE_FIXTURE(LockWorld, "drops the request of a dead waiter") {
    Set(self.id() | kWaiters, dead);
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(word() == 0);
  }
}

TEST_SUITE("leaving a wait") {
  TEST_CASE_FIXTURE(LockWorld, "of a free lock changes nothing") {
    lock.Withdraw(self.id());
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(LockWorld, "takes one's own request back, and nobody else's") {
    Set(other.id() | kWaiters, self.id());
    lock.Withdraw(self.id());
    CHECK(word() == LockWord(other.id() | kWaiters));
    Set(other.id() | kWaiters, third.id());
    lock.Withdraw(self.id());
    CHECK(word() == LockWord(other.id() | kWaiters, third.id()));
  }

  TEST_CASE_FIXTURE(LockWorld, "makes the next release wake, for it may have used up a wake") {
    Set(other.id());
    lock.Withdraw(self.id());
    CHECK(word() == LockWord(other.id() | kWaiters));
  }

  TEST_CASE_FIXTURE(LockWorld, "gives a grant to the next who asked") {
    Set(self.id() | kPending | kWaiters, other.id());
    lock.Withdraw(self.id());
    CHECK(word() == LockWord(other.id() | kPending | kWaiters));
  }

  TEST_CASE_FIXTURE(LockWorld, "gives a grant back when nobody asked, or a dead waiter") {
    Set(self.id() | kPending | kWaiters);
    lock.Withdraw(self.id());
    CHECK(word() == 0);
    Set(self.id() | kPending | kWaiters, dead);
    lock.Withdraw(self.id());
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(LockWorld, "leaves others' grants, and a lock that one holds") {
    Set(other.id() | kPending | kWaiters, self.id());
    lock.Withdraw(self.id());
    CHECK(word() == LockWord(other.id() | kPending | kWaiters));
    Set(self.id() | kAbandoned | kWaiters, third.id());
    lock.Withdraw(self.id());
    CHECK(word() == LockWord(self.id() | kAbandoned | kWaiters, third.id()));
  }
}

TEST_SUITE("the re-entrant lock") {
  struct RLockWorld : LockWorld {
    mp::sync::RLock rlock{shared.segment(), object};
    [[nodiscard]] uint32_t depth() const { return object->depth.load(); }
  };

  TEST_CASE_FIXTURE(RLockWorld, "is free after as many releases as acquires") {
    CHECK(rlock.TryAcquire(self.id()) == Outcome::kAcquired);
    CHECK(rlock.Acquire(self.id(), mp::os::Deadline::Never()) == Outcome::kAcquired);
    CHECK(rlock.TryAcquire(self.id()) == Outcome::kAcquired);
    CHECK(depth() == 3);
    CHECK(rlock.TryAcquire(other.id()) == Outcome::kBusy);
    for (const uint32_t left : {2, 1, 0}) {
      CHECK(rlock.Release(self.id()) == Outcome::kReleased);
      CHECK(depth() == left);
    }
    CHECK(word() == 0);
    CHECK(rlock.TryAcquire(other.id()) == Outcome::kAcquired);
    CHECK(depth() == 1);
  }

  TEST_CASE_FIXTURE(RLockWorld, "is released by its owner only") {
    CHECK(rlock.Release(self.id()) == Outcome::kNotOwner);
    CHECK(rlock.TryAcquire(other.id()) == Outcome::kAcquired);
    CHECK(rlock.Release(self.id()) == Outcome::kNotOwner);
    CHECK(depth() == 1);
    Set(self.id() | kPending | kWaiters);  // granted, not yet owned
    CHECK(rlock.Release(self.id()) == Outcome::kNotOwner);
  }

  TEST_CASE_FIXTURE(RLockWorld, "starts at depth 1 after an owner that died deep inside") {
    for (int i = 0; i < 5; ++i) CHECK(rlock.TryAcquire(other.id()) == Outcome::kAcquired);
    other.End();
    CHECK(rlock.TryAcquire(self.id()) == Outcome::kAcquired);
    CHECK(depth() == 1);
    CHECK(word() == LockWord(self.id() | kAbandoned));
    CHECK(rlock.Release(self.id()) == Outcome::kReleased);
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(RLockWorld, "goes to a starving waiter at the last release only") {
    CHECK(rlock.TryAcquire(self.id()) == Outcome::kAcquired);
    CHECK(rlock.TryAcquire(self.id()) == Outcome::kAcquired);
    Set(self.id() | kWaiters, other.id());
    CHECK(rlock.Release(self.id()) == Outcome::kReleased);
    CHECK(word() == LockWord(self.id() | kWaiters, other.id()));
    CHECK(rlock.Release(self.id()) == Outcome::kReleased);
    CHECK(word() == LockWord(other.id() | kPending | kWaiters));
    CHECK(rlock.TryAcquire(other.id()) == Outcome::kAcquired);
    CHECK(depth() == 1);
  }

  struct AwaitedRLockWorld : RLockWorld {
    AwaitedRLockWorld() { CHECK(rlock.Attempt(self.id(), waiter) == Outcome::kAcquired); }
  };

  TEST_CASE_FIXTURE(AwaitedRLockWorld, "held by an awaited owner, lets its thread not enter") {
    CHECK(depth() == mp::layout::kAwaited);
    CHECK(rlock.TryAcquire(self.id()) == Outcome::kBusy);
    CHECK(rlock.Acquire(self.id(), mp::os::Deadline::Never()) == Outcome::kDeadlock);
    CHECK(rlock.Acquire(self.id(), mp::os::Deadline::After(1)) == Outcome::kBusy);
    CHECK(rlock.Attempt(self.id(), waiter) == Outcome::kDeadlock);
    CHECK(rlock.Release(self.id()) == Outcome::kNotOwner);
    CHECK(rlock.ReleaseAll(self.id()) == 0);
    CHECK(depth() == mp::layout::kAwaited);
    CHECK(rlock.ReleaseAwaited(other.id()) == Outcome::kNotOwner);
    CHECK(rlock.ReleaseAwaited(self.id()) == Outcome::kReleased);
    CHECK(rlock.TryAcquire(self.id()) == Outcome::kAcquired);
    CHECK(rlock.ReleaseAwaited(self.id()) == Outcome::kNotOwner);
    CHECK(depth() == 1);
  }

  TEST_CASE_FIXTURE(AwaitedRLockWorld, "of a dead thread's awaited owner starts at depth 1") {
    self.End();
    CHECK(rlock.TryAcquire(other.id()) == Outcome::kAcquired);
    CHECK(depth() == 1);
    CHECK(word() == LockWord(other.id() | kAbandoned));
  }

  TEST_CASE_FIXTURE(RLockWorld, "is given up wholly and had again as deep as it was") {
    CHECK(rlock.ReleaseAll(self.id()) == 0);
    for (int i = 0; i < 3; ++i) CHECK(rlock.TryAcquire(self.id()) == Outcome::kAcquired);
    CHECK(rlock.ReleaseAll(other.id()) == 0);
    CHECK(rlock.ReleaseAll(self.id()) == 3);
    CHECK(word() == 0);
    CHECK(rlock.TryAcquire(other.id()) == Outcome::kAcquired);
    CHECK(rlock.Release(other.id()) == Outcome::kReleased);
    CHECK(rlock.AcquireAll(self.id(), 3) == Outcome::kAcquired);
    CHECK(depth() == 3);
    for (int i = 0; i < 3; ++i) CHECK(rlock.Release(self.id()) == Outcome::kReleased);
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(AwaitedRLockWorld, "becomes the thread's own by TakeOver") {
    CHECK(rlock.TakeOver(other.id(), 2) == Outcome::kNotOwner);
    CHECK(rlock.TakeOver(self.id(), 2) == Outcome::kAcquired);
    CHECK(rlock.Release(self.id()) == Outcome::kReleased);
    CHECK(rlock.Release(self.id()) == Outcome::kReleased);
    CHECK(word() == 0);
  }
}

}  // namespace
