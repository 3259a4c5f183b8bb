// Writing and reading segments with names; see the header.
#include "sync/named_segment.h"

#include <cstring>

#include "layout/data_block.h"
#include "layout/ring.h"

namespace mp::sync {
namespace {

using layout::DataBlock;
using layout::kGranule;
using layout::kPage;

/// For what objects need later: a condition of many waiters.
constexpr uint64_t kRoomToGrow = 512ULL << 10;
/// Up to this limit a ring may need chunks of four times its bytes in flight: those that are read
/// from and written to may be almost empty, and what lies between them may not fit what is needed.
constexpr uint64_t kLargeRing = 64ULL << 20;
/// It takes whole pieces of addresses anyway (address_space.h).
constexpr uint64_t kPiece = 1ULL << 20;

uint64_t RoundUp(uint64_t bytes, uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

bool IsRing(const uint8_t* object) {
  return reinterpret_cast<const layout::SyncObject*>(object)->kind ==
         static_cast<uint32_t>(layout::ObjectKind::kQueue);
}

/// For what an object may need later: addresses only, until it does.
uint64_t RoomToGrow(const NamedPart& part) {
  if (!IsRing(part.bytes)) return 0;
  const uint64_t limit = reinterpret_cast<const layout::Ring*>(part.bytes)->byte_limit;
  return limit < kLargeRing ? 4 * limit : 2 * limit + 2 * kLargeRing;
}

/// How large a segment may become that starts with a heap of so many bytes; its map needs a byte
/// for each granule.
uint64_t CapacityFor(uint64_t heap_bytes, const std::vector<NamedPart>& parts) {
  const uint64_t fixed = kPage + kNamedSlots * sizeof(layout::Slot);
  uint64_t without_map = fixed + heap_bytes + kRoomToGrow + 2 * kPage;
  for (const NamedPart& part : parts) without_map += RoomToGrow(part);
  return RoundUp(without_map + without_map / (kGranule - 1), kPiece);
}

/// What of the original's tree is written in an object: that tree is of no concern to others.
void Forget(uint8_t* copy) {
  auto* object = reinterpret_cast<layout::SyncObject*>(copy);
  for (layout::Reference& reference : object->references) reference.store(0);
  if (IsRing(copy)) reinterpret_cast<layout::Ring*>(copy)->maker = 0;
}

/// Copies one block to where there is room. Nobody else sees this segment: no lock is needed.
Allocation Add(Allocator* allocator, const void* bytes, uint64_t size_bytes) {
  const uint64_t length = Allocator::Granules(size_bytes);
  Allocation room;
  room.offset = allocator->Find(length);
  if (room.offset == 0) {
    room = allocator->Grow(length);
    if (!room.ok()) return room;
    room.offset = allocator->Find(length);
  }
  allocator->Prepare(room.offset, length);
  std::memcpy(allocator->segment().base() + room.offset, bytes, size_bytes);
  allocator->Start(room.offset, length, Mark::kPinned);
  return room;
}

Allocation Fill(Allocator allocator, const std::string& root, const std::vector<NamedPart>& parts) {
  std::vector<uint8_t> block(sizeof(DataBlock) + root.size());
  auto* header = reinterpret_cast<DataBlock*>(block.data());
  header->byte_length = root.size();
  header->kind = static_cast<uint32_t>(layout::ObjectKind::kName);
  header->element = static_cast<uint32_t>(layout::ElementType::kChar);
  std::memcpy(block.data() + sizeof(DataBlock), root.data(), root.size());
  Allocation made = Add(&allocator, block.data(), block.size());
  for (const NamedPart& part : parts) {
    if (!made.ok()) break;
    made = Add(&allocator, part.bytes, part.size_bytes);
    if (!made.ok()) break;
    Forget(allocator.segment().base() + made.offset);
  }
  return made;
}

}  // namespace

Allocation WriteNamed(const os::SharedFile& file, const std::string& root,
                      const std::vector<NamedPart>& parts) {
  uint64_t heap_bytes = RoundUp(sizeof(DataBlock) + root.size(), kGranule);
  for (const NamedPart& part : parts) heap_bytes += RoundUp(part.size_bytes, kGranule);
  const uint64_t capacity = CapacityFor(heap_bytes, parts);
  uint8_t* base = nullptr;
  if (os::Status status = file.Map(capacity, &base); !status.ok()) {
    return {0, AllocationFault::kSystem, status};
  }
  Segment segment(base, capacity);
  Allocation made;
  if (os::Status status = segment.Format(file, {capacity, kNamedSlots}); !status.ok()) {
    made = {0, AllocationFault::kSystem, status};
  } else {
    // Not one page more is backed than needed now.
    segment.header()->capacity = segment.header()->heap_offset + RoundUp(heap_bytes, kPage);
    made = Fill({segment, file}, root, parts);
    segment.header()->capacity = capacity;
  }
  os::Unmap(base, capacity);
  return made;
}

bool ReadNamed(const MappedSegment& mapped, std::string* root, std::vector<uint64_t>* offsets) {
  const Allocator allocator = mapped.allocator();
  const uint64_t first = allocator.Next(Mark::kPinned, 0);
  const uint64_t size_bytes = allocator.SizeOf(first);
  if (size_bytes < sizeof(DataBlock)) return false;
  const auto* block = reinterpret_cast<const DataBlock*>(mapped.segment.base() + first);
  if (block->kind != static_cast<uint32_t>(layout::ObjectKind::kName)) return false;
  if (block->byte_length > size_bytes - sizeof(DataBlock)) return false;
  root->assign(reinterpret_cast<const char*>(block + 1), block->byte_length);
  for (uint64_t offset = allocator.Next(Mark::kPinned, first + kGranule); offset != 0;
       offset = allocator.Next(Mark::kPinned, offset + kGranule)) {
    offsets->push_back(offset);
  }
  return true;
}

}  // namespace mp::sync
