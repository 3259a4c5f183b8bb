// sync/rwlock.h: who may be inside with whom, what the dead leave, and all of it at once.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "support/child.h"
#include "support/shared_segment.h"
#include "support/watchdog.h"
#include "sync/rwlock.h"

namespace {

using mp::os::Deadline;
using mp::sync::Outcome;
using mp::sync::ReadLock;
using mp::sync::WriteLock;
using mp::test::Child;
using mp::test::Eventually;
using mp::test::Party;

struct RWLockWorld {
  static constexpr uint32_t kMost = 16;

  explicit RWLockWorld(uint32_t cells = kMost) {
    struct Bytes {
      uint8_t bytes[mp::layout::RWLockBytes(kMost)];
    };
    object = reinterpret_cast<mp::layout::SyncObject*>(shared.New<Bytes>());
    object->kind = static_cast<uint32_t>(mp::layout::ObjectKind::kRWLock);
    object->flags = mp::layout::kRobust;
    object->maximum = cells;
  }

  [[nodiscard]] mp::sync::RWLockBody Body() { return {shared.segment(), object}; }
  [[nodiscard]] ReadLock Reader(mp::sync::Id self) {
    return {shared.segment(), object, Body().CellOf(self)};
  }
  [[nodiscard]] WriteLock Writer() { return {shared.segment(), object}; }

  mp::test::SharedSegment shared;
  Party one{shared};
  Party two{shared};
  mp::layout::SyncObject* object;
};

struct SmallRWLockWorld : RWLockWorld {
  SmallRWLockWorld() : RWLockWorld(1) {}
};

TEST_SUITE("the reader-writer lock") {
  TEST_CASE_FIXTURE(RWLockWorld, "lets many read, or one write") {
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kAcquired);
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kAcquired);
    CHECK(Reader(two.id()).TryAcquire(two.id()) == Outcome::kAcquired);
    CHECK(Body().Readers() == 3);
    CHECK(Writer().TryAcquire(two.id()) == Outcome::kBusy);
    CHECK(Reader(two.id()).Release() == Outcome::kReleased);
    CHECK(Reader(two.id()).Release() == Outcome::kNotOwner);
    CHECK(Writer().TryAcquire(two.id()) == Outcome::kBusy);
    CHECK(Reader(one.id()).Release() == Outcome::kReleased);
    CHECK(Reader(one.id()).Release() == Outcome::kReleased);
    CHECK(Writer().TryAcquire(two.id()) == Outcome::kAcquired);
    CHECK(Writer().TryAcquire(one.id()) == Outcome::kBusy);
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kBusy);
    CHECK(Writer().Release(one.id()) == Outcome::kNotOwner);
    CHECK(Writer().Release(two.id()) == Outcome::kReleased);
    CHECK(Writer().Release(two.id()) == Outcome::kNotOwner);
    CHECK(object->state.load() == 0);
  }

  TEST_CASE_FIXTURE(RWLockWorld, "refuses a thread that is in its own way") {
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kAcquired);
    CHECK(Writer().Acquire(one.id(), Deadline::Never()) == Outcome::kDeadlock);
    CHECK(Writer().Acquire(one.id(), Deadline::After(2)) == Outcome::kBusy);
    CHECK(object->state.load() == 0);
    CHECK(Reader(one.id()).Release() == Outcome::kReleased);
    CHECK(Writer().TryAcquire(one.id()) == Outcome::kAcquired);
    CHECK(Reader(one.id()).Acquire(one.id(), Deadline::Never()) == Outcome::kDeadlock);
  }

  TEST_CASE_FIXTURE(RWLockWorld, "a writer that waits keeps new readers out, but not nested ones") {
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kAcquired);
    WriteLock writer = Writer();
    mp::sync::Waiter waiter(mp::os::MonotonicNs());
    CHECK(writer.Attempt(two.id(), waiter) == Outcome::kBusy);
    const Party third(shared);
    CHECK(Reader(third.id()).TryAcquire(third.id()) == Outcome::kBusy);
    CHECK(Reader(one.id()).Attempt(one.id(), waiter) == Outcome::kBusy);
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kAcquired);
    CHECK(Reader(one.id()).Release() == Outcome::kReleased);
    CHECK(Reader(one.id()).Release() == Outcome::kReleased);
    CHECK(writer.Attempt(two.id(), waiter) == Outcome::kAcquired);
    CHECK(Writer().Release(two.id()) == Outcome::kReleased);
  }

  TEST_CASE_FIXTURE(RWLockWorld, "a writer that leaves lets readers in") {
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kAcquired);
    WriteLock writer = Writer();
    mp::sync::Waiter waiter(mp::os::MonotonicNs());
    CHECK(writer.Attempt(two.id(), waiter) == Outcome::kBusy);
    writer.Withdraw(two.id());
    const Party third(shared);
    CHECK(Reader(third.id()).TryAcquire(third.id()) == Outcome::kAcquired);
  }

  TEST_CASE_FIXTURE(RWLockWorld, "a writer that waits watches the death of one who reads") {
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kAcquired);
    WriteLock writer = Writer();
    mp::sync::Waiter waiter(mp::os::MonotonicNs());
    CHECK(writer.Attempt(two.id(), waiter) == Outcome::kBusy);
    mp::sync::SleepPlan plan;
    REQUIRE(writer.PrepareSleep(two.id(), waiter, &plan));
    REQUIRE(plan.point_count == 2);
    CHECK(plan.until_ns <= mp::os::MonotonicNs() + mp::sync::kSleepBoundNs);
    one.End();
    CHECK(plan.points[1].word->load() != plan.points[1].expected);
    CHECK(writer.Attempt(two.id(), waiter) == Outcome::kAcquired);
    CHECK_FALSE(Body().IsAbandoned());
  }

  TEST_CASE_FIXTURE(RWLockWorld, "a dead writer leaves it abandoned until another has released") {
    CHECK(Writer().TryAcquire(one.id()) == Outcome::kAcquired);
    one.End();
    CHECK(Reader(two.id()).TryAcquire(two.id()) == Outcome::kAcquired);
    CHECK(Body().IsAbandoned());
    CHECK(Reader(two.id()).Release() == Outcome::kReleased);
    WriteLock leaves = Writer();
    CHECK(leaves.TryAcquire(two.id()) == Outcome::kAcquired);
    CHECK(Body().IsAbandoned());
    CHECK(Writer().Release(two.id()) == Outcome::kReleased);
    CHECK_FALSE(Body().IsAbandoned());
  }

  TEST_CASE_FIXTURE(RWLockWorld, "what was abandoned stays so when a taker leaves") {
    CHECK(Reader(two.id()).TryAcquire(two.id()) == Outcome::kAcquired);
    object->state.store(mp::test::DeadId(shared));
    WriteLock writer = Writer();
    mp::sync::Waiter waiter(mp::os::MonotonicNs());
    CHECK(writer.Attempt(one.id(), waiter) == Outcome::kBusy);
    writer.Withdraw(one.id());
    CHECK(object->state.load() == 0);
    CHECK(Body().IsAbandoned());
  }

  TEST_CASE_FIXTURE(SmallRWLockWorld,
                    "has as many cells as it was made for, and reuses the dead's") {
    CHECK(Reader(one.id()).TryAcquire(one.id()) == Outcome::kAcquired);
    CHECK(Body().CellOf(one.id()) != nullptr);
    CHECK(Body().CellOf(two.id()) == nullptr);
    one.End();
    CHECK(Body().CellOf(two.id()) != nullptr);
    CHECK(Body().Readers() == 0);
  }
}

/// Reads and writes two plain numbers that writers keep equal.
struct Pair {
  int64_t one = 0;
  int64_t two = 0;
};

/// `turn` says what to do and how long to wait; returns false when that is over.
bool Turn(RWLockWorld& world, mp::sync::Id self, Pair* pair, uint32_t turn, std::atomic<int>* bad) {
  const Deadline deadline = turn % 5 == 0 ? Deadline::After(0.05) : Deadline::Never();
  if (turn % 4 == 3) {
    if (world.Writer().Acquire(self, deadline) != Outcome::kAcquired) return false;
    ++pair->one;
    ++pair->two;
    if (world.Writer().Release(self) != Outcome::kReleased) ++*bad;
    return true;
  }
  ReadLock reader = world.Reader(self);
  if (reader.Acquire(self, deadline) != Outcome::kAcquired) return false;
  if (pair->one != pair->two) ++*bad;
  if (world.Reader(self).Release() != Outcome::kReleased) ++*bad;
  return true;
}

TEST_CASE("threads read and write, with and without timeouts: no reader sees a half change") {
  RWLockWorld world;
  Pair pair;
  std::atomic<int> bad{0};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      const Party party(world.shared);
      for (uint32_t turn = i; turn < 8000; ++turn) (void)Turn(world, party.id(), &pair, turn, &bad);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(bad.load() == 0);
  CHECK(pair.one == pair.two);
  CHECK(world.object->state.load() == 0);
  CHECK(world.Body().Readers() == 0);
}

TEST_CASE("of processes: whoever is killed at any moment, the others go on and are told") {
  signal(SIGPIPE, SIG_IGN);
  RWLockWorld world;
  struct Stage {
    std::atomic<uint64_t> turns;
    std::atomic<int> bad;
    std::atomic<int64_t> one;
    std::atomic<int64_t> two;
  };
  auto* stage = world.shared.New<Stage>();
  const auto play = [&] {
    const mp::sync::Id self = world.shared.segment().Enter();
    for (uint32_t turn = self;; ++turn) {
      if (turn % 4 == 3) {
        (void)world.Writer().Acquire(self, Deadline::Never());
        const bool repairs = world.Body().IsAbandoned();
        if (!repairs && stage->one.load() != stage->two.load()) ++stage->bad;
        const int64_t next = stage->one.load() + 1;
        stage->one.store(next);
        stage->two.store(next);
        (void)world.Writer().Release(self);
      } else {
        (void)world.Reader(self).Acquire(self, Deadline::Never());
        if (!world.Body().IsAbandoned() && stage->one.load() != stage->two.load()) ++stage->bad;
        (void)world.Reader(self).Release();
      }
      ++stage->turns;
    }
    return 0;
  };
  std::vector<std::unique_ptr<Child>> players;
  for (int i = 0; i < 3; ++i) players.push_back(std::make_unique<Child>(play));
  int64_t longest_ns = 0;
  for (int round = 0; round < 100; ++round) {
    mp::test::Nap(100'000 * (round % 13));
    const auto victim = static_cast<size_t>(round % 3);
    players[victim]->Kill();
    const uint64_t before = stage->turns.load();
    const int64_t start = mp::os::MonotonicNs();
    REQUIRE(Eventually([&] { return stage->turns.load() > before + 100; }));
    const int64_t took = mp::os::MonotonicNs() - start;
    longest_ns = took > longest_ns ? took : longest_ns;
    players[victim] = std::make_unique<Child>(play);
  }
  CHECK(stage->bad.load() == 0);
  MESSAGE("longest time to 100 turns after a kill: ", longest_ns / 1000, " us");
}

}  // namespace
