// Blocks of shared memory inside a segment: 64-byte granules, first fit from a rover.
//
// One byte per granule says what it is; a block is its first granule and then kMore for its length:
//
//   BYTE            | MEANING
//   ----------------+-----------------------------------------------------------------------
//   kFree        0  | not in use; a kMore is never left of its block's end
//   kStart       1  | first granule of a block that stays until somebody frees it
//   kMore        2  | goes on; belongs to the nearest first granule to the left
//   kObject      3  | first granule of an object, which lives as its references say
//   kReferences  4  | a granule of references (layout/references.h), always a block of its own
//   kReached     5  | the same, while a sweep looks for those that no entry leads to
//   kPinned      6  | first granule of an object that lives as long as its segment has a name
//
// All changes are made under the segment's allocator lock, which survives its owner. Allocation
// writes the kMore bytes first and the first granule's last; freeing clears the first one first. So
// a process killed in between leaves kMore bytes without a start, and whoever gets the lock as
// abandoned frees those. What a block starts with is written before its first granule's byte, so
// that nobody ever finds an object without the reference of its creator.
//
// Growth commits memory before it is used: exhaustion is an error here, never a fault later.
#pragma once

#include <cstdint>

#include "os/shared_file.h"
#include "sync/segment.h"

namespace mp::sync {

enum class AllocationFault { kNone, kExhausted, kTooLarge, kSystem };

struct Allocation {
  uint64_t offset = 0;
  AllocationFault fault = AllocationFault::kNone;
  os::Status status;

  [[nodiscard]] bool ok() const { return fault == AllocationFault::kNone; }
};

enum class Mark : uint8_t {
  kFree = 0,
  kStart = 1,
  kMore = 2,
  kObject = 3,
  kReferences = 4,
  kReached = 5,
  kPinned = 6,
};

class Allocator {
 public:
  Allocator(const Segment& segment, const os::SharedFile& file) : segment_(segment), file_(file) {}

  /// `size_bytes` zeroed bytes, 64-byte aligned, until Free. `self` is the calling thread's id.
  [[nodiscard]] Allocation Allocate(Id self, uint64_t size_bytes);
  /// False when no such block starts at `offset`.
  bool Free(Id self, uint64_t offset);
  /// Bytes from `offset` to the end of its block, or its object; 0 when none starts there.
  [[nodiscard]] uint64_t SizeOf(uint64_t offset) const;

  /// The heap's lock, as long as this object lives. What follows is only for who has one.
  class Exclusive {
   public:
    Exclusive(const Allocator& allocator, Id self);
    ~Exclusive();
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    const Segment& segment_;
  };

  /// Where so many free granules are; 0 when they are nowhere.
  [[nodiscard]] uint64_t Find(uint64_t length) const;
  /// Makes the heap larger, so that Find succeeds.
  [[nodiscard]] Allocation Grow(uint64_t length);
  /// The two halves of taking what Find found: zeroed and not yet there, then there.
  void Prepare(uint64_t offset, uint64_t length);
  void Start(uint64_t offset, uint64_t length, Mark mark);
  /// Frees the block or object that starts at `offset`.
  void Release(uint64_t offset);
  [[nodiscard]] Mark MarkAt(uint64_t offset) const;
  void SetMark(uint64_t offset, Mark mark);
  /// The first granule with the mark from `from` on; 0 when there is none.
  [[nodiscard]] uint64_t Next(Mark mark, uint64_t from) const;
  /// Where the heap ends for this process, which may have mapped less than there is.
  [[nodiscard]] uint64_t End() const;

  [[nodiscard]] const Segment& segment() const { return segment_; }
  static uint64_t Granules(uint64_t size_bytes);

 private:
  [[nodiscard]] uint64_t CommittedGranules() const;
  [[nodiscard]] uint64_t FindRun(uint64_t from, uint64_t to, uint64_t length) const;
  [[nodiscard]] uint64_t FreeTail() const;
  [[nodiscard]] Allocation Commit(uint64_t old_end, uint64_t step);
  [[nodiscard]] uint64_t RunLength(uint64_t granule) const;
  void Recover() const;
  [[nodiscard]] uint8_t* Map() const { return segment_.base() + segment_.header()->map_offset; }
  [[nodiscard]] uint64_t GranuleAt(uint64_t offset) const {
    return (offset - segment_.header()->heap_offset) / layout::kGranule;
  }
  [[nodiscard]] uint64_t OffsetOf(uint64_t granule) const {
    return segment_.header()->heap_offset + granule * layout::kGranule;
  }

  const Segment& segment_;
  const os::SharedFile& file_;
};

}  // namespace mp::sync
