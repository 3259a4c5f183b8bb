// First fit over the granule map; see the header for the map and its recovery.
#include "sync/allocator.h"

#include <cstring>

#include "os/process.h"
#include "sync/lock.h"

namespace mp::sync {
namespace {

using layout::kGranule;
using layout::SegmentHeader;

enum Mark : uint8_t { kFree = 0, kStart = 1, kMore = 2 };

constexpr uint64_t kNone = ~uint64_t{0};
constexpr uint64_t kLeastGrowth = uint64_t{256} * 1024;
constexpr uint64_t kMostGrowth = uint64_t{16} * 1024 * 1024;
/// Left to the rest of a memory control group that is nearly full.
constexpr uint64_t kHeadroomKept = uint64_t{1024} * 1024;

uint64_t Granules(uint64_t bytes) { return (bytes + kGranule - 1) / kGranule; }
uint64_t RoundUpToPage(uint64_t bytes) {
  return (bytes + layout::kPage - 1) / layout::kPage * layout::kPage;
}

uint64_t SkipUsed(const uint8_t* map, uint64_t from, uint64_t to) {
  while (from < to && map[from] != kFree) ++from;
  return from;
}

uint64_t SkipFree(const uint8_t* map, uint64_t from, uint64_t to) {
  while (from < to && map[from] == kFree) ++from;
  return from;
}

}  // namespace

uint64_t Allocator::CommittedGranules() const {
  const SegmentHeader* head = segment_.header();
  return (head->committed.load(std::memory_order_acquire) - head->heap_offset) / kGranule;
}

uint64_t Allocator::FindRun(uint64_t from, uint64_t to, uint64_t length) const {
  const uint8_t* map = Map();
  while (from < to) {
    const uint64_t start = SkipUsed(map, from, to);
    const uint64_t limit = start + length < to ? start + length : to;
    from = SkipFree(map, start, limit);
    if (from - start == length) return start;
  }
  return kNone;
}

uint64_t Allocator::Find(uint64_t length) const {
  const uint64_t granules = CommittedGranules();
  const uint64_t rover = segment_.header()->rover < granules ? segment_.header()->rover : 0;
  const uint64_t found = FindRun(rover, granules, length);
  return found != kNone || rover == 0 ? found : FindRun(0, granules, length);
}

/// Free granules at the end of what is committed: growth makes them longer.
uint64_t Allocator::FreeTail() const {
  const uint8_t* map = Map();
  const uint64_t granules = CommittedGranules();
  uint64_t start = granules;
  while (start > 0 && map[start - 1] == kFree) --start;
  return granules - start;
}

Allocation Allocator::Grow(uint64_t length) {
  SegmentHeader* head = segment_.header();
  const uint64_t old_end = head->committed.load(std::memory_order_relaxed);
  const uint64_t capacity =
      head->capacity < segment_.mapped_bytes() ? head->capacity : segment_.mapped_bytes();
  uint64_t step = (old_end - head->heap_offset) / 2;
  step = step < kLeastGrowth ? kLeastGrowth : (step > kMostGrowth ? kMostGrowth : step);
  const uint64_t needed = RoundUpToPage((length - FreeTail()) * kGranule);
  if (needed > capacity - old_end) return {0, AllocationFault::kExhausted, {}};
  if (step < needed) step = needed;
  if (step > capacity - old_end) step = capacity - old_end;
  const uint64_t map_bytes = (old_end + step - head->heap_offset) / kGranule;
  if (os::MemoryHeadroom() < step + map_bytes + kHeadroomKept) {
    return {0, AllocationFault::kExhausted, {}};
  }
  os::Status status = file_.Commit(head->map_offset, RoundUpToPage(map_bytes));
  if (status.ok()) status = file_.Commit(old_end, step);
  if (!status.ok()) return {0, AllocationFault::kSystem, status};
  // SYNC POINT heap-end: release pairs with the acquire in CommittedGranules.
  head->committed.store(old_end + step, std::memory_order_release);
  return {};
}

void Allocator::Take(uint64_t granule, uint64_t length) {
  uint8_t* map = Map();
  std::memset(map + granule + 1, kMore, length - 1);
  // The start last, as the header says; the compiler must not move it up.
  std::atomic_signal_fence(std::memory_order_release);
  map[granule] = kStart;
  SegmentHeader* head = segment_.header();
  head->rover = granule + length;
  head->used_bytes.fetch_add(length * kGranule, std::memory_order_relaxed);
  std::memset(segment_.base() + head->heap_offset + granule * kGranule, 0, length * kGranule);
}

Allocation Allocator::Allocate(Id self, uint64_t size_bytes) {
  if (size_bytes > segment_.header()->capacity) return {0, AllocationFault::kTooLarge, {}};
  const uint64_t length = size_bytes == 0 ? 1 : Granules(size_bytes);
  Lock(self);
  uint64_t granule = Find(length);
  Allocation result;
  if (granule == kNone) {
    result = Grow(length);
    if (result.fault == AllocationFault::kNone) granule = Find(length);
  }
  if (granule != kNone) {
    Take(granule, length);
    result.offset = segment_.header()->heap_offset + granule * kGranule;
  }
  Unlock();
  return result;
}

uint64_t Allocator::RunLength(uint64_t granule) const {
  const uint8_t* map = Map();
  const uint64_t granules = CommittedGranules();
  uint64_t end = granule + 1;
  while (end < granules && map[end] == kMore) ++end;
  return end - granule;
}

uint64_t Allocator::SizeOf(uint64_t offset) const {
  const SegmentHeader* head = segment_.header();
  if (offset < head->heap_offset || (offset - head->heap_offset) % kGranule != 0) return 0;
  const uint64_t granule = (offset - head->heap_offset) / kGranule;
  if (granule >= CommittedGranules() || Map()[granule] != kStart) return 0;
  return RunLength(granule) * kGranule;
}

bool Allocator::Free(Id self, uint64_t offset) {
  Lock(self);
  const uint64_t size_bytes = SizeOf(offset);
  if (size_bytes != 0) {
    SegmentHeader* head = segment_.header();
    const uint64_t granule = (offset - head->heap_offset) / kGranule;
    uint8_t* map = Map();
    map[granule] = kFree;
    // The start first, as the header says.
    std::atomic_signal_fence(std::memory_order_release);
    std::memset(map + granule + 1, kFree, size_bytes / kGranule - 1);
    if (granule < head->rover) head->rover = granule;
    head->used_bytes.fetch_sub(size_bytes, std::memory_order_relaxed);
  }
  Unlock();
  return size_bytes != 0;
}

void Allocator::Lock(Id self) {
  sync::Lock lock(segment_, &segment_.header()->allocator_lock);
  // Never the caller's own already: it is held only inside this file, and nothing here calls out.
  (void)lock.Acquire(self, os::Deadline::Never());
  if (lock.IsAbandoned()) Recover();
}

void Allocator::Unlock() { sync::Lock(segment_, &segment_.header()->allocator_lock).Release(); }

void Allocator::Recover() {
  uint8_t* map = Map();
  const uint64_t granules = CommittedGranules();
  uint64_t used = 0;
  for (uint64_t i = 0; i < granules; ++i) {
    const bool starts_or_goes_on =
        map[i] == kStart || (map[i] == kMore && i > 0 && map[i - 1] != kFree);
    if (!starts_or_goes_on) map[i] = kFree;
    if (map[i] != kFree) ++used;
  }
  segment_.header()->rover = 0;
  segment_.header()->used_bytes.store(used * kGranule, std::memory_order_relaxed);
}

}  // namespace mp::sync
