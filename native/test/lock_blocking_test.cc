// sync/lock.h and sync/waiter.h: how a waiter sleeps, who is woken, and waits that end by release,
// hand-off, death and deadline.
#include <doctest/doctest.h>

#include <initializer_list>

#include <thread>

#include "os/process.h"
#include "support/child.h"
#include "support/lock_world.h"
#include "support/sleeper.h"
#include "support/watchdog.h"
#include "sync/lock.h"

namespace {

using mp::layout::kAbandoned;
using mp::layout::kPending;
using mp::layout::kWaiters;
using mp::os::Deadline;
using mp::sync::Outcome;
using mp::sync::SleepPlan;
using mp::test::Child;
using mp::test::Eventually;
using mp::test::LockWord;
using mp::test::LockWorld;
using mp::test::NonRobustLockWorld;
using mp::test::Sleeper;

int64_t Now() { return mp::os::MonotonicNs(); }

TEST_SUITE("preparing to sleep") {
  TEST_CASE_FIXTURE(LockWorld, "says no when an attempt may succeed") {
    for (const uint32_t low : {0U, dead, dead | kPending, self.id() | kPending}) {
      Set(low);
      SleepPlan plan;
      CHECK_FALSE(lock.PrepareSleep(self.id(), waiter, &plan));
      CHECK(word() == LockWord(low));
    }
  }

  TEST_CASE_FIXTURE(LockWorld, "announces a sleeper, who watches the word and the owner's life") {
    Set(other.id());
    SleepPlan plan;
    REQUIRE(lock.PrepareSleep(self.id(), waiter, &plan));
    CHECK(word() == LockWord(other.id() | kWaiters));
    REQUIRE(plan.point_count == 2);
    CHECK(plan.points[0].expected == static_cast<uint32_t>(word()));
    CHECK(plan.points[0].word->load() == plan.points[0].expected);
    CHECK(plan.points[1].word->load() == plan.points[1].expected);
    other.End();
    CHECK(plan.points[1].word->load() != plan.points[1].expected);
  }

  TEST_CASE_FIXTURE(NonRobustLockWorld, "watches no owner's life if the lock is not robust") {
    Set(other.id());
    SleepPlan plan;
    REQUIRE(lock.PrepareSleep(self.id(), waiter, &plan));
    CHECK(plan.point_count == 1);
    Set(dead);
    SleepPlan again;
    REQUIRE(lock.PrepareSleep(self.id(), waiter, &again));
    CHECK(again.point_count == 1);
  }

  TEST_CASE_FIXTURE(LockWorld, "asks for the lock once it starves") {
    Set(other.id());
    mp::sync::Waiter starving = mp::test::StarvingWaiter();
    SleepPlan plan;
    REQUIRE(lock.PrepareSleep(self.id(), starving, &plan));
    CHECK(word() == LockWord(other.id() | kWaiters, self.id()));
    SleepPlan again;
    REQUIRE(lock.PrepareSleep(self.id(), starving, &again));
    CHECK(word() == LockWord(other.id() | kWaiters, self.id()));
  }

  TEST_CASE_FIXTURE(LockWorld, "respects a living waiter's request and replaces a dead one's") {
    mp::sync::Waiter starving = mp::test::StarvingWaiter();
    SleepPlan plan;
    Set(other.id() | kWaiters, third.id());
    REQUIRE(lock.PrepareSleep(self.id(), starving, &plan));
    CHECK(word() == LockWord(other.id() | kWaiters, third.id()));
    third.End();
    SleepPlan again;
    REQUIRE(lock.PrepareSleep(self.id(), starving, &again));
    CHECK(word() == LockWord(other.id() | kWaiters, self.id()));
  }

  TEST_CASE_FIXTURE(LockWorld, "bounds every sleep") {
    const auto bound_of = [&](uint32_t low, mp::sync::Waiter of) {
      Set(low);
      SleepPlan plan;
      const int64_t before = Now();
      REQUIRE(lock.PrepareSleep(self.id(), of, &plan));
      CHECK(plan.until_ns >= before);
      return plan.until_ns - Now();
    };
    const mp::sync::Waiter starving = mp::test::StarvingWaiter();
    CHECK(bound_of(other.id(), starving) <= mp::sync::kSleepBoundNs);
    CHECK(bound_of(self.id(), starving) <= mp::sync::kSleepBoundNs);
    CHECK(bound_of(other.id() | kPending, starving) <= mp::sync::kGrantLifeNs);
  }
}

TEST_SUITE("waking") {
  TEST_CASE_FIXTURE(LockWorld, "a release wakes one sleeper, a hand-off all of them") {
    Set(other.id() | kWaiters);
    Sleeper sleepers[3] = {Sleeper(LowPoint()), Sleeper(LowPoint()), Sleeper(LowPoint())};
    for (const Sleeper& sleeper : sleepers) REQUIRE(sleeper.FallsAsleep());
    const auto awake = [&] {
      return sleepers[0].is_awake() + sleepers[1].is_awake() + sleepers[2].is_awake();
    };
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(Eventually([&] { return awake() == 1; }));
    Set(other.id() | kWaiters, self.id());
    CHECK(lock.Release() == Outcome::kReleased);
    for (const Sleeper& sleeper : sleepers) CHECK(sleeper.WakesUp());
  }

  TEST_CASE_FIXTURE(LockWorld,
                    "who acquires after a sleep wakes one, to watch the new owner's life") {
    Set(0);
    Sleeper sleeper(LowPoint());
    REQUIRE(sleeper.FallsAsleep());
    waiter.MarkSlept();
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(sleeper.WakesUp());
  }

  TEST_CASE_FIXTURE(LockWorld, "who leaves a free lock passes a wake on") {
    Sleeper sleeper(LowPoint());
    REQUIRE(sleeper.FallsAsleep());
    lock.Withdraw(self.id());
    CHECK(sleeper.WakesUp());
  }

  TEST_CASE_FIXTURE(LockWorld,
                    "who leaves a lock that is held wakes one, to watch the owner's life") {
    Set(other.id() | kWaiters);
    Sleeper sleeper(LowPoint());
    REQUIRE(sleeper.FallsAsleep());
    lock.Withdraw(self.id());
    CHECK(word() == LockWord(other.id() | kWaiters));
    CHECK(sleeper.WakesUp());
  }

  TEST_CASE_FIXTURE(LockWorld, "who gives a grant back wakes another sleeper") {
    Set(self.id() | kPending | kWaiters);
    Sleeper sleeper(LowPoint());
    REQUIRE(sleeper.FallsAsleep());
    lock.Withdraw(self.id());
    CHECK(word() == 0);
    CHECK(sleeper.WakesUp());
  }

  TEST_CASE_FIXTURE(LockWorld, "who is woken by a death tells the others who wait for it") {
    // The kernel wakes one sleeper only. That one may have no use for the news: the dead thread had
    // given this lock away, and those behind wait for other locks of it.
    if (mp::os::WaitCapacity() == 1) return;  // then nobody sleeps on deaths
    Child child([&] {
      const mp::sync::Id id = shared.segment().Enter();
      if (lock.TryAcquire(id) != Outcome::kAcquired) return 1;
      mp::test::SleepForEver();
    });
    REQUIRE(Eventually([&] { return word() != 0; }));
    SleepPlan plan;
    REQUIRE(lock.PrepareSleep(self.id(), waiter, &plan));
    REQUIRE(plan.point_count == 2);
    const Deadline deadline = Deadline::After(mp::test::kWatchdogMs);
    plan.until_ns = deadline.ns;  // longer than in earnest: only the news may wake it
    std::atomic<uint32_t> first_id{0};
    std::thread first([&] {
      first_id.store(mp::os::ThreadId());
      mp::sync::Sleep(plan, deadline);
    });
    REQUIRE(
        Eventually([&] { return first_id.load() != 0 && mp::test::IsAsleep(first_id.load()); }));
    Sleeper second(plan.points[1]);
    REQUIRE(second.FallsAsleep());
    child.Kill();
    first.join();
    CHECK_FALSE(deadline.IsPast());
    CHECK(second.WakesUp());
  }
}

/// Acquires on a thread of its own, which is another party; releases on demand.
class Contender {
 public:
  Contender(LockWorld& world, Deadline deadline)
      : thread_([this, &world, deadline] {
          const mp::test::Party party(world.shared);
          outcome_ = world.lock.Acquire(party.id(), deadline);
          was_abandoned_ = world.lock.IsAbandoned();
          if (outcome_ == Outcome::kAcquired) (void)world.lock.Release();
        }) {}
  ~Contender() { Join(); }
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  Outcome Join() {
    if (thread_.joinable()) thread_.join();
    return outcome_;
  }
  [[nodiscard]] bool was_abandoned() const { return was_abandoned_; }

 private:
  Outcome outcome_ = Outcome::kNotHeld;
  bool was_abandoned_ = false;
  std::thread thread_;
};

TEST_SUITE("a blocking acquire") {
  TEST_CASE_FIXTURE(LockWorld, "of a free lock is one store") {
    CHECK(lock.Acquire(self.id(), Deadline::Never()) == Outcome::kAcquired);
    CHECK((word() & ~uint64_t{kWaiters}) == LockWord(self.id()));
  }

  TEST_CASE_FIXTURE(LockWorld, "of one's own lock fails for ever, or waits for the deadline") {
    Set(self.id());
    CHECK(lock.Acquire(self.id(), Deadline::Never()) == Outcome::kDeadlock);
    const Deadline deadline = Deadline::After(5);
    CHECK(lock.Acquire(self.id(), deadline) == Outcome::kBusy);
    CHECK(deadline.IsPast());
  }

  TEST_CASE_FIXTURE(LockWorld, "gives up at its deadline and leaves no request") {
    Set(other.id());
    for (const double timeout_ms : {0.0, 0.5, 5.0}) {
      const Deadline deadline = Deadline::After(timeout_ms);
      CHECK(lock.Acquire(self.id(), deadline) == Outcome::kBusy);
      CHECK(deadline.IsPast());
      CHECK(word() == LockWord(other.id() | kWaiters));
    }
  }

  TEST_CASE_FIXTURE(LockWorld, "gets the lock when it is released") {
    Set(other.id());
    Contender contender(*this, Deadline::Never());
    REQUIRE(Eventually([&] { return (word() & kWaiters) != 0; }));
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(contender.Join() == Outcome::kAcquired);
    CHECK_FALSE(contender.was_abandoned());
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(LockWorld, "gets the lock handed over once it starves") {
    Set(other.id());
    Contender contender(*this, Deadline::Never());
    REQUIRE(Eventually([&] { return word() >> 32 != 0; }));  // it asks
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(contender.Join() == Outcome::kAcquired);
    CHECK(lock.TryAcquire(self.id()) == Outcome::kAcquired);
  }

  TEST_CASE_FIXTURE(LockWorld, "takes over from a killed process") {
    Child child([&] {
      const mp::sync::Id id = shared.segment().Enter();
      if (lock.TryAcquire(id) != Outcome::kAcquired) return 1;
      mp::test::SleepForEver();
    });
    REQUIRE(Eventually([&] { return word() != 0; }));
    Contender one(*this, Deadline::Never());
    Contender two(*this, Deadline::Never());
    REQUIRE(Eventually([&] { return word() >> 32 != 0; }));
    child.Kill();
    CHECK(one.Join() == Outcome::kAcquired);
    CHECK(two.Join() == Outcome::kAcquired);
    CHECK(one.was_abandoned() != two.was_abandoned());
    CHECK_FALSE(lock.IsAbandoned());
    CHECK(lock.TryAcquire(self.id()) == Outcome::kAcquired);
  }

  TEST_CASE_FIXTURE(LockWorld, "takes over a grant that nobody accepts") {
    Set(other.id() | kPending | kWaiters);
    const int64_t start = Now();
    CHECK(lock.Acquire(self.id(), Deadline::Never()) == Outcome::kAcquired);
    CHECK(Now() - start >= mp::sync::kGrantLifeNs);
    CHECK_FALSE(lock.IsAbandoned());
  }

  TEST_CASE_FIXTURE(LockWorld, "gets the lock although another thread hammers it") {
    std::atomic<bool> stop{false};
    std::thread hammer([&] {
      const mp::test::Party party(shared);
      while (!stop.load()) {
        if (lock.TryAcquire(party.id()) == Outcome::kAcquired) (void)lock.Release();
      }
    });
    for (int i = 0; i < 20; ++i) {
      Outcome outcome = lock.Acquire(self.id(), Deadline::After(mp::test::kWatchdogMs));
      CHECK(outcome == Outcome::kAcquired);
      CHECK(lock.Release() == Outcome::kReleased);
    }
    stop.store(true);
    hammer.join();
  }

  TEST_CASE_FIXTURE(NonRobustLockWorld, "of a dead owner's lock that is not robust times out") {
    Set(dead);
    CHECK(lock.Acquire(self.id(), Deadline::After(5)) == Outcome::kBusy);
    CHECK_FALSE(lock.IsAbandoned());
  }
}

}  // namespace
