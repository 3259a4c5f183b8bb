// Looking into a segment; see the header.
#include "sync/inspect.h"

#include <cstring>

#include "layout/data_block.h"
#include "sync/allocator.h"
#include "sync/condition.h"
#include "sync/robust_semaphore.h"

namespace mp::sync {
namespace {

using layout::ObjectKind;

bool IsData(uint32_t kind) {
  return kind == static_cast<uint32_t>(ObjectKind::kValue) ||
         kind == static_cast<uint32_t>(ObjectKind::kArray);
}

/// Whether its state is that of a lock.
bool IsLock(uint32_t kind) {
  return kind == static_cast<uint32_t>(ObjectKind::kLock) ||
         kind == static_cast<uint32_t>(ObjectKind::kRLock) ||
         kind == static_cast<uint32_t>(ObjectKind::kRWLock);
}

bool IsRobustSemaphore(const layout::SyncObject& object) {
  return object.kind == static_cast<uint32_t>(ObjectKind::kSemaphore) &&
         (object.flags & layout::kRobust) != 0 && object.maximum != 0;
}

void FindOwner(const Segment& segment, Id owner, SeenObject* seen) {
  const layout::Slot* slot = owner == 0 ? nullptr : segment.SlotOf(owner);
  if (slot == nullptr) return;
  seen->has_owner = true;
  seen->owner_lives = segment.IsAlive(owner);
  // Of an owner that has died only its slot's next holder may be known.
  if (seen->owner_lives) seen->owner = {slot->pid.load(), slot->tid.load()};
}

/// A journal, as far as it lies in the segment; its keeper is the first to hold it.
void LookIntoJournal(const Allocator& allocator, SeenObject* seen) {
  const Segment& segment = allocator.segment();
  const auto* block = reinterpret_cast<const layout::DataBlock*>(segment.base() + seen->offset);
  const uint64_t size = allocator.SizeOf(seen->offset);
  if (size < sizeof *block || block->byte_length > size - sizeof *block) return;
  const auto* bytes = reinterpret_cast<const uint8_t*>(block + 1);
  seen->content.assign(bytes, bytes + block->byte_length);
  const auto keeper = static_cast<uint32_t>(block->references[0].load());
  FindOwner(segment, keeper & layout::kIdMask, seen);
}

SeenObject Look(const Allocator& allocator, uint64_t offset) {
  const Segment& segment = allocator.segment();
  const auto* object = reinterpret_cast<const layout::SyncObject*>(segment.base() + offset);
  SeenObject seen;
  seen.offset = offset;
  seen.kind = object->kind;
  if (seen.kind == static_cast<uint32_t>(ObjectKind::kJournal)) {
    LookIntoJournal(allocator, &seen);
    return seen;
  }
  if (IsData(seen.kind)) {
    const auto* block = reinterpret_cast<const layout::DataBlock*>(object);
    seen.byte_length = block->byte_length;
    seen.element = block->element;
    return seen;
  }
  const uint64_t state = object->state.load();
  seen.low = static_cast<uint32_t>(state);
  seen.high = static_cast<uint32_t>(state >> 32);
  seen.depth = object->depth.load();
  seen.maximum = object->maximum;
  seen.is_robust = (object->flags & layout::kRobust) != 0;
  if (seen.kind == static_cast<uint32_t>(ObjectKind::kCondition)) {
    auto* condition = reinterpret_cast<layout::ConditionObject*>(segment.base() + offset);
    seen.waiting = Condition(segment, condition).Waiting();
  }
  if (IsLock(seen.kind)) FindOwner(segment, seen.low & layout::kIdMask, &seen);
  if (IsRobustSemaphore(*object)) {
    // As in a semaphore that has a count: WAITERS is in the other half there.
    seen.high = seen.low;
    seen.low = RobustSemaphore(segment, const_cast<layout::SyncObject*>(object)).Free();
  }
  return seen;
}

void LookAround(const Segment& segment, const os::SharedFile& file, Inspected* inspected) {
  std::memcpy(inspected->id.data(), segment.header()->id, inspected->id.size());
  for (uint32_t i = 1; i < segment.header()->slot_count; ++i) {
    if (segment.LivingIdIn(i) == 0) continue;
    const layout::Slot* slot = segment.SlotAt(i);
    inspected->users.push_back({slot->pid.load(), slot->tid.load()});
  }
  const Allocator allocator(segment, file);
  for (const Mark mark : {Mark::kPinned, Mark::kObject}) {
    for (uint64_t offset = allocator.Next(mark, 0); offset != 0;
         offset = allocator.Next(mark, offset + layout::kGranule)) {
      inspected->objects.push_back(Look(allocator, offset));
    }
  }
}

}  // namespace

bool Inspect(const os::SharedFile& file, Inspected* inspected) {
  uint64_t size = 0;
  layout::SegmentHeader head{};
  if (!file.Size(&size).ok() || size < sizeof head || !file.Read(&head, sizeof head).ok()) {
    return false;
  }
  const bool makes_sense = head.magic == layout::kMagic && head.capacity <= uint64_t{1} << 40;
  uint8_t* base = nullptr;
  if (!makes_sense || !file.Map(head.capacity, &base).ok()) return false;
  const Segment segment(base, head.capacity);
  const bool readable = segment.Check(file) == SegmentFault::kNone;
  if (readable) LookAround(segment, file, inspected);
  os::Unmap(base, head.capacity);
  return readable;
}

}  // namespace mp::sync
