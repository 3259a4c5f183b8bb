// First fit over the granule map; see the header for the map and its recovery.
#include "sync/allocator.h"

#include <algorithm>
#include <cstring>

#include "os/process.h"
#include "sync/lock.h"

namespace mp::sync {
namespace {

using layout::kGranule;
using layout::SegmentHeader;

constexpr auto kFree = static_cast<uint8_t>(Mark::kFree);
constexpr auto kMore = static_cast<uint8_t>(Mark::kMore);

constexpr uint64_t kNone = ~uint64_t{0};
constexpr uint64_t kLeastGrowth = uint64_t{256} * 1024;
constexpr uint64_t kMostGrowth = uint64_t{16} * 1024 * 1024;
/// Left to the rest of a memory control group that is nearly full.
constexpr uint64_t kHeadroomKept = uint64_t{1024} * 1024;

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

uint64_t Allocator::Granules(uint64_t size_bytes) {
  return size_bytes == 0 ? 1 : (size_bytes + kGranule - 1) / kGranule;
}

uint64_t Allocator::End() const {
  // SYNC POINT heap-end: acquire, see Commit.
  const uint64_t committed = segment_.header()->committed.load(std::memory_order_acquire);
  // Others may have mapped more of it (ulimit -v), and grown it beyond what is mapped here.
  return std::min(committed, segment_.mapped_bytes());
}

uint64_t Allocator::CommittedGranules() const { return GranuleAt(End()); }

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
  uint64_t found = FindRun(rover, granules, length);
  if (found == kNone && rover != 0) found = FindRun(0, granules, length);
  return found == kNone ? 0 : OffsetOf(found);
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
  const SegmentHeader* head = segment_.header();
  const uint64_t old_end = head->committed.load(std::memory_order_relaxed);
  const uint64_t capacity = std::min(head->capacity, segment_.mapped_bytes());
  const uint64_t room = capacity > old_end ? capacity - old_end : 0;
  const uint64_t needed = RoundUpToPage((length - std::min(length, FreeTail())) * kGranule);
  if (needed > room) return {0, AllocationFault::kExhausted, {}};
  const uint64_t half = (old_end - head->heap_offset) / 2;
  const uint64_t wanted = std::min(std::max(half, kLeastGrowth), kMostGrowth);
  const uint64_t step = std::min(std::max(wanted, needed), room);
  Allocation grown = Commit(old_end, step);
  // Near a limit there may be room for what is needed where there is none for a large step.
  if (!grown.ok() && needed < step) grown = Commit(old_end, needed);
  return grown;
}

Allocation Allocator::Commit(uint64_t old_end, uint64_t step) {
  SegmentHeader* head = segment_.header();
  const uint64_t map_bytes = (old_end + step - head->heap_offset) / kGranule;
  if (os::MemoryHeadroom() < step + map_bytes + kHeadroomKept) {
    return {0, AllocationFault::kExhausted, {}};
  }
  os::Status status = file_.Commit(head->map_offset, RoundUpToPage(map_bytes));
  if (status.ok()) status = file_.Commit(old_end, step);
  if (!status.ok()) return {0, AllocationFault::kSystem, status};
  // SYNC POINT heap-end: release pairs with the acquire in End.
  head->committed.store(old_end + step, std::memory_order_release);
  return {};
}

void Allocator::Prepare(uint64_t offset, uint64_t length) {
  std::memset(Map() + GranuleAt(offset) + 1, kMore, length - 1);
  std::memset(segment_.base() + offset, 0, length * kGranule);
}

void Allocator::Start(uint64_t offset, uint64_t length, Mark mark) {
  // The start last, as the header says; the compiler must not move it up.
  std::atomic_signal_fence(std::memory_order_release);
  SetMark(offset, mark);
  SegmentHeader* head = segment_.header();
  head->rover = GranuleAt(offset) + length;
  head->used_bytes.fetch_add(length * kGranule, std::memory_order_relaxed);
}

Allocation Allocator::Allocate(Id self, uint64_t size_bytes) {
  if (size_bytes > segment_.header()->capacity) return {0, AllocationFault::kTooLarge, {}};
  const uint64_t length = Granules(size_bytes);
  const Exclusive held(*this, self);
  Allocation result;
  result.offset = Find(length);
  if (result.offset == 0) {
    result = Grow(length);
    if (!result.ok()) return result;
    result.offset = Find(length);
  }
  Prepare(result.offset, length);
  Start(result.offset, length, Mark::kStart);
  return result;
}

uint64_t Allocator::RunLength(uint64_t granule) const {
  const uint8_t* map = Map();
  const uint64_t granules = CommittedGranules();
  uint64_t end = granule + 1;
  while (end < granules && map[end] == kMore) ++end;
  return end - granule;
}

Mark Allocator::MarkAt(uint64_t offset) const {
  if (offset < segment_.header()->heap_offset || offset % kGranule != 0) return Mark::kFree;
  const uint64_t granule = GranuleAt(offset);
  return granule < CommittedGranules() ? static_cast<Mark>(Map()[granule]) : Mark::kFree;
}

void Allocator::SetMark(uint64_t offset, Mark mark) {
  Map()[GranuleAt(offset)] = static_cast<uint8_t>(mark);
}

uint64_t Allocator::Next(Mark mark, uint64_t from) const {
  const uint64_t granule = GranuleAt(std::max(from, segment_.header()->heap_offset));
  const uint64_t granules = CommittedGranules();
  if (granule >= granules) return 0;
  const void* found = std::memchr(Map() + granule, static_cast<int>(mark), granules - granule);
  if (found == nullptr) return 0;
  return OffsetOf(static_cast<uint64_t>(static_cast<const uint8_t*>(found) - Map()));
}

uint64_t Allocator::SizeOf(uint64_t offset) const {
  const Mark mark = MarkAt(offset);
  if (mark != Mark::kStart && mark != Mark::kObject && mark != Mark::kPinned) return 0;
  return RunLength(GranuleAt(offset)) * kGranule;
}

bool Allocator::Free(Id self, uint64_t offset) {
  const Exclusive held(*this, self);
  if (MarkAt(offset) != Mark::kStart) return false;
  Release(offset);
  return true;
}

void Allocator::Release(uint64_t offset) {
  SegmentHeader* head = segment_.header();
  const uint64_t granule = GranuleAt(offset);
  const uint64_t length = RunLength(granule);
  uint8_t* map = Map();
  map[granule] = kFree;
  // The start first, as the header says.
  std::atomic_signal_fence(std::memory_order_release);
  std::memset(map + granule + 1, kFree, length - 1);
  if (granule < head->rover) head->rover = granule;
  head->used_bytes.fetch_sub(length * kGranule, std::memory_order_relaxed);
}

Allocator::Exclusive::Exclusive(const Allocator& allocator, Id self)
    : segment_(allocator.segment_) {
  Lock lock(segment_, &segment_.header()->allocator_lock);
  // Never the caller's own already: nothing that is done while it is held calls out.
  (void)lock.Acquire(self, os::Deadline::Never());
  if (lock.IsAbandoned()) allocator.Recover();
}

Allocator::Exclusive::~Exclusive() { Lock(segment_, &segment_.header()->allocator_lock).Release(); }

void Allocator::Recover() const {
  uint8_t* map = Map();
  const uint64_t granules = CommittedGranules();
  uint64_t used = 0;
  for (uint64_t i = 0; i < granules; ++i) {
    const bool lacks_start = map[i] == kMore && (i == 0 || map[i - 1] == kFree);
    if (lacks_start) map[i] = kFree;
    if (map[i] != kFree) ++used;
  }
  SegmentHeader* head = segment_.header();
  head->rover = 0;
  head->used_bytes.store(used * kGranule, std::memory_order_relaxed);
  // Which granules of references are lost only a walk of all objects tells: the next sweep's.
  head->sweep_reasons.fetch_or(layout::kLostGranules, std::memory_order_relaxed);
}

}  // namespace mp::sync
