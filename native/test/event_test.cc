// sync/event.h: every row of its table, and waits that end.
#include "sync/event.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "support/child.h"
#include "support/event_loop.h"
#include "support/lock_world.h"
#include "support/sleeper.h"
#include "support/watchdog.h"
#include "sync/wait_hub.h"

namespace {

using mp::layout::kEventSequence;
using mp::layout::kWaiters;
using mp::os::Deadline;
using mp::sync::Event;
using mp::sync::Outcome;
using mp::sync::SleepPlan;
using mp::test::Eventually;
using mp::test::Party;
using mp::test::Sleeper;

struct EventWorld {
  mp::test::SharedSegment shared;
  Party self{shared};
  mp::layout::SyncObject* object = shared.NewObject(mp::layout::ObjectKind::kEvent);
  mp::sync::Waiter waiter = mp::test::FreshWaiter();

  [[nodiscard]] Event NewWait() { return {shared.segment(), object}; }
  [[nodiscard]] Event WaitSince(uint32_t since) { return {shared.segment(), object, since}; }
  [[nodiscard]] uint64_t word() const { return object->state.load(); }
  void Write(uint32_t low) { object->state.store(low); }
  [[nodiscard]] Outcome Attempt(Event& event) { return event.Attempt(self.id(), waiter); }
  [[nodiscard]] bool Announce(Event& event, SleepPlan* plan) {
    return event.PrepareSleep(self.id(), waiter, plan);
  }
  [[nodiscard]] bool IsAnnounced() {
    return Eventually([&] { return (word() & kWaiters) != 0; });
  }
};

TEST_SUITE("an event") {
  TEST_CASE_FIXTURE(EventWorld, "is set and cleared by one step of its sequence each") {
    Event event = NewWait();
    event.Set();
    CHECK(word() == 1);
    event.Set();
    CHECK(word() == 1);
    event.Clear();
    CHECK(word() == 2);
    event.Clear();
    CHECK(word() == 2);
  }

  TEST_CASE_FIXTURE(EventWorld, "begins its sequence again after the last") {
    Write(kEventSequence - 1);
    Event event = NewWait();
    event.Set();
    CHECK(word() == kEventSequence);
    CHECK(Attempt(event) == Outcome::kAcquired);
    event.Clear();
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(EventWorld, "ends a wait while it is set") {
    Write(5);
    Event event = NewWait();
    CHECK(Attempt(event) == Outcome::kAcquired);
    SleepPlan plan;
    CHECK_FALSE(Announce(event, &plan));
    CHECK(word() == 5);
  }

  TEST_CASE_FIXTURE(EventWorld, "ends the waits of a set that was cleared before they looked") {
    Write(4);
    Event early = NewWait();
    early.Set();
    early.Clear();
    Event late = NewWait();
    CHECK(Attempt(early) == Outcome::kAcquired);
    CHECK(Attempt(late) == Outcome::kBusy);
    // Who goes on waits for a later one.
    CHECK(Attempt(early) == Outcome::kBusy);
  }

  TEST_CASE_FIXTURE(EventWorld, "keeps waiting who came since the last clear") {
    Write(6);
    Event event = WaitSince(6 | kWaiters);
    CHECK(Attempt(event) == Outcome::kBusy);
    SleepPlan plan;
    REQUIRE(Announce(event, &plan));
    CHECK(word() == (6 | kWaiters));
    CHECK(plan.point_count == 1);
    CHECK(plan.points[0].expected == (6 | kWaiters));
    CHECK(plan.until_ns <= mp::os::MonotonicNs() + mp::sync::kSleepBoundNs);
  }

  TEST_CASE_FIXTURE(EventWorld, "drops the announcement when it is set, so that clear need not") {
    Write(6);
    Event event = NewWait();
    SleepPlan plan;
    REQUIRE(Announce(event, &plan));
    NewWait().Set();
    CHECK(word() == 7);
    CHECK_FALSE(Announce(event, &plan));
    NewWait().Clear();
    CHECK(word() == 8);
  }

  TEST_CASE_FIXTURE(EventWorld, "wakes all sleepers when it is set") {
    Write(2 | kWaiters);
    Event event = NewWait();
    const mp::os::WaitPoint point = shared.segment().PointAt(
        reinterpret_cast<std::atomic<uint32_t>*>(&object->state), 2 | kWaiters);
    Sleeper first(point);
    Sleeper second(point);
    REQUIRE(first.FallsAsleep());
    REQUIRE(second.FallsAsleep());
    event.Set();
    CHECK(first.WakesUp());
    CHECK(second.WakesUp());
  }
}

TEST_SUITE("a wait for an event") {
  TEST_CASE_FIXTURE(EventWorld, "ends with its deadline and leaves the sequence alone") {
    Event event = NewWait();
    const int64_t start_ns = mp::os::MonotonicNs();
    CHECK(event.Wait(self.id(), Deadline::After(30)) == Outcome::kBusy);
    CHECK(mp::os::MonotonicNs() - start_ns >= 30 * mp::os::kNsPerMs);
    CHECK((word() & kEventSequence) == 0);
  }

  TEST_CASE_FIXTURE(EventWorld, "of many threads ends with one set, cleared at once") {
    std::atomic<int> over{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        const Party party(shared);
        if (NewWait().Wait(party.id(), Deadline::After(mp::test::kWatchdogMs)) ==
            Outcome::kAcquired) {
          ++over;
        }
      });
    }
    // The waits that have not begun yet would be for a later set: so again and again.
    REQUIRE(IsAnnounced());
    CHECK(Eventually([&] {
      NewWait().Set();
      NewWait().Clear();
      return over == 6;
    }));
    for (std::thread& thread : threads) thread.join();
  }

  TEST_CASE_FIXTURE(EventWorld, "of an event loop ends by its doorbell, or else by the hub") {
    signal(SIGPIPE, SIG_IGN);
    for (const mp::test::Bell bell : {mp::test::Bell::kPublished, mp::test::Bell::kNone}) {
      mp::test::EventLoop loop(shared.segment(), self.id(), bell);
      mp::test::LoopWait wait(mp::sync::WaitHub::Instance(), loop,
                              std::make_unique<Event>(NewWait()), self.id());
      REQUIRE(IsAnnounced());
      CHECK_FALSE(wait.has_acquired());
      NewWait().Set();
      NewWait().Clear();
      CHECK(wait.Finish(Deadline::After(mp::test::kWatchdogMs)));
    }
  }

  TEST_CASE_FIXTURE(EventWorld, "ends though the setter was killed before it woke anybody") {
    Event event = NewWait();
    SleepPlan plan;
    REQUIRE(Announce(event, &plan));
    mp::test::Child setter([&] {
      object->state.store(1);  // what a setter does before its wake
      return 0;
    });
    REQUIRE(setter.Wait() == 0);
    const int64_t start_ns = mp::os::MonotonicNs();
    CHECK(event.Wait(self.id(), Deadline::After(mp::test::kWatchdogMs)) == Outcome::kAcquired);
    mp::sync::Sleep(plan, Deadline::Never());
    CHECK(mp::os::MonotonicNs() - start_ns < 10 * mp::sync::kSleepBoundNs);
  }

  TEST_CASE_FIXTURE(EventWorld, "of a killed waiter leaves set with nobody to wait for") {
    mp::test::Child waiting([&] {
      const mp::sync::Id id = shared.segment().Enter();
      (void)NewWait().Wait(id, Deadline::Never());
      return 0;
    });
    REQUIRE(IsAnnounced());
    waiting.Kill();
    NewWait().Set();
    CHECK(word() == 1);
    NewWait().Clear();
    CHECK(word() == 2);
  }
}

/// Waits as the `index` says: blocking, with a timeout now and then, or as an event loop.
bool WaitSomehow(EventWorld& world, int index, mp::sync::Id id, mp::test::EventLoop& loop) {
  if (index % 3 == 0) {
    return world.NewWait().Wait(id, Deadline::After(mp::test::kWatchdogMs)) == Outcome::kAcquired;
  }
  if (index % 3 == 1) {
    return world.NewWait().Wait(id, Deadline::After(0.2)) == Outcome::kAcquired;
  }
  mp::test::LoopWait wait(mp::sync::WaitHub::Instance(), loop,
                          std::make_unique<Event>(world.NewWait()), id);
  return wait.Finish(Deadline::After(mp::test::kWatchdogMs));
}

TEST_CASE_FIXTURE(EventWorld, "what was written before a set is seen by all whom it lets go") {
  signal(SIGPIPE, SIG_IGN);
  constexpr int kParties = 6;
  constexpr int kRounds = 300;
  const auto rounds_over = [&] { return static_cast<int>((word() & kEventSequence) / 2); };
  int written = 0;  // not atomic: the event orders it
  std::atomic<int> seen{0};
  std::vector<std::thread> threads;
  for (int index = 0; index < kParties; ++index) {
    threads.emplace_back([&, index] {
      const Party party(shared);
      const auto bell = index % 2 == 0 ? mp::test::Bell::kPublished : mp::test::Bell::kNone;
      mp::test::EventLoop loop(shared.segment(), party.id(), bell);
      for (int round = 1; round <= kRounds; ++round) {
        while (!WaitSomehow(*this, index, party.id(), loop)) {
        }
        CHECK(written == round);
        // The last one clears, so nobody waits for the next round while this one is set.
        if (seen.fetch_add(1) + 1 == kParties * round) NewWait().Clear();
        while (rounds_over() < round) std::this_thread::yield();
      }
    });
  }
  for (int round = 1; round <= kRounds; ++round) {
    written = round;
    NewWait().Set();
    REQUIRE(Eventually([&] { return rounds_over() == round; }));
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
