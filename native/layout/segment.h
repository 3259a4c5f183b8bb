// The first bytes of every shared segment and its slot table: what two processes must agree on.
//
// SegmentHeader, at offset 0 of the segment
//
//   OFFSET | SIZE | FIELD          | WRITTEN BY          | MEANING
//        0 |    8 | magic          | creator, last       | kMagic once all else is valid
//        8 |    4 | layout_version | creator             | kLayoutVersion
//       12 |    4 | architecture   | creator             | kArchitecture: word size, token size …
//       16 |   16 | id             | creator             | random; names the segment in handles
//       32 |    8 | capacity       | creator             | bytes that the segment can grow to
//       40 |    8 | committed      | allocator           | end of the heap that is backed by memory
//       48 |    8 | slots_offset   | creator             | where the slot table starts
//       56 |    8 | map_offset     | creator             | where the granule map starts
//       64 |    8 | heap_offset    | creator             | where the first granule starts
//       72 |    4 | slot_count     | creator             | entries of the slot table
//       76 |    4 | next_slot      | slot takers         | where the next search for a slot starts
//       80 |    4 | next_serial    | allocator           | serial of the next object
//       84 |    4 | (reserved)     |                     | 0
//       88 |    8 | rover          | allocator           | granule where the next search starts
//       96 |    8 | used_bytes     | allocator           | bytes in use by objects
//      104 |    4 | next_token     | allocator           | token of the next message in flight
//      108 |    4 | sweep_reasons  | allocator           | what a sweep must look for, see below
//      112 |   16 | (reserved)     |                     | 0
//      128 |    8 | allocator_lock | every allocation    | state of a lock (layout/sync_object.h)
//
// Slot, slot_count times at slots_offset; slot 0 is never handed out
//
//   OFFSET | SIZE | FIELD          | WRITTEN BY          | MEANING
//        0 |   48 | life_token     | holder, kernel      | see os/life_token.h
//       48 |    4 | generation     | taker, leaver       | changes whenever the slot changes hands
//       52 |    4 | pid            | holder              | in the holder's pid namespace
//       56 |    4 | tid            | holder              | likewise
//       60 |    4 | bell           | holder, ringers     | descriptor + 1 of its doorbell; 0: none
//       64 |    8 | bell_identity  | holder              | tells that doorbell from any other file
//       72 |    4 | referrer       | allocator           | id whose references are counted here
//       76 |    4 | references     | allocator           | how many entries name it, at least
//       80 |   48 | (reserved)     |                     | 0
//
// sweep_reasons
//
//   BITS | NAME           | MEANING
//      0 | OLD_REFERRERS  | entries may be left of ids that no slot counts any more
//      1 | LOST_GRANULES  | granules of references may be left that no entry leads to
//      2 | RING_ENDED     | what messages in it held may be left
//
// Id of a thread, 29 bits: generation (17) << 12 | slot (12). 0 is nobody.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mp::layout {

inline constexpr uint64_t kMagic = 0x31'67'65'73'70'6d'6e'00;  // "\0nmpseg1", little endian
inline constexpr uint32_t kLayoutVersion = 1;
inline constexpr uint32_t kWordBits = sizeof(void*) * 8;
inline constexpr size_t kTokenSize = 48;
/// "LE", word bits, token bytes: everything that makes one build unable to read another's segment.
inline constexpr uint32_t kArchitecture = 0x4c450000U | (kWordBits << 8) | kTokenSize;

inline constexpr size_t kGranule = 64;
inline constexpr size_t kPage = 4096;
inline constexpr uint32_t kSlotBits = 12;
inline constexpr uint32_t kGenerationBits = 17;
inline constexpr uint32_t kMaxSlots = 1U << kSlotBits;
inline constexpr uint32_t kIdMask = (1U << (kSlotBits + kGenerationBits)) - 1;

inline constexpr uint32_t kOldReferrers = 1;
inline constexpr uint32_t kLostGranules = 2;
inline constexpr uint32_t kRingEnded = 4;

struct SegmentHeader {
  std::atomic<uint64_t> magic;
  uint32_t layout_version;
  uint32_t architecture;
  uint8_t id[16];
  uint64_t capacity;
  std::atomic<uint64_t> committed;
  uint64_t slots_offset;
  uint64_t map_offset;
  uint64_t heap_offset;
  uint32_t slot_count;
  std::atomic<uint32_t> next_slot;
  std::atomic<uint32_t> next_serial;
  uint32_t reserved_84;
  uint64_t rover;
  std::atomic<uint64_t> used_bytes;
  std::atomic<uint32_t> next_token;
  std::atomic<uint32_t> sweep_reasons;
  uint8_t reserved_112[16];
  std::atomic<uint64_t> allocator_lock;
};
static_assert(offsetof(SegmentHeader, magic) == 0);
// Read as an RWLock's cell, address 0 is nobody's: ts/sync/rwlock-sides.ts.
static_assert(kMagic >> 32 > kIdMask);
static_assert(offsetof(SegmentHeader, layout_version) == 8);
static_assert(offsetof(SegmentHeader, architecture) == 12);
static_assert(offsetof(SegmentHeader, id) == 16);
static_assert(offsetof(SegmentHeader, capacity) == 32);
static_assert(offsetof(SegmentHeader, committed) == 40);
static_assert(offsetof(SegmentHeader, slots_offset) == 48);
static_assert(offsetof(SegmentHeader, map_offset) == 56);
static_assert(offsetof(SegmentHeader, heap_offset) == 64);
static_assert(offsetof(SegmentHeader, slot_count) == 72);
static_assert(offsetof(SegmentHeader, next_slot) == 76);
static_assert(offsetof(SegmentHeader, next_serial) == 80);
static_assert(offsetof(SegmentHeader, rover) == 88);
static_assert(offsetof(SegmentHeader, used_bytes) == 96);
static_assert(offsetof(SegmentHeader, next_token) == 104);
static_assert(offsetof(SegmentHeader, sweep_reasons) == 108);
static_assert(offsetof(SegmentHeader, allocator_lock) == 128);
static_assert(sizeof(SegmentHeader) <= kPage);

struct Slot {
  alignas(8) uint8_t life_token[kTokenSize];
  std::atomic<uint32_t> generation;
  std::atomic<uint32_t> pid;
  std::atomic<uint32_t> tid;
  std::atomic<uint32_t> bell;
  std::atomic<uint64_t> bell_identity;
  std::atomic<uint32_t> referrer;
  std::atomic<uint32_t> references;
  uint8_t reserved_80[48];
};
static_assert(offsetof(Slot, life_token) == 0);
static_assert(offsetof(Slot, generation) == 48);
static_assert(offsetof(Slot, pid) == 52);
static_assert(offsetof(Slot, tid) == 56);
static_assert(offsetof(Slot, bell) == 60);
static_assert(offsetof(Slot, bell_identity) == 64);
static_assert(offsetof(Slot, referrer) == 72);
static_assert(offsetof(Slot, references) == 76);
static_assert(sizeof(Slot) == 128);

static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared words must be address-free");
static_assert(std::atomic<uint32_t>::is_always_lock_free, "shared words must be address-free");

}  // namespace mp::layout
