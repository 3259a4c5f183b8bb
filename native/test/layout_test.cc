// layout/: offsets that another build must find, as numbers written a second time. The headers'
// own asserts are against their tables; these are against what is in files and handles by now.
#include <doctest/doctest.h>

#include <cstring>

#include "layout/segment.h"
#include "layout/sync_object.h"
#include "support/shared_segment.h"

namespace {

using mp::test::SharedSegment;

template <typename T>
T ReadAt(const uint8_t* base, uint64_t offset) {
  T value;
  std::memcpy(&value, base + offset, sizeof value);
  return value;
}

TEST_CASE("a segment starts with what every version can check") {
  SharedSegment shared;
  const uint8_t* base = shared.segment().base();
  CHECK(std::memcmp(base, "\0nmpseg1", 8) == 0);
  CHECK(ReadAt<uint32_t>(base, 8) == mp::layout::kLayoutVersion);
  CHECK(ReadAt<uint32_t>(base, 12) == mp::layout::kArchitecture);
}

TEST_CASE("the header's fields lie where the table says") {
  SharedSegment shared;
  const uint8_t* base = shared.segment().base();
  CHECK(ReadAt<uint64_t>(base, 32) == SharedSegment::kCapacity);
  CHECK(ReadAt<uint64_t>(base, 48) == 4096);
  CHECK(ReadAt<uint32_t>(base, 72) == SharedSegment::kSlots);
  CHECK(ReadAt<uint64_t>(base, 40) == shared.segment().header()->committed.load());
  CHECK(ReadAt<uint64_t>(base, 128) == 0);  // nobody allocates now
}

TEST_CASE("map and heap start on pages, behind the slots") {
  SharedSegment shared;
  const auto* header = shared.segment().header();
  const uint64_t slots_end = header->slots_offset + header->slot_count * sizeof(mp::layout::Slot);
  CHECK(header->map_offset >= slots_end);
  CHECK(header->map_offset % mp::layout::kPage == 0);
  CHECK(header->heap_offset % mp::layout::kPage == 0);
  CHECK(header->heap_offset - header->map_offset >=
        (header->capacity - header->heap_offset) / mp::layout::kGranule);
}

TEST_CASE("an id fits beside the flags of a lock and beside the box of a semaphore") {
  using namespace mp::layout;
  CHECK(kIdMask == (1U << 29) - 1);
  CHECK((kIdMask & (kWaiters | kAbandoned | kPending)) == 0);
  CHECK((kIdMask & (kWaiters | kBoxMask)) == 0);
  CHECK((kBoxRequested | kBoxGranted) == kBoxMask);
}

TEST_CASE("the low half of a state comes first in memory") {
  std::atomic<uint64_t> state{0x11223344'55667788};
  CHECK(ReadAt<uint32_t>(reinterpret_cast<uint8_t*>(&state), 0) == 0x55667788);
  CHECK(ReadAt<uint32_t>(reinterpret_cast<uint8_t*>(&state), 4) == 0x11223344);
}

}  // namespace
