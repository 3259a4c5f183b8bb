// sync/allocator.h: blocks, reuse, growth and exhaustion. Its recovery is in
// allocator_crash_test.cc.
#include "sync/allocator.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "support/child.h"
#include "support/shared_segment.h"

namespace {

using mp::sync::Allocation;
using mp::sync::AllocationFault;
using mp::sync::Allocator;
using mp::test::Party;
using mp::test::SharedSegment;

struct Heap {
  SharedSegment shared;
  Party self{shared};
  Allocator allocator = shared.allocator();

  [[nodiscard]] uint64_t Allocate(uint64_t size_bytes) {
    const Allocation allocation = allocator.Allocate(self.id(), size_bytes);
    REQUIRE(allocation.fault == AllocationFault::kNone);
    return allocation.offset;
  }
  bool Free(uint64_t offset) { return allocator.Free(self.id(), offset); }
  [[nodiscard]] uint8_t* At(uint64_t offset) { return shared.segment().base() + offset; }
  [[nodiscard]] uint64_t Used() { return shared.segment().header()->used_bytes.load(); }
  [[nodiscard]] uint64_t Committed() { return shared.segment().header()->committed.load(); }
  [[nodiscard]] uint64_t HeapBytes() {
    const auto* header = shared.segment().header();
    return header->capacity - header->heap_offset;
  }
};

TEST_CASE_FIXTURE(Heap, "a block is aligned, zeroed and as large as asked, in whole granules") {
  for (const uint64_t size : {0, 1, 63, 64, 65, 4096, 10'000}) {
    const uint64_t offset = Allocate(size);
    CHECK(offset % 64 == 0);
    CHECK(offset >= shared.segment().header()->heap_offset);
    const uint64_t whole = std::max<uint64_t>((size + 63) / 64 * 64, 64);
    CHECK(allocator.SizeOf(offset) == whole);
    CHECK(std::all_of(At(offset), At(offset) + whole, [](uint8_t byte) { return byte == 0; }));
    std::memset(At(offset), 0xff, whole);
  }
}

TEST_CASE_FIXTURE(Heap, "blocks do not overlap") {
  std::vector<uint64_t> offsets;
  for (uint64_t i = 0; i < 200; ++i) {
    offsets.push_back(Allocate(1 + i * 37 % 500));
    std::memset(At(offsets.back()), static_cast<int>(i), 1 + i * 37 % 500);
  }
  for (uint64_t i = 0; i < 200; ++i) {
    const uint8_t* block = At(offsets[i]);
    const auto is_own = [&](uint8_t byte) { return byte == static_cast<uint8_t>(i); };
    CHECK(std::all_of(block, block + 1 + i * 37 % 500, is_own));
  }
}

TEST_CASE_FIXTURE(Heap, "a freed block is used again, zeroed") {
  const uint64_t first = Allocate(1000);
  const uint64_t second = Allocate(1000);
  std::memset(At(first), 0xff, 1000);
  CHECK(Free(first));
  CHECK(allocator.SizeOf(first) == 0);
  const uint64_t again = Allocate(1000);
  CHECK(again == first);
  CHECK(std::all_of(At(again), At(again) + 1000, [](uint8_t byte) { return byte == 0; }));
  CHECK(allocator.SizeOf(second) == 1024);
}

TEST_CASE_FIXTURE(Heap, "neighbours that were freed make room for one larger block") {
  const uint64_t blocks[] = {Allocate(64), Allocate(64), Allocate(64), Allocate(64)};
  for (const uint64_t block : {blocks[0], blocks[2], blocks[1]}) CHECK(Free(block));
  CHECK(Allocate(192) == blocks[0]);
}

TEST_CASE_FIXTURE(Heap, "freeing what is no block changes nothing") {
  const uint64_t block = Allocate(200);
  const uint64_t used = Used();
  for (const uint64_t wrong : {block + 64, block + 1, block + 256, uint64_t{0}, ~uint64_t{63},
                               shared.segment().header()->heap_offset - 64}) {
    CHECK_FALSE(Free(wrong));
    CHECK(allocator.SizeOf(wrong) == 0);
  }
  CHECK(Used() == used);
  CHECK(Free(block));
  CHECK_FALSE(Free(block));
}

TEST_CASE_FIXTURE(Heap, "used_bytes counts whole granules and returns to where it was") {
  const uint64_t before = Used();
  const uint64_t block = Allocate(65);
  CHECK(Used() == before + 128);
  Free(block);
  CHECK(Used() == before);
}

TEST_CASE_FIXTURE(Heap, "the heap grows when it must, and not when it need not") {
  std::vector<uint64_t> blocks;
  const uint64_t start = Committed();
  while (Committed() == start) blocks.push_back(Allocate(32 * 1024));
  for (const uint64_t block : blocks) Free(block);
  const uint64_t grown = Committed();
  for (uint64_t& block : blocks) block = Allocate(32 * 1024);
  CHECK(Committed() == grown);
}

TEST_CASE_FIXTURE(Heap, "a block larger than a step of growth is found room for") {
  const uint64_t block = Allocate(2 << 20);
  CHECK(allocator.SizeOf(block) == 2 << 20);
  CHECK(Committed() >= block + (2 << 20));
}

TEST_CASE_FIXTURE(Heap, "more than the capacity is too large, whatever the number") {
  for (const uint64_t size : {SharedSegment::kCapacity + 1, uint64_t{1} << 40, ~uint64_t{0}}) {
    CHECK(allocator.Allocate(self.id(), size).fault == AllocationFault::kTooLarge);
  }
  CHECK(allocator.Allocate(self.id(), SharedSegment::kCapacity).fault ==
        AllocationFault::kExhausted);
}

TEST_CASE_FIXTURE(Heap, "a full heap is an error, and has room again when something is freed") {
  std::vector<uint64_t> blocks;
  for (;;) {
    const Allocation allocation = allocator.Allocate(self.id(), 64 * 1024);
    if (allocation.fault != AllocationFault::kNone) {
      CHECK(allocation.fault == AllocationFault::kExhausted);
      break;
    }
    blocks.push_back(allocation.offset);
  }
  CHECK(blocks.size() >= HeapBytes() / (64 * 1024) - 1);
  CHECK(Free(blocks[blocks.size() / 2]));
  CHECK(Allocate(64 * 1024) == blocks[blocks.size() / 2]);
}

TEST_CASE_FIXTURE(Heap, "an empty heap has room for one block of its whole size") {
  const uint64_t small = Allocate(64);  // some of it is committed by now
  Free(small);
  const uint64_t whole = Allocate(HeapBytes());
  CHECK(allocator.SizeOf(whole) == HeapBytes());
}

TEST_CASE_FIXTURE(Heap, "a refused commit is an error with its cause, and leaves the heap usable") {
  // As under `ulimit -f`, or when the machine has no memory left. SIGXFSZ kills who does not
  // ignore it; Node does.
  mp::test::Child child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{Committed() + 512 * 1024, Committed() + 512 * 1024};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    const Party party(shared);
    const Allocation refused = allocator.Allocate(party.id(), 1 << 20);
    if (refused.fault != AllocationFault::kSystem) return 2;
    if (refused.status.error != EFBIG || refused.offset != 0) return 3;
    const Allocation small = allocator.Allocate(party.id(), 64);
    if (small.fault != AllocationFault::kNone) return 4;
    return allocator.Free(party.id(), small.offset) ? 0 : 5;
  });
  CHECK(child.Wait() == 0);
  CHECK(allocator.SizeOf(Allocate(1 << 20)) == 1 << 20);
}

TEST_CASE_FIXTURE(Heap,
                  "near a limit the heap grows by what is needed, where a step does not fit") {
  while (allocator.Find(1) != 0) (void)Allocate(64);
  mp::test::Child child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlim_t room = 64 * 1024;  // less than any step
    const rlimit limit{Committed() + room, Committed() + room};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    const Party party(shared);
    uint64_t blocks = 0;
    while (allocator.Allocate(party.id(), 4096).fault == AllocationFault::kNone) ++blocks;
    return blocks == room / 4096 ? 0 : 2;
  });
  CHECK(child.Wait() == 0);
}

TEST_CASE_FIXTURE(Heap, "a process that has mapped a part uses that part") {
  // As under `ulimit -v`: others have grown the heap beyond what is mapped here.
  (void)Allocate(2 << 20);
  const uint64_t mapped = shared.segment().header()->heap_offset + 512 * 1024;
  const mp::sync::Segment part(shared.segment().base(), mapped);
  Allocator partial(part, shared.file());
  CHECK(partial.End() == mapped);
  CHECK(partial.Allocate(self.id(), 1 << 20).fault == AllocationFault::kExhausted);
  const Allocation small = partial.Allocate(self.id(), 64);
  if (small.fault == AllocationFault::kNone) CHECK(small.offset < mapped);
}

TEST_CASE_FIXTURE(Heap, "another process sees the blocks and may free them") {
  const uint64_t block = Allocate(300);
  auto* theirs = shared.New<uint64_t>();
  mp::test::Child child([&] {
    const Party party(shared);
    if (!allocator.Free(party.id(), block)) return 1;
    *theirs = allocator.Allocate(party.id(), 1 << 20).offset;
    return *theirs == 0 ? 2 : 0;
  });
  REQUIRE(child.Wait() == 0);
  CHECK(allocator.SizeOf(block) == 0);
  CHECK(allocator.SizeOf(*theirs) == 1 << 20);
  At(*theirs)[(1 << 20) - 1] = 1;  // it is backed in this process as well
  CHECK(Free(*theirs));
}

}  // namespace
