// sync/ring_wait.h: who sleeps, who is woken, and many at both sides.
#include "sync/ring_wait.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "support/event_loop.h"
#include "support/ring_world.h"
#include "support/sleeper.h"
#include "support/watchdog.h"

namespace {

using mp::os::Deadline;
using mp::sync::RingResult;
using mp::test::kWatchdogMs;
using mp::test::Party;
using mp::test::RingWorld;

struct OneItemWorld : RingWorld {
  OneItemWorld() : RingWorld(1) {}
};
/// Full, with getters at work in it: a chunk of 4 MiB.
struct RoomyWorld : RingWorld {
  static constexpr uint32_t kMegabyte = (1U << 20) - 64;
  static constexpr uint32_t kRoomy = 4U << 20;

  RoomyWorld() {
    REQUIRE(Put(1, kMegabyte) == RingResult::kReady);
    REQUIRE(Get() == 1);
    for (uint32_t i = 2; i <= 5; ++i) REQUIRE(Put(i, kMegabyte) == RingResult::kReady);
    REQUIRE(layout->grown_bytes == kRoomy);
  }

  mp::sync::Outcome Try(mp::sync::Growth growth) {
    mp::sync::PutWait wait(ring(), shared.segment(), kMegabyte, growth);
    mp::sync::Waiter waiter(mp::os::MonotonicNs());
    const mp::sync::Outcome outcome = wait.Attempt(self.id(), waiter);
    if (outcome == mp::sync::Outcome::kAcquired) ring().CancelPut();
    return outcome;
  }
};
struct TightWorld : RingWorld {
  TightWorld() : RingWorld(50, mp::layout::kFirstChunkBytes) {}
};

/// Runs `run(id)` on a thread with an identity of its own.
template <typename Run>
std::thread AsParty(RingWorld& world, Run run) {
  return std::thread([&world, run] {
    const mp::sync::Id id = world.shared.segment().Enter();
    run(id);
    world.shared.segment().Leave(id);
  });
}

TEST_SUITE("waiting at a ring") {
  TEST_CASE_FIXTURE(RingWorld, "a getter sleeps until something is put") {
    uint32_t number = 0;
    std::thread getter = AsParty(*this, [&](mp::sync::Id id) {
      (void)Get(id, &number, nullptr, Deadline::After(kWatchdogMs));
    });
    REQUIRE(mp::test::Eventually([&] { return layout->getters_wait.load() != 0; }));
    CHECK(Put(42) == RingResult::kReady);
    getter.join();
    CHECK(number == 42);
  }

  TEST_CASE_FIXTURE(OneItemWorld, "a putter sleeps until something is taken") {
    REQUIRE(Put(1) == RingResult::kReady);
    RingResult result = RingResult::kBusy;
    std::thread putter = AsParty(
        *this, [&](mp::sync::Id id) { result = PutAs(id, 2, 8, Deadline::After(kWatchdogMs)); });
    REQUIRE(mp::test::Eventually([&] { return layout->putters_wait.load() != 0; }));
    CHECK(Get() == 1);
    putter.join();
    CHECK(result == RingResult::kReady);
    CHECK(Get() == 2);
  }

  // Regression: the flag of the next sleeper was cleared, whom the next put did not wake then.
  TEST_CASE_FIXTURE(RingWorld,
                    "a putter that is late with its wake leaves the next sleeper alone") {
    REQUIRE(Put(1) == RingResult::kReady);
    REQUIRE(Get() == 1);
    uint32_t number = 0;
    std::thread getter = AsParty(*this, [&](mp::sync::Id id) {
      (void)Get(id, &number, nullptr, Deadline::After(kWatchdogMs));
    });
    REQUIRE(mp::test::Eventually([&] { return layout->getters_wait.load() != 0; }));
    ring().FinishPut(self.id());
    CHECK(layout->getters_wait.load() != 0);
    REQUIRE(Put(2) == RingResult::kReady);
    getter.join();
    CHECK(number == 2);
  }

  TEST_CASE_FIXTURE(OneItemWorld, "so does a getter that is late") {
    REQUIRE(Put(1) == RingResult::kReady);
    REQUIRE(Get() == 1);
    REQUIRE(Put(2) == RingResult::kReady);
    RingResult result = RingResult::kBusy;
    std::thread putter = AsParty(
        *this, [&](mp::sync::Id id) { result = PutAs(id, 3, 8, Deadline::After(kWatchdogMs)); });
    REQUIRE(mp::test::Eventually([&] { return layout->putters_wait.load() != 0; }));
    ring().FinishGet(other.id());
    CHECK(layout->putters_wait.load() != 0);
    CHECK(Get() == 2);
    putter.join();
    CHECK(result == RingResult::kReady);
  }

  TEST_CASE_FIXTURE(RoomyWorld, "a putter first waits for getters that are at work") {
    CHECK(Try(mp::sync::Growth::kLater) == mp::sync::Outcome::kBusy);
    CHECK(layout->grown_bytes == kRoomy);
    CHECK(Get() == 2);
    CHECK(Try(mp::sync::Growth::kLater) == mp::sync::Outcome::kAcquired);
    CHECK(layout->grown_bytes == kRoomy);
  }

  TEST_CASE_FIXTURE(RoomyWorld, "a putter that may not sleep takes more memory at once") {
    CHECK(Try(mp::sync::Growth::kAtOnce) == mp::sync::Outcome::kAcquired);
    CHECK(layout->grown_bytes == 2 * kRoomy);
  }

  TEST_CASE_FIXTURE(RoomyWorld, "a putter that waited for getters takes more memory in the end") {
    CHECK(PutAs(self.id(), 6, kMegabyte, Deadline::Never()) == RingResult::kReady);
    CHECK(layout->grown_bytes == 2 * kRoomy);
    CHECK(GetAll() == std::vector<uint32_t>{2, 3, 4, 5, 6});
  }

  TEST_CASE_FIXTURE(RoomyWorld, "it does not wait for getters that are not there yet") {
    REQUIRE(Put(6, kMegabyte) == RingResult::kReady);
    REQUIRE(Put(7, kMegabyte) == RingResult::kReady);
    REQUIRE(layout->grown_bytes == 2 * kRoomy);
    CHECK(Try(mp::sync::Growth::kLater) == mp::sync::Outcome::kAcquired);
  }

  TEST_CASE_FIXTURE(OneItemWorld, "waits end at their deadline and leave the locks free") {
    uint32_t number = 0;
    CHECK(Get(self.id(), &number, nullptr, Deadline::After(5)) == RingResult::kBusy);
    REQUIRE(Put(1) == RingResult::kReady);
    CHECK(PutAs(self.id(), 2, 8, Deadline::After(5)) == RingResult::kBusy);
    CHECK(static_cast<uint32_t>(layout->put_lock.load() & mp::layout::kIdMask) == 0);
    CHECK(static_cast<uint32_t>(layout->get_lock.load() & mp::layout::kIdMask) == 0);
  }

  TEST_CASE_FIXTURE(OneItemWorld, "all who sleep are told when it is shut down") {
    REQUIRE(Put(1) == RingResult::kReady);
    std::atomic<int> told{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.push_back(AsParty(*this, [&](mp::sync::Id id) {
        if (PutAs(id, 2, 8, Deadline::After(kWatchdogMs)) == RingResult::kShutDown) ++told;
      }));
    }
    REQUIRE(mp::test::Eventually([&] { return layout->putters_wait.load() != 0; }));
    ring().ShutDown(self.id(), true);
    for (std::thread& thread : threads) thread.join();
    CHECK(told == 2);
  }

  TEST_CASE_FIXTURE(RingWorld, "a joiner sleeps until the last task is done") {
    REQUIRE(Put(1) == RingResult::kReady);
    bool joined = false;
    std::thread joiner = AsParty(
        *this, [&](mp::sync::Id id) { joined = ring().Join(id, Deadline::After(kWatchdogMs)); });
    REQUIRE(mp::test::Eventually([&] { return layout->joiners_wait.load() != 0; }));
    CHECK(ring().TaskDone());
    joiner.join();
    CHECK(joined);
  }

  TEST_CASE_FIXTURE(RingWorld, "a getter does not wait behind the lock of a dead one") {
    REQUIRE(Put(1) == RingResult::kReady);
    {
      Party doomed(shared);
      REQUIRE(ring().BeginGet(doomed.id(), Deadline::After(0)) == RingResult::kReady);
    }
    CHECK(Get() == 1);
    {
      Party doomed(shared);
      REQUIRE(ring().BeginPut(doomed.id(), 8, Deadline::After(0)) == RingResult::kReady);
      Fill(ring().Reserve(8), 13, 8);
    }
    REQUIRE(Put(2) == RingResult::kReady);
    CHECK(Get() == 2);
  }
}

TEST_SUITE("an event loop at a ring") {
  TEST_CASE_FIXTURE(RingWorld, "is rung when something is put") {
    mp::test::EventLoop loop(shared.segment(), self.id(), mp::test::Bell::kPublished);
    mp::sync::HubEntry entry(std::make_unique<mp::sync::GetWait>(ring(), shared.segment(), false),
                             self.id(), &loop, 1);
    auto& hub = mp::sync::WaitHub::Instance();
    bool try_now = false;
    REQUIRE(hub.Watch(&entry, &try_now).ok());
    CHECK_FALSE(try_now);
    std::thread putter = AsParty(*this, [&](mp::sync::Id id) { (void)PutAs(id, 3); });
    CHECK(loop.Turn(Deadline::After(kWatchdogMs)));
    putter.join();
    uint32_t number = 0;
    CHECK(Get(self.id(), &number) == RingResult::kReady);
    CHECK(number == 3);
    hub.Cancel(&entry, true, false);
    CHECK(layout->get_bell.load() == 0);
  }

  TEST_CASE_FIXTURE(OneItemWorld, "is rung when something is taken") {
    REQUIRE(Put(1) == RingResult::kReady);
    mp::test::EventLoop loop(shared.segment(), self.id(), mp::test::Bell::kPublished);
    mp::sync::HubEntry entry(std::make_unique<mp::sync::PutWait>(ring(), shared.segment(), 8),
                             self.id(), &loop, 1);
    auto& hub = mp::sync::WaitHub::Instance();
    bool try_now = false;
    REQUIRE(hub.Watch(&entry, &try_now).ok());
    CHECK_FALSE(try_now);
    std::thread getter = AsParty(*this, [&](mp::sync::Id id) {
      uint32_t number = 0;
      (void)Get(id, &number);
    });
    CHECK(loop.Turn(Deadline::After(kWatchdogMs)));
    getter.join();
    CHECK(Put(2) == RingResult::kReady);
    hub.Cancel(&entry, true, false);
    CHECK(Get() == 2);
  }
}

/// `parties` putters and as many getters; every message comes exactly once, each putter's in order.
void Crowd(RingWorld& world, uint32_t parties, uint32_t each, uint32_t most_bytes) {
  std::vector<std::thread> threads;
  std::vector<std::vector<uint32_t>> got(parties);
  std::atomic<bool> failed{false};
  const Deadline deadline = Deadline::After(kWatchdogMs);
  for (uint32_t party = 0; party < parties; ++party) {
    threads.push_back(AsParty(world, [&, party](mp::sync::Id id) {
      for (uint32_t i = 0; i < each && !failed; ++i) {
        const uint32_t bytes = 4 + (i * 131 + party * 17) % most_bytes;
        if (world.PutAs(id, party << 24 | i, bytes, deadline) != RingResult::kReady) failed = true;
      }
    }));
    threads.push_back(AsParty(world, [&, party](mp::sync::Id id) {
      for (uint32_t i = 0; i < each && !failed; ++i) {
        uint32_t number = 0;
        if (world.Get(id, &number, nullptr, deadline) != RingResult::kReady) failed = true;
        got[party].push_back(number);
      }
    }));
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE_FALSE(failed);
  std::vector<uint8_t> seen(parties * each);
  for (const auto& numbers : got) {
    std::vector<int64_t> last(parties, -1);
    for (const uint32_t number : numbers) {
      const uint32_t party = number >> 24;
      const uint32_t i = number & 0xffffff;
      REQUIRE(party < parties);
      REQUIRE(int64_t{i} > last[party]);
      last[party] = i;
      ++seen[party * each + i];
    }
  }
  for (const uint8_t times : seen) REQUIRE(times == 1);
  CHECK(world.ring().Count() == 0);
}

TEST_SUITE("a crowd at a ring") {
  TEST_CASE_FIXTURE(RingWorld, "one putter, one getter") { Crowd(*this, 1, 20'000, 64); }
  TEST_CASE_FIXTURE(RingWorld, "many, and it grows") { Crowd(*this, 3, 3'000, 3'000); }
  TEST_CASE_FIXTURE(TightWorld, "many, and it is full all the time") {
    Crowd(*this, 3, 2'000, 2'000);
  }
  TEST_CASE_FIXTURE(OneItemWorld, "many, with room for one item") { Crowd(*this, 3, 500, 16); }
}

}  // namespace
