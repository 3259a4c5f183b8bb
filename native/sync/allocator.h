// Blocks of shared memory inside a segment: 64-byte granules, first fit from a rover.
//
// One byte per granule says what it is; a block is one kStart and then kMore for its length:
//
//   BYTE        | MEANING
//   ------------+---------------------------------------------------------
//   kFree   0   | not in use; a kMore is never left of its block's end
//   kStart  1   | first granule of a block
//   kMore   2   | goes on; belongs to the nearest kStart to the left
//
// All changes are made under the segment's allocator lock, which survives its owner. Allocation
// writes the kMore bytes first and kStart last; freeing clears kStart first. So a process killed in
// between leaves kMore bytes without a start, and whoever gets the lock as abandoned frees those.
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
};

class Allocator {
 public:
  Allocator(const Segment& segment, const os::SharedFile& file) : segment_(segment), file_(file) {}

  /// `size_bytes` zeroed bytes, 64-byte aligned. `self` is the calling thread's id.
  [[nodiscard]] Allocation Allocate(Id self, uint64_t size_bytes);
  /// False when no block starts at `offset`.
  bool Free(Id self, uint64_t offset);
  /// Bytes from `offset` to the end of its block; 0 when no block starts there.
  [[nodiscard]] uint64_t SizeOf(uint64_t offset) const;

 private:
  [[nodiscard]] uint64_t CommittedGranules() const;
  [[nodiscard]] uint64_t FindRun(uint64_t from, uint64_t to, uint64_t length) const;
  [[nodiscard]] uint64_t Find(uint64_t length) const;
  [[nodiscard]] uint64_t FreeTail() const;
  [[nodiscard]] Allocation Grow(uint64_t length);
  [[nodiscard]] uint64_t RunLength(uint64_t granule) const;
  void Take(uint64_t granule, uint64_t length);
  void Lock(Id self);
  void Unlock();
  void Recover();
  [[nodiscard]] uint8_t* Map() const { return segment_.base() + segment_.header()->map_offset; }

  const Segment& segment_;
  const os::SharedFile& file_;
};

}  // namespace mp::sync
