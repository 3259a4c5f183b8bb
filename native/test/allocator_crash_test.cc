// sync/allocator.h: what a process that is killed inside the allocator leaves behind, and that the
// next one puts it in order.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>

#include "support/child.h"
#include "support/shared_segment.h"
#include "support/watchdog.h"
#include "sync/allocator.h"
#include "sync/lock.h"

namespace {

using mp::sync::Allocator;
using mp::sync::Lock;
using mp::test::Child;
using mp::test::Party;
using mp::test::SharedSegment;

constexpr uint8_t kFree = 0;
constexpr uint8_t kStart = 1;
constexpr uint8_t kMore = 2;

/// A heap, and the map and lock that a crash leaves in disorder.
struct CrashedHeap {
  SharedSegment shared;
  Party self{shared};
  Allocator allocator = shared.allocator();
  uint64_t kept = allocator.Allocate(self.id(), 5 * 64).offset;
  uint64_t used_before = shared.segment().header()->used_bytes.load();

  [[nodiscard]] uint64_t Granule(uint64_t offset) {
    return (offset - shared.segment().header()->heap_offset) / 64;
  }
  [[nodiscard]] uint8_t* Map() {
    return shared.segment().base() + shared.segment().header()->map_offset;
  }
  /// A child takes the allocator's lock, does `damage` and ends without giving it back.
  template <typename Damage>
  void DieHoldingTheLock(Damage damage) {
    Child child([&] {
      const mp::sync::Id id = shared.segment().Enter();
      Lock lock(shared.segment(), &shared.segment().header()->allocator_lock);
      if (lock.Acquire(id, mp::os::Deadline::Never()) != mp::sync::Outcome::kAcquired) return 1;
      damage();
      return 0;  // by _exit: nothing is released
    });
    REQUIRE(child.Wait() == 0);
  }
  /// What the next user finds: the heap as before, its lock free.
  void CheckRecovered() {
    const uint64_t next = allocator.Allocate(self.id(), 64).offset;
    REQUIRE(next != 0);
    CHECK(allocator.SizeOf(kept) == 5 * 64);
    CHECK(shared.segment().header()->used_bytes.load() == used_before + 64);
    CHECK(allocator.Free(self.id(), next));
    CHECK(shared.segment().header()->allocator_lock.load() == 0);
  }
};

TEST_CASE_FIXTURE(CrashedHeap, "the lock of a process that ended inside is taken over") {
  DieHoldingTheLock([] {});
  CheckRecovered();
}

TEST_CASE_FIXTURE(CrashedHeap, "a block that was not yet started is freed") {
  const uint64_t at = Granule(kept) + 8;
  DieHoldingTheLock([&] { std::memset(Map() + at + 1, kMore, 20); });
  CheckRecovered();
  for (uint64_t i = 0; i < 21; ++i) CHECK(Map()[at + i] == kFree);
}

TEST_CASE_FIXTURE(CrashedHeap, "a block that was not yet started behind another one is freed") {
  const uint64_t behind = Granule(kept) + 5;  // this granule is still free
  DieHoldingTheLock([&] { std::memset(Map() + behind + 1, kMore, 3); });
  CheckRecovered();
}

TEST_CASE_FIXTURE(CrashedHeap, "a block that was half freed is freed") {
  const uint64_t block = allocator.Allocate(self.id(), 10 * 64).offset;
  DieHoldingTheLock([&] {
    Map()[Granule(block)] = kFree;
    std::memset(Map() + Granule(block) + 1, kFree, 4);
  });
  CheckRecovered();
  CHECK(allocator.SizeOf(block) == 0);
  for (uint64_t i = 0; i < 10; ++i) CHECK(Map()[Granule(block) + i] == kFree);
}

TEST_CASE_FIXTURE(CrashedHeap,
                  "a block that was started stays, for its owner may have told of it") {
  const uint64_t at = Granule(kept) + 8;
  DieHoldingTheLock([&] {
    std::memset(Map() + at + 1, kMore, 1);
    Map()[at] = kStart;
  });
  used_before += 2 * 64;
  CheckRecovered();
}

TEST_CASE_FIXTURE(CrashedHeap, "counters that were not yet written are counted anew") {
  DieHoldingTheLock([&] {
    shared.segment().header()->used_bytes.store(12345);
    shared.segment().header()->rover = 1 << 30;
  });
  CheckRecovered();
}

TEST_CASE_FIXTURE(CrashedHeap, "memory that was committed but not yet counted is committed again") {
  const uint64_t end = shared.segment().header()->committed.load();
  DieHoldingTheLock([&] { _exit(shared.file().Commit(end, 256 * 1024).ok() ? 0 : 1); });
  CheckRecovered();
  const uint64_t large = allocator.Allocate(self.id(), 1 << 20).offset;
  CHECK(allocator.SizeOf(large) == 1 << 20);
}

TEST_CASE_FIXTURE(CrashedHeap,
                  "processes killed at random inside the allocator leave a sound heap") {
  for (int round = 0; round < 30; ++round) {
    Child child([&] {
      const mp::sync::Id id = shared.segment().Enter();
      for (uint64_t i = 0;; ++i) {
        const uint64_t block = allocator.Allocate(id, 1 + i * 131 % 5000).offset;
        if (block == 0 || !allocator.Free(id, block)) return 1;
      }
    });
    mp::test::Nap(500'000 + round * 37'000);
    child.Kill();
    const uint64_t block = allocator.Allocate(self.id(), 1000).offset;
    REQUIRE(block != 0);
    CHECK(allocator.SizeOf(block) == 1024);
    CHECK(allocator.Free(self.id(), block));
    CHECK(allocator.SizeOf(kept) == 5 * 64);
  }
  // At most one block per killed process stays behind: started, and never freed.
  CHECK(shared.segment().header()->used_bytes.load() <= used_before + 30 * 5056);
}

}  // namespace
