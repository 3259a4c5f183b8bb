// sync/semaphore.h: every row of its two tables, leaving a wait, chained wakes and waits that end.
#include "sync/semaphore.h"

#include <doctest/doctest.h>

#include <initializer_list>

#include <memory>
#include <thread>
#include <vector>

#include "support/lock_world.h"
#include "support/sleeper.h"
#include "support/watchdog.h"

namespace {

using mp::layout::kBoxGranted;
using mp::layout::kBoxRequested;
using mp::layout::kCountMax;
using mp::layout::kWaiters;
using mp::os::Deadline;
using mp::sync::Outcome;
using mp::sync::SleepPlan;
using mp::test::Eventually;
using mp::test::Sleeper;

/// The state as numbers: `high` is WAITERS, box and whose it is.
uint64_t Word(uint32_t count, uint32_t high = 0) { return uint64_t{high} << 32 | count; }

struct SemaphoreWorld {
  explicit SemaphoreWorld(uint32_t maximum = kCountMax) : object(shared.NewSemaphore(0, maximum)) {}

  mp::test::SharedSegment shared;
  mp::test::Party self{shared};
  mp::test::Party other{shared};
  mp::test::Party third{shared};
  mp::sync::Id dead = mp::test::DeadId(shared);
  mp::layout::SyncObject* object;
  mp::sync::Semaphore semaphore{shared.segment(), object};
  mp::sync::Waiter waiter = mp::test::FreshWaiter();

  [[nodiscard]] uint64_t word() const { return object->state.load(); }
  void Set(uint32_t count, uint32_t high = 0) { object->state.store(Word(count, high)); }
  [[nodiscard]] Outcome Attempt() { return semaphore.Attempt(self.id(), waiter); }
  [[nodiscard]] mp::os::WaitPoint HighPoint() {
    auto* high = reinterpret_cast<std::atomic<uint32_t>*>(&object->state) + 1;
    return shared.segment().PointAt(high, high->load());
  }
};

struct BoundedWorld : SemaphoreWorld {
  BoundedWorld() : SemaphoreWorld(3) {}
};

TEST_SUITE("an attempt on a semaphore") {
  TEST_CASE_FIXTURE(SemaphoreWorld, "takes one unit while there are some") {
    Set(2);
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(1));
    CHECK(semaphore.TryAcquire(self.id()) == Outcome::kAcquired);
    CHECK(word() == Word(0));
    CHECK(Attempt() == Outcome::kBusy);
    CHECK(word() == Word(0));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "takes the largest count apart") {
    Set(kCountMax);
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(kCountMax - 1));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "accepts its grant and leaves the count") {
    for (const uint32_t count : {0, 5}) {
      Set(count, kWaiters | kBoxGranted | self.id());
      CHECK(Attempt() == Outcome::kAcquired);
      CHECK(word() == Word(count, kWaiters));
    }
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "that takes a unit takes its own request back, and only that") {
    Set(1, kWaiters | kBoxRequested | self.id());
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(0, kWaiters));
    Set(1, kWaiters | kBoxRequested | other.id());
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(0, kWaiters | kBoxRequested | other.id()));
    Set(1, kBoxGranted | other.id());
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(0, kBoxGranted | other.id()));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "after a sleep tells the next release of sleepers") {
    Set(1);
    waiter.MarkSlept();
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(0, kWaiters));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "fails when there is no unit, whoever asks for one") {
    for (const uint32_t high : {0U, kWaiters, kWaiters | kBoxRequested | self.id(),
                                kWaiters | kBoxRequested | dead, kBoxGranted | other.id()}) {
      Set(0, high);
      CHECK(Attempt() == Outcome::kBusy);
      CHECK(word() == Word(0, high));
    }
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "takes the unit that was granted to a dead waiter") {
    Set(0, kWaiters | kBoxGranted | dead);
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(0, kWaiters));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "takes a unit that was not fetched for 2 ms, not before") {
    Set(0, kBoxGranted | other.id());
    const int64_t start_ns = mp::os::MonotonicNs();
    CHECK(Attempt() == Outcome::kBusy);
    CHECK(Eventually([&] { return Attempt() == Outcome::kAcquired; }));
    CHECK(mp::os::MonotonicNs() - start_ns >= mp::sync::kGrantLifeNs);
    CHECK(word() == Word(0));
  }
}

TEST_SUITE("a release of a semaphore") {
  TEST_CASE_FIXTURE(SemaphoreWorld, "raises the count by as much as asked") {
    CHECK(semaphore.Release(1) == Outcome::kReleased);
    CHECK(semaphore.Release(4) == Outcome::kReleased);
    CHECK(word() == Word(5));
  }

  TEST_CASE_FIXTURE(BoundedWorld, "above the maximum is refused as a whole") {
    Set(1, kWaiters);
    CHECK(semaphore.Release(3) == Outcome::kNotHeld);
    CHECK(word() == Word(1, kWaiters));
    CHECK(semaphore.Release(2) == Outcome::kReleased);
    CHECK(semaphore.Release(1) == Outcome::kNotHeld);
    CHECK(word() == Word(3));
  }

  TEST_CASE_FIXTURE(BoundedWorld, "counts the unit in the box, which nobody has acquired yet") {
    Set(2, kBoxGranted | other.id());
    CHECK(semaphore.Release(1) == Outcome::kNotHeld);
    CHECK(word() == Word(2, kBoxGranted | other.id()));
    Set(1, kBoxGranted | self.id());
    CHECK(semaphore.Release(1) == Outcome::kReleased);
    semaphore.Withdraw(self.id());
    CHECK(word() == Word(3));  // not more than the maximum
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "beyond 2^31 - 1 is refused") {
    Set(kCountMax);
    CHECK(semaphore.Release(1) == Outcome::kNotHeld);
    CHECK(word() == Word(kCountMax));
    Set(1);
    CHECK(semaphore.Release(0xffffffff) == Outcome::kNotHeld);
    CHECK(semaphore.Release(kCountMax) == Outcome::kNotHeld);
    CHECK(semaphore.Release(kCountMax - 1) == Outcome::kReleased);
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "puts a unit into the box of a living waiter, the rest aside") {
    Set(0, kWaiters | kBoxRequested | other.id());
    CHECK(semaphore.Release(1) == Outcome::kReleased);
    CHECK(word() == Word(0, kBoxGranted | other.id()));
    CHECK(Attempt() == Outcome::kBusy);  // past all who barge in
    CHECK(semaphore.TryAcquire(other.id()) == Outcome::kAcquired);
    Set(0, kWaiters | kBoxRequested | other.id());
    CHECK(semaphore.Release(3) == Outcome::kReleased);
    CHECK(word() == Word(2, kBoxGranted | other.id()));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "drops the request of a dead waiter") {
    Set(0, kWaiters | kBoxRequested | dead);
    CHECK(semaphore.Release(1) == Outcome::kReleased);
    CHECK(word() == Word(1));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "leaves a grant that is on its way") {
    Set(0, kWaiters | kBoxGranted | other.id());
    CHECK(semaphore.Release(2) == Outcome::kReleased);
    CHECK(word() == Word(2, kBoxGranted | other.id()));
  }
}

TEST_SUITE("leaving a wait for a semaphore") {
  TEST_CASE_FIXTURE(SemaphoreWorld, "takes one's own request back, and nobody else's") {
    Set(0, kWaiters | kBoxRequested | self.id());
    semaphore.Withdraw(self.id());
    CHECK(word() == Word(0, kWaiters));
    Set(0, kWaiters | kBoxRequested | other.id());
    semaphore.Withdraw(self.id());
    CHECK(word() == Word(0, kWaiters | kBoxRequested | other.id()));
    Set(0, kWaiters | kBoxGranted | other.id());
    semaphore.Withdraw(self.id());
    CHECK(word() == Word(0, kWaiters | kBoxGranted | other.id()));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "gives a granted unit back") {
    Set(0, kWaiters | kBoxGranted | self.id());
    semaphore.Withdraw(self.id());
    CHECK(word() == Word(1));
    Set(4, kBoxGranted | self.id());
    semaphore.Withdraw(self.id());
    CHECK(word() == Word(5));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "with no unit left makes the next release wake") {
    semaphore.Withdraw(self.id());
    CHECK(word() == Word(0, kWaiters));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "while units are free passes a wake on") {
    Set(1);
    Sleeper sleeper(HighPoint());
    REQUIRE(sleeper.FallsAsleep());
    semaphore.Withdraw(self.id());
    CHECK(word() == Word(1));
    CHECK(sleeper.WakesUp());
  }
}

TEST_SUITE("sleeping for a semaphore") {
  TEST_CASE_FIXTURE(SemaphoreWorld, "is refused when an attempt may succeed") {
    const uint64_t words[] = {Word(1), Word(0, kBoxGranted | self.id()),
                              Word(0, kBoxGranted | dead)};
    for (const uint64_t state : words) {
      object->state.store(state);
      SleepPlan plan;
      CHECK_FALSE(semaphore.PrepareSleep(self.id(), waiter, &plan));
      CHECK(word() == state);
    }
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "is announced, and bounded") {
    SleepPlan plan;
    REQUIRE(semaphore.PrepareSleep(self.id(), waiter, &plan));
    CHECK(word() == Word(0, kWaiters));
    REQUIRE(plan.point_count == 1);
    CHECK(plan.points[0].word->load() == plan.points[0].expected);
    CHECK(plan.until_ns <= mp::os::MonotonicNs() + mp::sync::kSleepBoundNs);
    Set(0, kBoxGranted | other.id());
    SleepPlan short_plan;
    REQUIRE(semaphore.PrepareSleep(self.id(), waiter, &short_plan));
    CHECK(short_plan.until_ns <= mp::os::MonotonicNs() + mp::sync::kGrantLifeNs);
    CHECK(word() == Word(0, kWaiters | kBoxGranted | other.id()));
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "asks for the box once the waiter starves") {
    mp::sync::Waiter starving = mp::test::StarvingWaiter();
    const auto high_after = [&](uint32_t high) {
      Set(0, high);
      SleepPlan plan;
      REQUIRE(semaphore.PrepareSleep(self.id(), starving, &plan));
      return static_cast<uint32_t>(word() >> 32);
    };
    const uint32_t mine = kWaiters | kBoxRequested | self.id();
    CHECK(high_after(0) == mine);
    CHECK(high_after(mine) == mine);
    CHECK(high_after(kWaiters | kBoxRequested | dead) == mine);
    const uint32_t others = kWaiters | kBoxRequested | other.id();
    CHECK(high_after(others) == others);
    CHECK(high_after(kBoxGranted | other.id()) == (kWaiters | kBoxGranted | other.id()));
  }
}

TEST_SUITE("waking at a semaphore") {
  struct ThreeSleepers : SemaphoreWorld {
    ThreeSleepers() { Set(0, kWaiters); }
    std::vector<std::unique_ptr<Sleeper>> sleepers;

    void FallAsleep() {
      for (int i = 0; i < 3; ++i) sleepers.push_back(std::make_unique<Sleeper>(HighPoint()));
      for (const auto& sleeper : sleepers) REQUIRE(sleeper->FallsAsleep());
    }
    [[nodiscard]] int Awake() const {
      int count = 0;
      for (const auto& sleeper : sleepers) count += sleeper->is_awake() ? 1 : 0;
      return count;
    }
    [[nodiscard]] bool Wakes(int count) const {
      return Eventually([&] { return Awake() == count; });
    }
  };

  TEST_CASE_FIXTURE(ThreeSleepers, "a release wakes as many as it gives units") {
    FallAsleep();
    CHECK(semaphore.Release(2) == Outcome::kReleased);
    CHECK(Wakes(2));
  }

  TEST_CASE_FIXTURE(ThreeSleepers, "a grant wakes all, for the grantee is one of them") {
    Set(0, kWaiters | kBoxRequested | other.id());
    FallAsleep();
    CHECK(semaphore.Release(1) == Outcome::kReleased);
    CHECK(Wakes(3));
  }

  TEST_CASE_FIXTURE(ThreeSleepers, "who was woken and leaves units wakes the next") {
    FallAsleep();
    Set(2);  // released, and only this waiter was woken
    waiter.MarkSlept();
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(Wakes(1));
    CHECK(word() == Word(1));  // no WAITERS: those who sleep beside a unit are woken in turn
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(0, kWaiters));
    CHECK(Awake() == 1);  // the last unit: nothing to be had
  }

  TEST_CASE_FIXTURE(ThreeSleepers, "who did not sleep wakes nobody") {
    FallAsleep();
    Set(2);
    CHECK(Attempt() == Outcome::kAcquired);
    CHECK(word() == Word(1));
    CHECK(Awake() == 0);
  }

  TEST_CASE_FIXTURE(ThreeSleepers, "Notify wakes one after a release that did not look") {
    FallAsleep();
    semaphore.Notify();  // no unit: nobody to wake
    CHECK(word() == Word(0, kWaiters));
    Set(1, kWaiters);
    semaphore.Notify();
    CHECK(word() == Word(1));
    CHECK(Wakes(1));
    semaphore.Notify();  // nobody announced
    CHECK(word() == Word(1));
  }
}

TEST_SUITE("a blocking acquire of a semaphore") {
  TEST_CASE_FIXTURE(SemaphoreWorld, "gives up at its deadline and leaves no request") {
    for (const double timeout_ms : {0.0, 0.5, 5.0}) {
      const Deadline deadline = Deadline::After(timeout_ms);
      CHECK(semaphore.Acquire(self.id(), deadline) == Outcome::kBusy);
      CHECK(deadline.IsPast());
      CHECK(word() == Word(0, kWaiters));
    }
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "of several threads ends with one release of as many units") {
    std::atomic<int> acquired{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const mp::test::Party party(shared);
        if (semaphore.Acquire(party.id(), Deadline::Never()) == Outcome::kAcquired) ++acquired;
      });
    }
    REQUIRE(Eventually([&] { return word() >> 32 != 0; }));
    CHECK(semaphore.Release(4) == Outcome::kReleased);
    for (std::thread& thread : threads) thread.join();
    CHECK(acquired.load() == 4);
    CHECK(semaphore.TryAcquire(self.id()) == Outcome::kBusy);
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "that starves is handed the unit") {
    std::thread thread([&] {
      const mp::test::Party party(shared);
      REQUIRE(semaphore.Acquire(party.id(), Deadline::Never()) == Outcome::kAcquired);
    });
    REQUIRE(Eventually([&] { return (word() >> 32 & kBoxRequested) != 0; }));
    CHECK(semaphore.Release(1) == Outcome::kReleased);
    CHECK(semaphore.TryAcquire(self.id()) == Outcome::kBusy);  // it was not in the count
    thread.join();
    CHECK(static_cast<uint32_t>(word()) == 0);
  }

  TEST_CASE_FIXTURE(SemaphoreWorld, "takes over a unit that nobody fetches") {
    Set(0, kBoxGranted | other.id());
    CHECK(semaphore.Acquire(self.id(), Deadline::Never()) == Outcome::kAcquired);
    CHECK(static_cast<uint32_t>(word()) == 0);
    CHECK((word() >> 32 & mp::layout::kBoxMask) == 0);
  }
}

}  // namespace
