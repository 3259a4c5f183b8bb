// sync/bells.h, and the wait hub beside it: loops that have a doorbell.
#include "sync/bells.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <memory>
#include <vector>

#include "support/child.h"
#include "support/event_loop.h"
#include "support/lock_world.h"
#include "support/sleeper.h"
#include "support/watchdog.h"
#include "sync/lock.h"
#include "sync/semaphore.h"
#include "sync/wait_hub.h"

namespace {

using mp::layout::kWaiters;
using mp::os::Deadline;
using mp::sync::HubEntry;
using mp::sync::Lock;
using mp::sync::Outcome;
using mp::test::Bell;
using mp::test::Child;
using mp::test::EventLoop;
using mp::test::Eventually;
using mp::test::LockWord;
using mp::test::LockWorld;
using mp::test::LoopWait;

Deadline Watchdog() { return Deadline::After(mp::test::kWatchdogMs); }

/// `self` has a loop with a doorbell.
struct BellWorld : LockWorld {
  BellWorld() { signal(SIGPIPE, SIG_IGN); }

  EventLoop loop{shared.segment(), self.id(), Bell::kPublished};
  mp::sync::WaitHub hub;

  [[nodiscard]] uint32_t bell() const { return object->bell.load(); }
  [[nodiscard]] uint64_t key() { return lock.bell_place().key; }
  [[nodiscard]] std::unique_ptr<LoopWait> Wait() {
    auto object_in = std::make_unique<Lock>(shared.segment(), object);
    return std::make_unique<LoopWait>(hub, loop, std::move(object_in), self.id());
  }
  [[nodiscard]] mp::layout::Slot* OwnSlot() { return shared.segment().SlotOfLiving(self.id()); }
  [[nodiscard]] bool IsQuiet() { return !loop.Turn(Deadline::After(0)); }
};

TEST_SUITE("ringing") {
  TEST_CASE_FIXTURE(BellWorld, "reaches the loop of a living id") {
    mp::sync::Ring(shared.segment(), self.id(), 77);
    CHECK(loop.Turn(Watchdog()));
    CHECK(loop.last_key() == 77);
    CHECK(loop.rings() == 1);
  }

  TEST_CASE_FIXTURE(BellWorld, "reaches a loop in another process, whose slot is used anew") {
    for (uint64_t key = 1; key < 4; ++key) {
      Child child([&] {
        mp::sync::Ring(shared.segment(), self.id(), key);
        return 0;
      });
      CHECK(child.Wait() == 0);
      CHECK(loop.Turn(Watchdog()));
      CHECK(loop.last_key() == key);
    }
  }

  TEST_CASE_FIXTURE(BellWorld, "passes over the dead, and who has no doorbell") {
    mp::sync::Ring(shared.segment(), dead, 1);
    mp::sync::Ring(shared.segment(), other.id(), 1);
    mp::sync::Ring(shared.segment(), 0, 1);
    CHECK(IsQuiet());
  }

  TEST_CASE_FIXTURE(BellWorld, "tells an owner who cannot be reached, by taking its bell away") {
    OwnSlot()->bell_identity.fetch_add(1);
    mp::sync::Ring(shared.segment(), self.id(), 1);
    CHECK(OwnSlot()->bell.load() == 0);
    CHECK(IsQuiet());
  }

  TEST_CASE_FIXTURE(BellWorld, "takes the id out of the bell, and wakes sleepers beside it") {
    object->bell.store(self.id());
    mp::test::Sleeper sleeper(LowPoint());
    REQUIRE(sleeper.FallsAsleep());
    mp::sync::WakeAndRing(shared.segment(), LowPoint(), 1, &object->bell);
    CHECK(sleeper.WakesUp());
    CHECK(bell() == 0);
    CHECK(loop.Turn(Watchdog()));
    CHECK(loop.last_key() == key());
  }

  TEST_CASE_FIXTURE(BellWorld, "comes with a release when somebody waits, and with a hand-off") {
    object->bell.store(self.id());
    Set(other.id());
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(bell() == self.id());  // nobody waits
    CHECK(IsQuiet());
    Set(other.id() | kWaiters);
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(bell() == 0);
    CHECK(loop.Turn(Watchdog()));
    Set(other.id() | kWaiters, self.id());
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(loop.Turn(Watchdog()));
    CHECK(loop.last_key() == key());
  }
}

TEST_SUITE("a wait with a doorbell") {
  TEST_CASE_FIXTURE(BellWorld, "leaves the id in the bell and is rung at the release") {
    Set(other.id());
    const auto wait = Wait();
    CHECK(wait->entry().by_bell);
    CHECK(bell() == self.id());
    CHECK((word() & kWaiters) != 0);
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(wait->Finish(Watchdog()));
    CHECK(loop.rings() >= 1);  // twice when it starved by then: for the hand-off too
    CHECK(bell() == 0);
    CHECK(lock.IsOwnedBy(self.id()));
  }

  TEST_CASE_FIXTURE(BellWorld, "of a free lock ends at once") {
    const auto wait = Wait();
    CHECK(wait->has_acquired());
    CHECK(bell() == 0);
    CHECK(IsQuiet());
  }

  TEST_CASE_FIXTURE(BellWorld, "leaves no trace when it is cancelled") {
    Set(other.id());
    Wait().reset();
    CHECK(bell() == 0);
    CHECK(word() == LockWord(other.id() | kWaiters));
  }

  TEST_CASE_FIXTURE(BellWorld, "keeps the bell for another wait of the same loop") {
    Set(other.id());
    const auto first = Wait();
    HubEntry second(std::make_unique<Lock>(shared.segment(), object), self.id(), &loop, 2);
    bool try_now = true;
    REQUIRE(hub.Watch(&second, &try_now).ok());
    CHECK_FALSE(try_now);
    CHECK(second.by_bell);
    hub.Cancel(&second, true, true);
    CHECK(bell() == self.id());
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(first->Finish(Watchdog()));
  }

  TEST_CASE_FIXTURE(BellWorld, "waits by the word while another loop has the bell") {
    object->bell.store(other.id());
    Set(third.id());
    const auto wait = Wait();
    CHECK_FALSE(wait->entry().by_bell);
    CHECK(bell() == other.id());
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(wait->Finish(Watchdog()));
    CHECK(loop.posts() >= 1);
  }

  TEST_CASE_FIXTURE(BellWorld, "takes the bell from a dead one") {
    object->bell.store(dead);
    Set(other.id());
    const auto wait = Wait();
    CHECK(wait->entry().by_bell);
    CHECK(bell() == self.id());
  }

  TEST_CASE_FIXTURE(BellWorld, "changes to the word when the bell was lost to another, and back") {
    Set(other.id());
    const auto wait = Wait();
    object->bell.store(third.id());
    CHECK_FALSE(wait->Try());
    CHECK_FALSE(wait->entry().by_bell);
    object->bell.store(0);
    CHECK_FALSE(wait->Try());
    CHECK(wait->entry().by_bell);
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(wait->Finish(Watchdog()));
  }

  TEST_CASE_FIXTURE(BellWorld, "changes to the word when it turns out that nobody can ring it") {
    OwnSlot()->bell_identity.fetch_add(1);
    Set(other.id());
    const auto wait = Wait();
    CHECK(wait->entry().by_bell);
    CHECK(lock.Release() == Outcome::kReleased);  // rings in vain
    Set(other.id());
    CHECK_FALSE(wait->Try());
    CHECK_FALSE(wait->entry().by_bell);
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(wait->Finish(Watchdog()));
    CHECK(loop.rings() == 0);
  }

  TEST_CASE_FIXTURE(BellWorld, "is told by the hub when a ring was lost with its ringer") {
    Set(other.id());
    const auto wait = Wait();
    object->bell.store(0);
    Set(0);  // released and died before it rang
    CHECK(wait->Finish(Watchdog()));
    CHECK(loop.posts() == 1);
    CHECK(loop.rings() == 0);
  }

  TEST_CASE_FIXTURE(BellWorld, "is told by the hub when its id was lost, though the lock is held") {
    Set(other.id());
    const auto wait = Wait();
    object->bell.store(0);  // taken out by a ringer that died; another has the lock already
    CHECK(loop.Turn(Watchdog()));
    CHECK(loop.posts() == 1);
    CHECK_FALSE(wait->Try());
    CHECK(bell() == self.id());
  }

  TEST_CASE_FIXTURE(BellWorld, "is told by the hub when the owner dies") {
    Child child([&] {
      const mp::sync::Id id = shared.segment().Enter();
      if (lock.TryAcquire(id) != Outcome::kAcquired) return 1;
      mp::test::SleepForEver();
    });
    REQUIRE(Eventually([&] { return word() != 0; }));
    const auto wait = Wait();
    CHECK(wait->entry().by_bell);
    child.Kill();
    CHECK(wait->Finish(Watchdog()));
    CHECK(lock.IsAbandoned());
    CHECK(loop.posts() == 1);
  }

  TEST_CASE_FIXTURE(BellWorld, "asks for hand-off when it starves, and is rung for that") {
    Set(other.id());
    const auto wait = Wait();
    REQUIRE(Eventually([&] { return word() >> 32 == self.id(); }));  // by the hub
    object->bell.store(0);                                           // the hand-off itself rings
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(wait->Finish(Watchdog()));
    CHECK(loop.rings() == 1);
  }

  TEST_CASE_FIXTURE(BellWorld, "for a semaphore is rung for a unit") {
    auto* units = shared.NewSemaphore(0);
    mp::sync::Semaphore semaphore(shared.segment(), units);
    LoopWait wait(hub, loop, std::make_unique<mp::sync::Semaphore>(semaphore), self.id());
    CHECK(units->bell.load() == self.id());
    CHECK(semaphore.Release(1) == Outcome::kReleased);
    CHECK(wait.Finish(Watchdog()));
    CHECK(loop.rings() >= 1);
    CHECK(static_cast<uint32_t>(units->state.load()) == 0);
  }

  TEST_CASE_FIXTURE(BellWorld, "shares its hub thread with a thousand others") {
    std::vector<std::unique_ptr<HubEntry>> entries;
    for (int i = 0; i < 1200; ++i) {
      auto* mine = shared.NewLock();
      mine->state.store(other.id());
      entries.push_back(std::make_unique<HubEntry>(std::make_unique<Lock>(shared.segment(), mine),
                                                   self.id(), &loop, 100 + i));
      bool try_now = true;
      REQUIRE(hub.Watch(entries.back().get(), &try_now).ok());
      REQUIRE(entries.back()->by_bell);
    }
    CHECK(hub.ThreadCount() == 2);
    for (const auto& entry : entries) hub.Cancel(entry.get(), true, false);
  }
}

}  // namespace
