// Threads over one mapping, each with a slot of its own, all with what they may do to a lock, a
// semaphore and the allocator. ThreadSanitizer sees the same memory orders that processes rely on.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "support/event_loop.h"
#include "support/shared_segment.h"
#include "support/watchdog.h"
#include "sync/allocator.h"
#include "sync/lock.h"
#include "sync/semaphore.h"
#include "sync/wait_hub.h"

namespace {

using mp::os::Deadline;
using mp::sync::Outcome;
using mp::test::Bell;
using mp::test::EventLoop;
using mp::test::LoopWait;
using mp::test::Party;
using mp::test::SharedSegment;

constexpr double kRunMs = 1000;

/// One thread's dice.
class Dice {
 public:
  explicit Dice(uint32_t seed) : engine_(seed) {}
  [[nodiscard]] bool Once(uint32_t in) { return engine_() % in == 0; }
  /// Never, at once, or up to 3 ms.
  [[nodiscard]] Deadline AnyDeadline() {
    const uint32_t roll = engine_() % 8;
    if (roll == 0) return Deadline::After(0);
    return roll < 4 ? Deadline::After(static_cast<double>(engine_() % 3000) / 1000)
                    : Deadline::Never();
  }
  [[nodiscard]] uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(engine_() % limit); }

 private:
  std::mt19937 engine_;
};

/// How one thread acquires: it blocks, or it is an event loop that awaits.
template <typename Object>
class Acquirer {
 public:
  enum class Kind { kBlocking, kBell, kWord };

  Acquirer(SharedSegment& shared, mp::layout::SyncObject* object, Kind kind, uint32_t seed)
      : shared_(shared),
        object_(object),
        kind_(kind),
        party_(shared),
        dice_(seed),
        loop_(shared.segment(), party_.id(), kind == Kind::kBell ? Bell::kPublished : Bell::kNone) {
  }

  [[nodiscard]] bool Acquire() {
    Object object(shared_.segment(), object_);
    if (dice_.Once(4)) return object.TryAcquire(party_.id()) == Outcome::kAcquired;
    const Deadline deadline = dice_.AnyDeadline();
    if (kind_ == Kind::kBlocking) {
      return object.Acquire(party_.id(), deadline) == Outcome::kAcquired;
    }
    LoopWait wait(mp::sync::WaitHub::Instance(), loop_, std::make_unique<Object>(object),
                  party_.id());
    if (dice_.Once(8)) return wait.has_acquired();  // cancels at once otherwise
    if (dice_.Once(50)) mp::test::Nap(4'000'000);   // a busy loop: what comes for it goes to others
    return wait.Finish(deadline);
  }
  [[nodiscard]] Dice& dice() { return dice_; }
  [[nodiscard]] mp::sync::Id id() const { return party_.id(); }

 private:
  SharedSegment& shared_;
  mp::layout::SyncObject* object_;
  Kind kind_;
  Party party_;
  Dice dice_;
  EventLoop loop_;
};

/// Runs `turn(acquirer)` on six threads, of all kinds, until the time is over.
template <typename Object, typename Turn>
void Hammer(SharedSegment& shared, mp::layout::SyncObject* object, Turn turn) {
  signal(SIGPIPE, SIG_IGN);
  using Kind = typename Acquirer<Object>::Kind;
  const Kind kinds[] = {Kind::kBlocking, Kind::kBlocking, Kind::kBlocking,
                        Kind::kBell,     Kind::kBell,     Kind::kWord};
  const Deadline end = Deadline::After(kRunMs);
  std::vector<std::thread> threads;
  for (const Kind kind : kinds) {
    threads.emplace_back([&, kind, seed = static_cast<uint32_t>(threads.size())] {
      Acquirer<Object> acquirer(shared, object, kind, seed);
      while (!end.IsPast()) turn(acquirer);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("a counter under the lock is exact, whoever waits how and leaves when") {
  SharedSegment shared;
  auto* object = shared.NewLock();
  uint64_t counter = 0;  // not atomic: the lock orders it
  std::atomic<uint64_t> acquired{0};
  Hammer<mp::sync::Lock>(shared, object, [&](auto& acquirer) {
    if (!acquirer.Acquire()) return;
    ++counter;
    acquired.fetch_add(1, std::memory_order_relaxed);
    if (acquirer.dice().Once(20)) mp::test::Nap(acquirer.dice().Below(200'000));
    mp::sync::Lock lock(shared.segment(), object);
    CHECK_FALSE(lock.IsAbandoned());
    CHECK(lock.Release() == Outcome::kReleased);
  });
  CHECK(counter == acquired.load());
  CHECK(counter > 100);
  CHECK(static_cast<uint32_t>(object->state.load()) == 0);
}

TEST_CASE("a re-entrant lock keeps its depth to its owner") {
  SharedSegment shared;
  auto* object = shared.NewLock();
  uint64_t counter = 0;
  std::vector<std::thread> threads;
  const Deadline end = Deadline::After(kRunMs / 2);
  for (uint32_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      const Party party(shared);
      Dice dice(seed);
      mp::sync::RLock lock(shared.segment(), object);
      while (!end.IsPast()) {
        if (lock.Acquire(party.id(), dice.AnyDeadline()) != Outcome::kAcquired) continue;
        const uint32_t depth = 1 + dice.Below(3);
        for (uint32_t i = 1; i < depth; ++i) {
          CHECK(lock.TryAcquire(party.id()) == Outcome::kAcquired);
        }
        ++counter;
        CHECK(object->depth.load(std::memory_order_relaxed) == depth);
        for (uint32_t i = 0; i < depth; ++i) CHECK(lock.Release(party.id()) == Outcome::kReleased);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counter > 100);
  CHECK(static_cast<uint32_t>(object->state.load()) == 0);
}

TEST_CASE("a semaphore neither gains nor loses units") {
  SharedSegment shared;
  constexpr uint32_t kUnits = 3;
  auto* object = shared.NewSemaphore(kUnits, kUnits);
  std::atomic<uint32_t> inside{0};
  std::atomic<uint64_t> acquired{0};
  Hammer<mp::sync::Semaphore>(shared, object, [&](auto& acquirer) {
    if (!acquirer.Acquire()) return;
    CHECK(inside.fetch_add(1) < kUnits);
    acquired.fetch_add(1, std::memory_order_relaxed);
    if (acquirer.dice().Once(10)) mp::test::Nap(acquirer.dice().Below(200'000));
    inside.fetch_sub(1);
    CHECK(mp::sync::Semaphore(shared.segment(), object).Release(1) == Outcome::kReleased);
  });
  CHECK(acquired.load() > 100);
  const uint64_t state = object->state.load();
  CHECK(static_cast<uint32_t>(state) == kUnits);
  CHECK((state >> 32 & mp::layout::kBoxMask) == 0);
}

TEST_CASE("threads that allocate and free at once get blocks of their own") {
  SharedSegment shared({8ULL << 20, 32});
  const uint64_t used = shared.segment().header()->used_bytes.load();
  const Deadline end = Deadline::After(kRunMs);
  std::vector<std::thread> threads;
  for (uint32_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      const Party party(shared);
      Dice dice(seed);
      while (!end.IsPast()) {
        const uint64_t size = 1 + dice.Below(20'000);
        const auto block = shared.allocator().Allocate(party.id(), size);
        REQUIRE(block.fault == mp::sync::AllocationFault::kNone);
        uint8_t* memory = shared.segment().base() + block.offset;
        CHECK(memory[size - 1] == 0);
        memory[0] = memory[size - 1] = static_cast<uint8_t>(seed + 1);
        if (dice.Once(10)) std::this_thread::yield();
        CHECK(memory[0] == seed + 1);
        CHECK(memory[size - 1] == seed + 1);
        CHECK(shared.allocator().Free(party.id(), block.offset));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(shared.segment().header()->used_bytes.load() == used);
}

}  // namespace
