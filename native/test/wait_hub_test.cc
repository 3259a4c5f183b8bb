// sync/wait_hub.h: when an event loop is told to try, and what happens when it does not.
#include "sync/wait_hub.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "support/child.h"
#include "support/lock_world.h"
#include "support/sleeper.h"
#include "support/watchdog.h"
#include "sync/lock.h"
#include "sync/semaphore.h"

namespace {

using mp::layout::kPending;
using mp::layout::kWaiters;
using mp::sync::HubEntry;
using mp::sync::Lock;
using mp::sync::Outcome;
using mp::sync::WaitHub;
using mp::test::Eventually;
using mp::test::LockWord;
using mp::test::LockWorld;
using mp::test::Sleeper;

/// An event loop that only counts what it was told.
class CountingLoop final : public mp::sync::HubSink {
 public:
  void Post(uint64_t ticket) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    ++posts_[ticket];
  }
  [[nodiscard]] int Posts(uint64_t ticket = 1) {
    const std::lock_guard<std::mutex> guard(mutex_);
    return posts_[ticket];
  }
  [[nodiscard]] bool Gets(int count, uint64_t ticket = 1) {
    return Eventually([&] { return Posts(ticket) >= count; });
  }

 private:
  std::mutex mutex_;
  std::map<uint64_t, int> posts_;
};

/// A hub of its own: its threads live on, asleep, as in production. `self` has no doorbell, so the
/// hub does all of the telling; with one, see bells_test.cc.
struct HubWorld : LockWorld {
  WaitHub hub;
  CountingLoop loop;
  HubEntry entry{std::make_unique<Lock>(shared.segment(), object), self.id(), &loop, 1};

  /// Watches from now on, not finding it worth a try at once.
  [[nodiscard]] bool Watch(HubEntry* waiting) {
    bool try_now = false;
    return hub.Watch(waiting, &try_now).ok() && !try_now;
  }
  [[nodiscard]] bool IsAnnounced() {
    return Eventually([&] { return (word() & kWaiters) != 0; });
  }
  [[nodiscard]] bool HasRequested() {
    return Eventually([&] { return word() >> 32 == self.id(); });
  }
};

TEST_SUITE("the wait hub tells the loop to try") {
  TEST_CASE_FIXTURE(HubWorld, "by its answer, when the lock is free already") {
    bool try_now = false;
    REQUIRE(hub.Watch(&entry, &try_now).ok());
    CHECK(try_now);
    CHECK_FALSE(hub.Rearm(&entry));  // still free
    CHECK(hub.Attempt(&entry) == Outcome::kAcquired);
    hub.Cancel(&entry, false, false);
    CHECK(lock.IsOwnedBy(self.id()));
    CHECK(loop.Posts() == 0);
    CHECK(hub.ThreadCount() == 1);
  }

  TEST_CASE_FIXTURE(HubWorld, "when the lock is released, not before") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    REQUIRE(IsAnnounced());
    CHECK(loop.Posts() == 0);
    CHECK(lock.Release() == Outcome::kReleased);
    REQUIRE(loop.Gets(1));
    CHECK(hub.Attempt(&entry) == Outcome::kAcquired);
    hub.Cancel(&entry, false, false);
  }

  TEST_CASE_FIXTURE(HubWorld, "when the lock was handed over to it") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    REQUIRE(HasRequested());
    CHECK(loop.Posts() == 0);
    CHECK(lock.Release() == Outcome::kReleased);
    REQUIRE(loop.Gets(1));
    // Within 2 ms the grant is accepted; a slow machine gets it as a free lock.
    CHECK(hub.Attempt(&entry) == Outcome::kAcquired);
    hub.Cancel(&entry, false, false);
    CHECK(lock.IsOwnedBy(self.id()));
  }

  TEST_CASE_FIXTURE(HubWorld, "when the owner dies while it sleeps") {
    mp::test::Child child([&] {
      const mp::sync::Id id = shared.segment().Enter();
      if (lock.TryAcquire(id) != Outcome::kAcquired) return 1;
      mp::test::SleepForEver();
    });
    REQUIRE(Eventually([&] { return word() != 0; }));
    REQUIRE(Watch(&entry));
    REQUIRE(IsAnnounced());
    child.Kill();
    REQUIRE(loop.Gets(1));
    CHECK(hub.Attempt(&entry) == Outcome::kAcquired);
    CHECK(lock.IsAbandoned());
    hub.Cancel(&entry, false, false);
  }

  TEST_CASE_FIXTURE(HubWorld, "when a grant to another is not accepted for 2 ms") {
    Set(other.id() | kPending | kWaiters);
    REQUIRE(Watch(&entry));
    REQUIRE(loop.Gets(1));
    CHECK(hub.Attempt(&entry) == Outcome::kAcquired);
    hub.Cancel(&entry, false, false);
    CHECK(lock.IsOwnedBy(self.id()));
  }

  TEST_CASE_FIXTURE(HubWorld, "again after a try in vain") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    CHECK(lock.Release() == Outcome::kReleased);
    REQUIRE(loop.Gets(1));
    Set(third.id());  // somebody was faster
    CHECK(hub.Attempt(&entry) == Outcome::kBusy);
    CHECK(hub.Rearm(&entry));
    CHECK(lock.Release() == Outcome::kReleased);
    REQUIRE(loop.Gets(2));
    CHECK(hub.Attempt(&entry) == Outcome::kAcquired);
    hub.Cancel(&entry, false, false);
  }

  TEST_CASE_FIXTURE(HubWorld, "once, until it has tried") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    CHECK(lock.Release() == Outcome::kReleased);
    REQUIRE(loop.Gets(1));
    mp::test::Nap(3 * mp::sync::kGrantLifeNs);  // a hub that told it again would have by now
    CHECK(loop.Posts() == 1);
    hub.Cancel(&entry, true, false);
  }

  TEST_CASE_FIXTURE(HubWorld, "when its own thread gives the lock back") {
    Set(self.id());
    REQUIRE(Watch(&entry));
    REQUIRE(HasRequested());
    CHECK(hub.Attempt(&entry) == Outcome::kDeadlock);
    CHECK(lock.Release() == Outcome::kReleased);
    REQUIRE(loop.Gets(1));
    CHECK(hub.Attempt(&entry) == Outcome::kAcquired);
    hub.Cancel(&entry, false, false);
  }

  TEST_CASE_FIXTURE(HubWorld, "when a semaphore has a unit") {
    auto* units = shared.NewSemaphore(0);
    mp::sync::Semaphore semaphore(shared.segment(), units);
    HubEntry waiting(std::make_unique<mp::sync::Semaphore>(semaphore), self.id(), &loop, 2);
    REQUIRE(Watch(&waiting));
    REQUIRE(Eventually([&] { return units->state.load() != 0; }));
    CHECK(loop.Posts(2) == 0);
    CHECK(semaphore.Release(1) == Outcome::kReleased);
    REQUIRE(loop.Gets(1, 2));
    CHECK(hub.Attempt(&waiting) == Outcome::kAcquired);
    hub.Cancel(&waiting, false, false);
    CHECK(static_cast<uint32_t>(units->state.load()) == 0);
  }
}

TEST_SUITE("what a busy loop does not fetch") {
  TEST_CASE_FIXTURE(HubWorld, "goes to the next who asked") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    REQUIRE(HasRequested());
    Set(self.id() | kPending | kWaiters, third.id());
    mp::os::Wake(LowPoint(), mp::os::kWakeAll);
    REQUIRE(loop.Gets(1));
    CHECK(Eventually([&] { return word() == LockWord(third.id() | kPending | kWaiters); }));
    CHECK(hub.Attempt(&entry) == Outcome::kBusy);
    hub.Cancel(&entry, true, false);
  }

  TEST_CASE_FIXTURE(HubWorld, "is free after 2 ms, and the loop may still try") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    REQUIRE(HasRequested());
    CHECK(lock.Release() == Outcome::kReleased);
    REQUIRE(loop.Gets(1));
    CHECK(Eventually([&] { return word() == 0; }));
    CHECK(hub.Attempt(&entry) == Outcome::kAcquired);
    hub.Cancel(&entry, false, false);
  }

  TEST_CASE_FIXTURE(HubWorld, "wakes a sleeper, when the loop was woken for a free lock") {
    Set(other.id() | kWaiters);
    Sleeper sleeper(LowPoint());
    REQUIRE(sleeper.FallsAsleep());
    REQUIRE(Watch(&entry));
    Set(0);                 // and nobody is woken
    REQUIRE(loop.Gets(1));  // at the bound of the hub's sleep
    CHECK(sleeper.WakesUp());
    hub.Cancel(&entry, true, false);
  }

  TEST_CASE_FIXTURE(HubWorld, "is the news of a death too: the other sleepers hear it at once") {
    mp::test::Child child([&] {
      const mp::sync::Id id = shared.segment().Enter();
      if (lock.TryAcquire(id) != Outcome::kAcquired) return 1;
      mp::test::SleepForEver();
    });
    REQUIRE(Eventually([&] { return word() != 0; }));
    const auto owner = static_cast<uint32_t>(word());
    REQUIRE(Watch(&entry));
    REQUIRE(HasRequested());
    mp::os::WaitPoint death;
    REQUIRE(shared.segment().ArmDeathNotice(owner, &death));
    Sleeper one(death);
    Sleeper two(death);
    REQUIRE(one.FallsAsleep());
    REQUIRE(two.FallsAsleep());
    child.Kill();
    // The kernel tells the hub, or one of the two if the hub was just looking. Were it the hub, and
    // it kept the news to itself, nobody would be awake now.
    CHECK(Eventually([&] { return one.is_awake() || two.is_awake(); }));
    mp::sync::PassDeathOn(death);  // as every sleeper of this library does
    CHECK(one.WakesUp());
    CHECK(two.WakesUp());
    CHECK(loop.Gets(1));
    hub.Cancel(&entry, true, false);
  }
}

TEST_SUITE("cancelling") {
  TEST_CASE_FIXTURE(HubWorld, "takes the request back") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    REQUIRE(HasRequested());
    hub.Cancel(&entry, true, false);
    CHECK(word() == LockWord(other.id() | kWaiters));
    CHECK(lock.Release() == Outcome::kReleased);
    CHECK(loop.Posts() == 0);
  }

  TEST_CASE_FIXTURE(HubWorld, "gives a grant back") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    REQUIRE(HasRequested());
    Set(self.id() | kPending | kWaiters);
    hub.Cancel(&entry, true, false);
    CHECK(word() == 0);
  }

  TEST_CASE_FIXTURE(HubWorld, "passes on a wake that the hub may have taken") {
    Set(other.id());
    REQUIRE(Watch(&entry));
    REQUIRE(HasRequested());
    Sleeper sleeper(LowPoint());  // leaving the wait will not change the low half
    REQUIRE(sleeper.FallsAsleep());
    hub.Cancel(&entry, true, false);
    CHECK(sleeper.WakesUp());
  }

  TEST_CASE_FIXTURE(HubWorld, "lets the same thread watch again") {
    Set(other.id());
    for (int i = 0; i < 3; ++i) {
      HubEntry again(std::make_unique<Lock>(shared.segment(), object), self.id(), &loop, 10 + i);
      REQUIRE(Watch(&again));
      REQUIRE(HasRequested());
      hub.Cancel(&again, true, false);
      CHECK(word() == LockWord(other.id() | kWaiters));
    }
    CHECK(hub.ThreadCount() == 1);
  }
}

TEST_SUITE("many waits") {
  TEST_CASE_FIXTURE(HubWorld, "share threads as far as those can watch, and all are told") {
    const size_t per_thread = mp::os::WaitCapacity() > 1 ? 63 : 1;
    const size_t count = mp::os::WaitCapacity() > 1 ? 150 : 5;
    std::vector<Lock> locks;
    std::vector<std::unique_ptr<HubEntry>> entries;
    for (size_t i = 0; i < count; ++i) {
      auto* mine = shared.NewLock();
      mine->state.store(other.id());
      locks.emplace_back(shared.segment(), mine);
      entries.push_back(std::make_unique<HubEntry>(std::make_unique<Lock>(locks.back()), self.id(),
                                                   &loop, 100 + i));
      REQUIRE(Watch(entries.back().get()));
      CHECK(hub.ThreadCount() == i / per_thread + 1);
    }
    for (Lock& each : locks) CHECK(each.Release() == Outcome::kReleased);
    for (size_t i = 0; i < count; ++i) REQUIRE(loop.Gets(1, 100 + i));
    for (const auto& each : entries) hub.Cancel(each.get(), true, false);
  }
}

}  // namespace
