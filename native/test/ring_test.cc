// sync/ring.h: order, room, growth and what comes back of it, limits, the end.
#include "sync/ring.h"

#include <vector>

#include "support/ring_world.h"

namespace {

using mp::layout::kFirstChunkBytes;
using mp::os::Deadline;
using mp::sync::RingResult;
using mp::test::RingWorld;
using Numbers = std::vector<uint32_t>;

/// Of payload, in a record of 1 KiB.
constexpr uint32_t kKilobyte = 1024 - 8;
constexpr uint32_t kFirstChunkRecords = kFirstChunkBytes / 1024;

struct SmallLimitWorld : RingWorld {
  SmallLimitWorld() : RingWorld(mp::layout::kCountMax, kFirstChunkBytes) {}
};
struct ThreeItemsWorld : RingWorld {
  ThreeItemsWorld() : RingWorld(3) {}
};
struct LittleMemoryWorld : RingWorld {
  LittleMemoryWorld() : RingWorld(mp::layout::kCountMax, 512U << 20, 1 << 20) {}
};
struct LargeWorld : RingWorld {
  LargeWorld() : RingWorld(mp::layout::kCountMax, 128U << 20, 256U << 20) {}
};

TEST_SUITE("a ring") {
  TEST_CASE_FIXTURE(RingWorld, "gives what was put, in order") {
    CHECK(Get() == kNoMessage);
    for (uint32_t i = 0; i < 100; ++i) REQUIRE(Put(i) == RingResult::kReady);
    CHECK(ring().Count() == 100);
    for (uint32_t i = 0; i < 100; ++i) REQUIRE(Get() == i);
    CHECK(Get() == kNoMessage);
    CHECK(ring().Count() == 0);
  }

  TEST_CASE_FIXTURE(RingWorld, "keeps messages of every size whole, round after round") {
    uint32_t put = 0;
    for (uint32_t round = 0; round < 2000; ++round) {
      const uint32_t some = 1 + round % 7;
      for (uint32_t i = 0; i < some; ++i, ++put) {
        REQUIRE(Put(put, 4 + put * 37 % 3000) == RingResult::kReady);
      }
      for (uint32_t i = put - some; i < put; ++i) {
        uint32_t number = 0;
        uint32_t bytes = 0;
        REQUIRE(Get(other.id(), &number, &bytes) == RingResult::kReady);
        REQUIRE(number == i);
        REQUIRE(bytes == 4 + i * 37 % 3000);
      }
    }
    // None of them needed more than the first chunk.
    CHECK(layout->grown_bytes == kFirstChunkBytes);
  }

  TEST_CASE_FIXTURE(RingWorld, "has room for exactly as many bytes as its chunk has") {
    for (uint32_t i = 0; i < kFirstChunkRecords; ++i)
      REQUIRE(Put(i, kKilobyte) == RingResult::kReady);
    CHECK(layout->put_chunk == layout->get_chunk);
    REQUIRE(Put(99, 8) == RingResult::kReady);
    CHECK(layout->put_chunk != layout->get_chunk);
  }

  TEST_CASE_FIXTURE(RingWorld, "counts positions modulo 2^32") {
    const uint32_t start = ~0U - 4096 + 1;
    layout->first_chunk.start = start & layout->first_chunk.mask;
    layout->head.store(start);
    layout->tail.store(start);
    layout->first_chunk.start = start;
    layout->put_first.store(start);
    layout->get_first = start;
    for (uint32_t i = 0; i < 500; ++i) REQUIRE(Put(i, 100) == RingResult::kReady);
    CHECK(ring().Count() == 500);
    for (uint32_t i = 0; i < 500; ++i) REQUIRE(Get() == i);
  }

  TEST_CASE_FIXTURE(RingWorld, "releases the lock when it was looked at only") {
    REQUIRE(Put(1) == RingResult::kReady);
    REQUIRE(ring().BeginGet(other.id(), Deadline::After(0)) == RingResult::kReady);
    CHECK(ring().BeginGet(self.id(), Deadline::After(0)) == RingResult::kBusy);
    ring().CancelGet();
    CHECK(Get() == 1);
    REQUIRE(ring().BeginPut(other.id(), 8, Deadline::After(0)) == RingResult::kReady);
    CHECK(Put(2) == RingResult::kBusy);
    ring().CancelPut();
    CHECK(Put(2) == RingResult::kReady);
  }

  TEST_CASE_FIXTURE(RingWorld, "puts less than was reserved") {
    REQUIRE(ring().BeginPut(self.id(), 1000, Deadline::After(0)) == RingResult::kReady);
    Fill(ring().Reserve(1000), 5, 8);
    ring().EndPut(8, kTag);
    REQUIRE(Put(6) == RingResult::kReady);
    CHECK(GetAll() == Numbers{5, 6});
  }
}

TEST_SUITE("a ring that grows") {
  TEST_CASE_FIXTURE(RingWorld, "takes what does not fit, keeps the order, frees what it left") {
    const uint64_t before = shared.segment().header()->used_bytes.load();
    const uint32_t many = 4 * kFirstChunkRecords;
    for (uint32_t i = 0; i < many; ++i) REQUIRE(Put(i, kKilobyte) == RingResult::kReady);
    CHECK(ring().Count() == many);
    CHECK(layout->grown_bytes > kFirstChunkBytes);
    for (uint32_t i = 0; i < many; ++i) REQUIRE(Get() == i);
    CHECK(Get() == kNoMessage);
    // The last chunk stays, those between are free again.
    const uint64_t grown = shared.segment().header()->used_bytes.load() - before;
    CHECK(grown == layout->grown_bytes + 64);
    {
      const mp::sync::Allocator allocator = shared.allocator();
      const mp::sync::Allocator::Exclusive held(allocator, self.id());
      ring().ReleaseChunks();
    }
    CHECK(shared.segment().header()->used_bytes.load() == before);
  }

  TEST_CASE_FIXTURE(RingWorld, "uses a larger chunk over and over") {
    for (uint32_t i = 0; i < 2 * kFirstChunkRecords; ++i)
      REQUIRE(Put(i, kKilobyte) == RingResult::kReady);
    CHECK(GetAll().size() == 2 * kFirstChunkRecords);
    const uint32_t grown = layout->grown_bytes;
    for (uint32_t i = 0; i < 5000; ++i) {
      REQUIRE(Put(i, kKilobyte) == RingResult::kReady);
      REQUIRE(Put(i + 1, kKilobyte) == RingResult::kReady);
      REQUIRE(Get() == i);
      REQUIRE(Get() == i + 1);
    }
    CHECK(layout->grown_bytes == grown);
  }

  TEST_CASE_FIXTURE(RingWorld, "has room for several messages of the size that made it grow") {
    REQUIRE(Put(1, 300'000) == RingResult::kReady);
    CHECK(layout->grown_bytes == 2 << 20);
    CHECK(Get() == 1);
  }

  TEST_CASE_FIXTURE(LargeWorld, "writes nothing behind a chunk that one message has filled") {
    const uint32_t large = 20U << 20;
    for (uint32_t i = 0; i < 6; ++i) {
      REQUIRE(Put(i, large) == RingResult::kReady);
      REQUIRE(Get() == i);
      mp::sync::MessageRing at = ring();
      REQUIRE(at.BeginPut(self.id(), 8, Deadline::After(0)) == RingResult::kReady);
      const uint8_t* place = at.Reserve(8);
      at.CancelPut();
      const auto* data = reinterpret_cast<const uint8_t*>(layout) +
                         static_cast<int32_t>(layout->put_chunk) + sizeof(mp::layout::Chunk);
      CHECK(place >= data);
      CHECK(place + 8 <= data + layout->put_bytes);
    }
  }

  TEST_CASE_FIXTURE(LargeWorld, "gives a very large message a chunk of its own, and goes on") {
    const uint32_t large = 40U << 20;
    REQUIRE(Put(1) == RingResult::kReady);
    const uint64_t before = shared.segment().header()->used_bytes.load();
    REQUIRE(Put(2, large) == RingResult::kReady);
    REQUIRE(Put(3) == RingResult::kReady);
    CHECK(Get() == 1);
    uint32_t number = 0;
    uint32_t bytes = 0;
    REQUIRE(Get(other.id(), &number, &bytes) == RingResult::kReady);
    CHECK(number == 2);
    CHECK(bytes == large);
    CHECK(Get() == 3);
    const uint64_t left = shared.segment().header()->used_bytes.load() - before;
    CHECK(left == kFirstChunkBytes + 64);
  }

  TEST_CASE_FIXTURE(SmallLimitWorld, "has a limit in bytes, until which it takes") {
    for (uint32_t i = 0; i < kFirstChunkRecords; ++i)
      REQUIRE(Put(i, kKilobyte) == RingResult::kReady);
    CHECK(Put(99) == RingResult::kBusy);
    CHECK(Get() == 0);
    CHECK(Put(99) == RingResult::kReady);
    CHECK(Put(0, kFirstChunkBytes) == RingResult::kTooLarge);
    CHECK(Put(0, ~0U) == RingResult::kTooLarge);
    CHECK(GetAll().size() == kFirstChunkRecords);
    CHECK(Put(0, kFirstChunkBytes - 8) == RingResult::kReady);
    CHECK(Get() == 0);
  }

  TEST_CASE_FIXTURE(LittleMemoryWorld, "says when there is no memory, and goes on without") {
    CHECK(Put(1, 16U << 20) == RingResult::kExhausted);
    CHECK(Put(2) == RingResult::kReady);
    CHECK(Get() == 2);
  }
}

TEST_SUITE("a ring with a limit of items") {
  TEST_CASE_FIXTURE(ThreeItemsWorld, "is full at exactly that many") {
    for (uint32_t i = 0; i < 3; ++i) REQUIRE(Put(i) == RingResult::kReady);
    CHECK(Put(3) == RingResult::kBusy);
    CHECK(Get() == 0);
    CHECK(Put(3) == RingResult::kReady);
    CHECK(Put(4) == RingResult::kBusy);
    CHECK(GetAll() == Numbers{1, 2, 3});
  }

  TEST_CASE_FIXTURE(ThreeItemsWorld, "grows for large ones all the same") {
    for (uint32_t i = 0; i < 3; ++i) REQUIRE(Put(i, 1 << 20) == RingResult::kReady);
    CHECK(Put(3) == RingResult::kBusy);
    CHECK(GetAll() == Numbers{0, 1, 2});
  }
}

TEST_SUITE("a ring that is shut down") {
  TEST_CASE_FIXTURE(RingWorld, "takes nothing more, gives what it has, then says so") {
    REQUIRE(Put(1) == RingResult::kReady);
    ring().ShutDown(self.id(), false);
    CHECK(ring().IsShutDown());
    CHECK(Put(2) == RingResult::kShutDown);
    uint32_t number = 0;
    CHECK(Get(other.id(), &number) == RingResult::kReady);
    CHECK(Get(other.id(), &number) == RingResult::kShutDown);
  }

  TEST_CASE_FIXTURE(RingWorld,
                    "gives nothing when what it has was discarded, but to who clears it") {
    REQUIRE(Put(1) == RingResult::kReady);
    ring().ShutDown(self.id(), true);
    uint32_t number = 0;
    CHECK(Get(other.id(), &number) == RingResult::kShutDown);
    REQUIRE(ring().BeginGet(self.id(), Deadline::After(0), nullptr, true) == RingResult::kReady);
    CHECK(NumberIn(ring().Peek()) == 1);
    ring().EndGet();
    CHECK(ring().BeginGet(self.id(), Deadline::After(0), nullptr, true) == RingResult::kShutDown);
    ring().CancelGet();
  }
}

TEST_SUITE("tasks of a ring") {
  TEST_CASE_FIXTURE(RingWorld, "are done once each, and joined when all are") {
    CHECK(ring().Join(self.id(), Deadline::After(0)));
    CHECK_FALSE(ring().TaskDone());
    REQUIRE(Put(1) == RingResult::kReady);
    REQUIRE(Put(2) == RingResult::kReady);
    CHECK(ring().Unfinished() == 2);
    CHECK_FALSE(ring().Join(self.id(), Deadline::After(0)));
    CHECK(GetAll() == Numbers{1, 2});
    CHECK_FALSE(ring().Join(self.id(), Deadline::After(0)));
    CHECK(ring().TaskDone());
    CHECK(ring().TaskDone());
    CHECK(ring().Join(self.id(), Deadline::After(0)));
    CHECK_FALSE(ring().TaskDone());
  }
}

}  // namespace
