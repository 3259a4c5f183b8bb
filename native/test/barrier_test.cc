// sync/barrier.h: rounds, what breaks them and for whom, who is found dead, many rounds at once.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <initializer_list>
#include <memory>
#include <thread>
#include <vector>

#include "support/child.h"
#include "support/event_loop.h"
#include "support/shared_segment.h"
#include "support/watchdog.h"
#include "sync/barrier.h"

namespace {

using mp::os::Deadline;
using mp::sync::Barrier;
using mp::sync::BarrierResult;
using mp::sync::BarrierTurn;
using mp::test::Child;
using mp::test::Eventually;
using mp::test::Party;

struct BarrierWorld {
  static constexpr uint32_t kMost = 8;

  explicit BarrierWorld(uint32_t parties = 3, uint32_t flags = 0) {
    struct Bytes {
      uint8_t bytes[mp::layout::BarrierBytes(kMost)];
    };
    object = reinterpret_cast<mp::layout::SyncObject*>(shared.New<Bytes>());
    object->kind = static_cast<uint32_t>(mp::layout::ObjectKind::kBarrier);
    object->maximum = parties;
    object->flags = flags;
  }

  [[nodiscard]] Barrier New(bool can_act = false) {
    BarrierTurn turn;
    turn.can_act = can_act;
    return {shared.segment(), object, turn};
  }
  [[nodiscard]] uint32_t arrived() const {
    return static_cast<uint32_t>(object->state.load() >> 32) & 0xffff;
  }
  [[nodiscard]] bool is_broken() const { return (object->state.load() & mp::layout::kBroken) != 0; }
  [[nodiscard]] uint64_t arrival(uint32_t index) const {
    return mp::layout::ArrivalsOf(reinterpret_cast<mp::layout::Barrier*>(object))[index].load();
  }

  mp::test::SharedSegment shared;
  Party one{shared};
  Party two{shared};
  Party three{shared};
  mp::layout::SyncObject* object;
};

struct ActionWorld : BarrierWorld {
  ActionWorld() : BarrierWorld(2, mp::layout::kHasAction) {}
};

TEST_SUITE("the barrier") {
  TEST_CASE_FIXTURE(BarrierWorld, "lets all pass when the last has come, by distinct indices") {
    Barrier a = New();
    Barrier b = New();
    Barrier c = New();
    CHECK(a.Arrive(one.id()) == BarrierResult::kWaiting);
    CHECK(b.Arrive(two.id()) == BarrierResult::kWaiting);
    CHECK(arrived() == 2);
    CHECK(a.Look() == BarrierResult::kWaiting);
    CHECK(c.Arrive(three.id()) == BarrierResult::kPassed);
    CHECK(arrived() == 0);
    // The next round is under way before the first have looked.
    Barrier next = New();
    CHECK(next.Arrive(three.id()) == BarrierResult::kWaiting);
    CHECK(a.Look() == BarrierResult::kPassed);
    CHECK(b.Look() == BarrierResult::kPassed);
    CHECK(a.turn().index == 0);
    CHECK(b.turn().index == 1);
    CHECK(c.turn().index == 2);
    CHECK(next.turn().index == 0);
    CHECK(next.Look() == BarrierResult::kWaiting);
  }

  TEST_CASE_FIXTURE(BarrierWorld, "broken by one is broken for all until reset") {
    Barrier a = New();
    CHECK(a.Arrive(one.id()) == BarrierResult::kWaiting);
    CHECK_FALSE(New().Break(a.turn().round + 1));
    CHECK(New().Break(a.turn().round));
    CHECK_FALSE(New().Break(a.turn().round));
    CHECK(a.Look() == BarrierResult::kBroken);
    CHECK(New().Arrive(two.id()) == BarrierResult::kBroken);
    New().Reset();
    CHECK_FALSE(is_broken());
    CHECK(a.Look() == BarrierResult::kBroken);
    Barrier b = New();
    CHECK(b.Arrive(two.id()) == BarrierResult::kWaiting);
    New().Abort();
    CHECK(b.Look() == BarrierResult::kBroken);
  }

  TEST_CASE_FIXTURE(BarrierWorld, "reset of an empty one changes nothing") {
    const uint64_t before = object->state.load();
    New().Reset();
    CHECK(object->state.load() == before);
  }

  TEST_CASE_FIXTURE(BarrierWorld,
                    "tells late ones whether their own round was reset, for 15 resets") {
    for (uint32_t resets = 0; resets < 2 * mp::layout::kResetsKept; ++resets) {
      Barrier passed[] = {New(), New(), New()};
      for (Barrier& wait : passed) (void)wait.Arrive(one.id());
      Barrier reset = New();
      CHECK(reset.Arrive(one.id()) == BarrierResult::kWaiting);
      for (uint32_t i = 0; i < resets; ++i) {
        New().Reset();
        Barrier next = New();
        CHECK(next.Arrive(two.id()) == BarrierResult::kWaiting);
      }
      const bool is_known = resets < mp::layout::kResetsKept;
      CHECK(passed[0].Look() == (is_known ? BarrierResult::kPassed : BarrierResult::kBroken));
      CHECK(reset.Look() == (resets == 0 ? BarrierResult::kWaiting : BarrierResult::kBroken));
      New().Reset();
    }
  }

  TEST_CASE_FIXTURE(BarrierWorld, "counts one who was killed between its two steps, and breaks") {
    std::atomic<uint64_t>& place =
        mp::layout::ArrivalsOf(reinterpret_cast<mp::layout::Barrier*>(object))[0];
    // Round 0 is as fresh memory: the id says that somebody is there.
    place.store(mp::test::DeadId(shared));
    Barrier b = New();
    CHECK(b.Arrive(two.id()) == BarrierResult::kWaiting);
    CHECK(arrived() == 2);
    CHECK(b.turn().index == 1);
    mp::sync::Waiter waiter(0);
    waiter.MarkSlept();
    mp::sync::SleepPlan plan;
    CHECK_FALSE(b.PrepareSleep(two.id(), waiter, &plan));
    CHECK(b.Look() == BarrierResult::kBroken);
  }

  TEST_CASE_FIXTURE(BarrierWorld, "breaks when the last was killed between its two steps") {
    Barrier a = New();
    Barrier b = New();
    CHECK(a.Arrive(one.id()) == BarrierResult::kWaiting);
    CHECK(b.Arrive(two.id()) == BarrierResult::kWaiting);
    mp::layout::ArrivalsOf(reinterpret_cast<mp::layout::Barrier*>(object))[2].store(
        mp::test::DeadId(shared));
    CHECK(a.Wait(one.id(), Deadline::After(mp::test::kWatchdogMs)) == BarrierResult::kBroken);
  }

  TEST_CASE_FIXTURE(BarrierWorld, "watches the one who came before, after a first sleep") {
    Barrier a = New();
    Barrier b = New();
    CHECK(a.Arrive(one.id()) == BarrierResult::kWaiting);
    CHECK(b.Arrive(two.id()) == BarrierResult::kWaiting);
    mp::sync::Waiter waiter(0);
    mp::sync::SleepPlan first;
    REQUIRE(b.PrepareSleep(two.id(), waiter, &first));
    CHECK(first.point_count == 1);
    CHECK(first.until_ns <= mp::os::MonotonicNs() + mp::sync::kSleepBoundNs);
    waiter.MarkSlept();
    mp::sync::SleepPlan second;
    REQUIRE(b.PrepareSleep(two.id(), waiter, &second));
    REQUIRE(second.point_count == 2);
    one.End();
    CHECK(second.points[1].word->load() != second.points[1].expected);
    mp::sync::SleepPlan third;
    CHECK_FALSE(b.PrepareSleep(two.id(), waiter, &third));
    CHECK(is_broken());
  }

  TEST_CASE_FIXTURE(BarrierWorld, "a deadline breaks it") {
    Barrier other = New();
    CHECK(other.Arrive(two.id()) == BarrierResult::kWaiting);
    for (const double timeout_ms : {0.0, 5.0}) {
      const Deadline deadline = Deadline::After(timeout_ms);
      CHECK(New().Wait(one.id(), deadline) == BarrierResult::kBroken);
      CHECK(deadline.IsPast());
      CHECK(is_broken());
      CHECK(other.Look() == BarrierResult::kBroken);
      New().Reset();
    }
  }

  TEST_CASE_FIXTURE(ActionWorld, "gives the action to one who has it, once, before others pass") {
    Barrier able = New(true);
    Barrier last = New();
    CHECK(able.Arrive(one.id()) == BarrierResult::kWaiting);
    CHECK(last.Arrive(two.id()) == BarrierResult::kWaiting);
    Barrier outside = New(true);
    CHECK(outside.Arrive(three.id()) == BarrierResult::kWaiting);
    CHECK_FALSE(outside.turn().is_inside);
    CHECK(able.Look() == BarrierResult::kAct);
    CHECK(able.Look() == BarrierResult::kWaiting);
    CHECK(last.Look() == BarrierResult::kWaiting);
    CHECK(New().Complete(able.turn().round + 1) == BarrierResult::kBroken);
    CHECK(New().Complete(able.turn().round) == BarrierResult::kPassed);
    CHECK(last.Look() == BarrierResult::kPassed);
    CHECK(outside.Arrive(three.id()) == BarrierResult::kWaiting);
    CHECK(outside.turn().is_inside);
    New().Reset();
    CHECK(New().Complete(outside.turn().round) == BarrierResult::kBroken);
  }

  TEST_CASE_FIXTURE(ActionWorld, "breaks a round in which nobody has the action") {
    Barrier a = New();
    Barrier b = New();
    CHECK(a.Arrive(one.id()) == BarrierResult::kWaiting);
    CHECK(b.Arrive(two.id()) == BarrierResult::kNoActor);
    CHECK(a.Look() == BarrierResult::kBroken);
  }

  TEST_CASE_FIXTURE(BarrierWorld, "a killed process breaks it for sleepers within 100 ms") {
    signal(SIGPIPE, SIG_IGN);
    for (int round = 0; round < 5; ++round) {
      Child child([&] {
        const mp::sync::Id id = shared.segment().Enter();
        return New().Wait(id, Deadline::Never()) == BarrierResult::kBroken ? 0 : 1;
      });
      REQUIRE(Eventually([&] { return arrived() == 1; }));
      BarrierResult result = BarrierResult::kWaiting;
      std::atomic<int64_t> ended_ns{0};
      std::thread waiter([&] {
        const Party party(shared);
        result = New().Wait(party.id(), Deadline::After(mp::test::kWatchdogMs));
        ended_ns.store(mp::os::MonotonicNs());
      });
      REQUIRE(Eventually([&] { return arrived() == 2; }));
      const int64_t killed_ns = mp::os::MonotonicNs();
      child.Kill();
      waiter.join();
      CHECK(result == BarrierResult::kBroken);
      CHECK(ended_ns.load() - killed_ns < 100 * mp::os::kNsPerMs);
      New().Reset();
    }
  }
}

/// Passes as one of four parties; returns how often.
int PassUntilBroken(BarrierWorld& world, mp::sync::Id id, int rounds, std::atomic<int>* inside) {
  int passed = 0;
  for (; passed < rounds; ++passed) {
    inside->fetch_add(1, std::memory_order_relaxed);
    if (world.New().Wait(id, Deadline::Never()) != BarrierResult::kPassed) break;
    if (inside->load(std::memory_order_relaxed) < 4 * (passed + 1)) return -1;
  }
  return passed;
}

TEST_CASE("threads pass a barrier of four in step, thousands of times") {
  BarrierWorld world(4);
  constexpr int kRounds = 3000;
  std::atomic<int> inside{0};
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const Party party(world.shared);
      if (PassUntilBroken(world, party.id(), kRounds, &inside) == kRounds) ++right;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right.load() == 4);
  CHECK(inside.load() == 4 * kRounds);
}

TEST_CASE("plain data that a party wrote before it came is seen by all after the round") {
  BarrierWorld world(3);
  constexpr int kRounds = 1000;
  int data[3] = {};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      const Party party(world.shared);
      for (int round = 1; round <= kRounds; ++round) {
        data[i] = round;
        if (world.New().Wait(party.id(), Deadline::Never()) != BarrierResult::kPassed) ++wrong;
        for (const int seen : data) wrong += seen != round;
        if (world.New().Wait(party.id(), Deadline::Never()) != BarrierResult::kPassed) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong.load() == 0);
}

TEST_CASE("timeouts, aborts and resets at any time: everybody gets an answer, and rounds go on") {
  BarrierWorld world(3);
  std::atomic<bool> stop{false};
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {  // one more than there is room for
    threads.emplace_back([&, i] {
      const Party party(world.shared);
      for (int turn = 0; !stop.load(); ++turn) {
        const Deadline deadline = Deadline::After(turn % 7 == i ? 0.2 : 20);
        const BarrierResult result = world.New().Wait(party.id(), deadline);
        if (result == BarrierResult::kPassed) ++passed;
        // One of them only: a reset by each would break what the others have just begun.
        if (result == BarrierResult::kBroken && i == 0) world.New().Reset();
        if (turn % 50 == 49) world.New().Abort();
      }
    });
  }
  CHECK(Eventually([&] { return passed.load() > 300; }));
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("of processes: whoever is killed at any moment hangs nobody, and the rest go on") {
  signal(SIGPIPE, SIG_IGN);
  BarrierWorld world(3);
  auto* total = world.shared.New<std::atomic<uint64_t>>();
  const auto play = [&] {
    const mp::sync::Id id = world.shared.segment().Enter();
    for (;;) {
      const BarrierResult result = world.New().Wait(id, Deadline::After(mp::test::kWatchdogMs));
      if (result == BarrierResult::kPassed) total->fetch_add(1);
      if (result == BarrierResult::kBroken) world.New().Reset();
    }
    return 0;
  };
  std::vector<std::unique_ptr<Child>> players;
  for (int i = 0; i < 3; ++i) players.push_back(std::make_unique<Child>(play));
  uint64_t longest_ns = 0;
  for (int round = 0; round < 60; ++round) {
    const uint64_t before = total->load();
    // The fourth comes first, so that there are always enough.
    players.push_back(std::make_unique<Child>(play));
    mp::test::Nap(1000 * (round % 17));
    players[static_cast<size_t>(round % 3)]->Kill();
    players.erase(players.begin() + round % 3);
    const int64_t start = mp::os::MonotonicNs();
    REQUIRE(Eventually([&] { return total->load() > before + 30; }));
    const auto took = static_cast<uint64_t>(mp::os::MonotonicNs() - start);
    longest_ns = took > longest_ns ? took : longest_ns;
  }
  MESSAGE("longest time without a round after a kill: ", longest_ns / 1000, " us");
}

}  // namespace
