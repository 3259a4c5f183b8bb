// sync/robust_semaphore.h: both tables row by row, whose units are whose, what the dead leave, and
// all of it at once, by threads and by processes that are killed.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "support/child.h"
#include "support/lock_world.h"
#include "support/sleeper.h"
#include "support/watchdog.h"
#include "sync/robust_semaphore.h"

namespace {

using mp::layout::kWaiters;
using mp::os::Deadline;
using mp::sync::Id;
using mp::sync::Outcome;
using mp::sync::RobustSemaphore;
using mp::sync::SleepPlan;
using mp::test::Child;
using mp::test::Eventually;
using mp::test::FreshWaiter;
using mp::test::Party;
using mp::test::Sleeper;
using mp::test::StarvingWaiter;

struct RobustWorld {
  static constexpr uint32_t kMost = 8;

  explicit RobustWorld(uint32_t units = 2) {
    struct Bytes {
      uint8_t bytes[mp::layout::RobustSemaphoreBytes(kMost)];
    };
    object = reinterpret_cast<mp::layout::SyncObject*>(shared.New<Bytes>());
    object->kind = static_cast<uint32_t>(mp::layout::ObjectKind::kSemaphore);
    object->flags = mp::layout::kRobust;
    object->maximum = units;
  }

  mp::test::SharedSegment shared;
  Party self{shared};
  Party other{shared};
  Party third{shared};
  mp::layout::SyncObject* object;
  mp::sync::Waiter waiter = FreshWaiter();

  [[nodiscard]] RobustSemaphore Semaphore() { return {shared.segment(), object}; }
  [[nodiscard]] bool Take(const Party& party) {
    return Semaphore().TryAcquire(party.id()) == Outcome::kAcquired;
  }
  [[nodiscard]] Outcome Give(const Party& party, uint32_t count = 1) {
    return Semaphore().Release(party.id(), count);
  }
  [[nodiscard]] uint32_t low() const { return static_cast<uint32_t>(object->state.load()); }
  [[nodiscard]] Id request() const { return static_cast<Id>(object->state.load() >> 32); }
  void Set(uint32_t low, Id request = 0) { object->state.store(uint64_t{request} << 32 | low); }
  [[nodiscard]] mp::os::WaitPoint LowPoint() {
    auto* word = reinterpret_cast<std::atomic<uint32_t>*>(&object->state);
    return shared.segment().PointAt(word, word->load());
  }
};

struct OneUnitWorld : RobustWorld {
  OneUnitWorld() : RobustWorld(1) {}
};

TEST_SUITE("the robust semaphore") {
  TEST_CASE_FIXTURE(RobustWorld,
                    "has as many units as it was made with, and knows whose they are") {
    CHECK(Semaphore().Free() == 2);
    CHECK(Take(self));
    CHECK(Take(other));
    CHECK_FALSE(Take(third));
    CHECK(Semaphore().Free() == 0);
    CHECK(Semaphore().HeldBy(self.id()) == 1);
    CHECK(Give(third) == Outcome::kNotOwner);
    CHECK(Give(self, 2) == Outcome::kNotOwner);
    CHECK(Semaphore().HeldBy(self.id()) == 1);
    CHECK(Give(self) == Outcome::kReleased);
    CHECK(Give(self) == Outcome::kNotOwner);
    CHECK(Take(other));
    CHECK(Semaphore().HeldBy(other.id()) == 2);
    CHECK(Give(other, 2) == Outcome::kReleased);
    CHECK(Semaphore().Free() == 2);
    CHECK(object->state.load() == 0);
  }

  TEST_CASE_FIXTURE(RobustWorld, "refuses a thread that would wait for itself") {
    CHECK(Take(self));
    CHECK(Semaphore().Acquire(self.id(), Deadline::Never()) == Outcome::kAcquired);
    CHECK(Semaphore().Acquire(self.id(), Deadline::Never()) == Outcome::kDeadlock);
    CHECK(Semaphore().Acquire(self.id(), Deadline::After(2)) == Outcome::kBusy);
    CHECK(Semaphore().Acquire(other.id(), Deadline::After(2)) == Outcome::kBusy);
    CHECK(Semaphore().HeldBy(self.id()) == 2);
  }

  TEST_CASE_FIXTURE(RobustWorld, "what the dead held comes back, all of it") {
    CHECK(Take(other));
    CHECK(Take(other));
    CHECK_FALSE(Take(self));
    other.End();
    CHECK(Semaphore().Free() == 2);
    CHECK(Take(self));
    CHECK(Take(third));
    CHECK_FALSE(Take(third));
    CHECK(Semaphore().HeldBy(other.id()) == 0);
  }

  TEST_CASE_FIXTURE(OneUnitWorld, "a sleeper announces itself and watches its holder's death") {
    CHECK(Take(other));
    SleepPlan plan;
    REQUIRE(Semaphore().PrepareSleep(self.id(), waiter, &plan));
    CHECK(low() == kWaiters);
    CHECK(request() == 0);
    REQUIRE(plan.point_count == 2);
    CHECK(plan.until_ns <= mp::os::MonotonicNs() + mp::sync::kSleepBoundNs);
    other.End();
    CHECK(plan.points[1].word->load() != plan.points[1].expected);
    SleepPlan again;
    CHECK_FALSE(Semaphore().PrepareSleep(self.id(), waiter, &again));
    CHECK(Semaphore().Attempt(self.id(), waiter) == Outcome::kAcquired);
  }

  TEST_CASE_FIXTURE(OneUnitWorld,
                    "a release wakes one, and whoever is about to sleep stays awake") {
    CHECK(Take(other));
    SleepPlan plan;
    REQUIRE(Semaphore().PrepareSleep(self.id(), waiter, &plan));
    const Sleeper one(LowPoint());
    const Sleeper two(LowPoint());
    REQUIRE(one.FallsAsleep());
    REQUIRE(two.FallsAsleep());
    CHECK(Give(other) == Outcome::kReleased);
    REQUIRE(Eventually([&] { return one.is_awake() || two.is_awake(); }));
    CHECK(plan.points[0].word->load() != plan.points[0].expected);
    CHECK(low() == 1);
    CHECK(one.is_awake() != two.is_awake());
  }

  TEST_CASE_FIXTURE(RobustWorld,
                    "whoever acquires after it slept tells the next while units are left") {
    Set(5);
    const Sleeper next(LowPoint());
    REQUIRE(next.FallsAsleep());
    waiter.MarkSlept();
    CHECK(Semaphore().Attempt(self.id(), waiter) == Outcome::kAcquired);
    CHECK(next.WakesUp());
    CHECK(low() == 6);
    // It took the last one: the next release is to look.
    CHECK(Semaphore().Attempt(self.id(), waiter) == Outcome::kAcquired);
    CHECK(low() == (kWaiters | 6));
  }

  TEST_CASE_FIXTURE(OneUnitWorld, "whoever starves asks, and others leave the next unit to it") {
    CHECK(Take(other));
    mp::sync::Waiter starving = StarvingWaiter();
    SleepPlan plan;
    REQUIRE(Semaphore().PrepareSleep(self.id(), starving, &plan));
    CHECK(request() == self.id());
    CHECK(Give(other) == Outcome::kReleased);
    CHECK_FALSE(Take(third));
    SleepPlan short_plan;
    REQUIRE(Semaphore().PrepareSleep(third.id(), waiter, &short_plan));
    CHECK(short_plan.until_ns <= mp::os::MonotonicNs() + mp::sync::kGrantLifeNs);
    CHECK(Semaphore().Attempt(self.id(), starving) == Outcome::kAcquired);
    CHECK(request() == 0);
  }

  TEST_CASE_FIXTURE(OneUnitWorld, "a request that nobody answers, or of the dead, stops nobody") {
    Set(kWaiters, other.id());
    CHECK_FALSE(Take(self));
    CHECK(Semaphore().Acquire(self.id(), Deadline::Never()) == Outcome::kAcquired);
    CHECK(request() == 0);
    CHECK(Give(self) == Outcome::kReleased);
    Set(kWaiters, mp::test::DeadId(shared));
    CHECK(Take(self));
    CHECK(request() == 0);
  }

  TEST_CASE_FIXTURE(OneUnitWorld, "a dead one's request gives way to a living one's") {
    CHECK(Take(other));
    Set(kWaiters, mp::test::DeadId(shared));
    mp::sync::Waiter starving = StarvingWaiter();
    SleepPlan plan;
    REQUIRE(Semaphore().PrepareSleep(self.id(), starving, &plan));
    CHECK(request() == self.id());
  }

  TEST_CASE_FIXTURE(OneUnitWorld, "who leaves takes its request along and passes its wake on") {
    Set(0, self.id());
    const Sleeper next(LowPoint());
    REQUIRE(next.FallsAsleep());
    Semaphore().Withdraw(self.id());
    CHECK(request() == 0);
    CHECK(next.WakesUp());
    CHECK(Take(other));
    Semaphore().Withdraw(self.id());
    CHECK((low() & kWaiters) != 0);
  }
}

TEST_CASE("of threads that contend for robust units: never more inside than there are") {
  RobustWorld world(3);
  std::atomic<int> inside{0};
  std::atomic<int> bad{0};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      const Party party(world.shared);
      for (uint32_t turn = i; turn < 8000; ++turn) {
        const Deadline deadline = turn % 5 == 0 ? Deadline::After(0.05) : Deadline::Never();
        const uint32_t units = turn % 7 == 0 ? 2 : 1;  // the second without waiting
        if (world.Semaphore().Acquire(party.id(), deadline) != Outcome::kAcquired) continue;
        const bool has_two = units == 2 && world.Take(party);
        if (inside.fetch_add(has_two ? 2 : 1) + (has_two ? 2 : 1) > 3) ++bad;
        inside.fetch_sub(has_two ? 2 : 1);
        if (world.Give(party, has_two ? 2 : 1) != Outcome::kReleased) ++bad;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(bad.load() == 0);
  CHECK(world.Semaphore().Free() == 3);
  CHECK(world.request() == 0);
}

TEST_CASE("of processes: whoever is killed at any moment, all units come back") {
  constexpr uint32_t kUnits = 2;
  constexpr int kPlayers = 4;
  signal(SIGPIPE, SIG_IGN);
  RobustWorld world(kUnits);
  struct Stage {
    std::atomic<uint64_t> turns[kPlayers];
    std::atomic<int> bad;
    std::atomic<bool> rest;
    std::atomic<uint32_t> resting;
  };
  auto* stage = world.shared.New<Stage>();
  const auto play = [&](int index) {
    const Id self = world.shared.segment().Enter();
    for (uint32_t turn = self;; ++turn) {
      if (stage->rest.load()) {
        ++stage->resting;
        while (stage->rest.load()) mp::test::Nap(50'000);
        --stage->resting;
      }
      const Deadline deadline = turn % 3 == 0 ? Deadline::After(0.1) : Deadline::Never();
      if (world.Semaphore().Acquire(self, deadline) != Outcome::kAcquired) continue;
      if (world.Semaphore().HeldBy(self) != 1) ++stage->bad;
      if (world.Semaphore().Release(self, 1) != Outcome::kReleased) ++stage->bad;
      ++stage->turns[index];
    }
    return 0;
  };
  std::vector<std::unique_ptr<Child>> players;
  for (int i = 0; i < kPlayers; ++i) {
    players.push_back(std::make_unique<Child>([&, i] { return play(i); }));
  }
  int64_t longest_ns = 0;
  for (int round = 0; round < 100; ++round) {
    mp::test::Nap(100'000 * (round % 13));
    const int victim = round % kPlayers;
    players[victim]->Kill();
    const int64_t start = mp::os::MonotonicNs();
    for (int i = 0; i < kPlayers; ++i) {
      const uint64_t before = stage->turns[i].load();
      if (i == victim) continue;
      REQUIRE(Eventually([&] { return stage->turns[i].load() > before; }));
    }
    longest_ns = std::max(longest_ns, mp::os::MonotonicNs() - start);
    // With everybody at rest nothing is held: no unit was lost with the dead, and none was made.
    stage->rest = true;
    REQUIRE(Eventually([&] { return stage->resting.load() == kPlayers - 1; }));
    CHECK(world.Semaphore().Free() == kUnits);
    stage->rest = false;
    REQUIRE(Eventually([&] { return stage->resting.load() == 0; }));
    players[victim] = std::make_unique<Child>([&, victim] { return play(victim); });
  }
  CHECK(stage->bad.load() == 0);
  MESSAGE("longest time until all others had a turn after a kill: ", longest_ns / 1000, " us");
}

}  // namespace
