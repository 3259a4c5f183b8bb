// Segments: header, slots and who is alive. See the header for the table.
#include "sync/segment.h"

#include <cstring>

#include "os/life_token.h"
#include "os/process.h"

namespace mp::sync {
namespace {

using layout::SegmentHeader;
using layout::Slot;

constexpr uint32_t kSlotMask = layout::kMaxSlots - 1;
constexpr uint32_t kGenerationMask = (1U << layout::kGenerationBits) - 1;

uint32_t IndexOf(Id id) { return id & kSlotMask; }
uint32_t GenerationOf(Id id) { return (id >> layout::kSlotBits) & kGenerationMask; }

uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

void PlaceParts(SegmentHeader* header, SegmentSize size) {
  header->capacity = size.capacity;
  header->slot_count = size.slot_count;
  header->slots_offset = layout::kPage;
  const uint64_t slots_end = layout::kPage + uint64_t{size.slot_count} * sizeof(Slot);
  header->map_offset = RoundUp(slots_end, layout::kPage);
  // One byte per granule of the whole segment: a little more than the heap needs.
  const uint64_t map_bytes = size.capacity / layout::kGranule;
  header->heap_offset = RoundUp(header->map_offset + map_bytes, layout::kPage);
  header->committed.store(header->heap_offset, std::memory_order_relaxed);
}

}  // namespace

Slot* Segment::SlotAt(uint32_t index) const {
  return reinterpret_cast<Slot*>(base_ + header()->slots_offset) + index;
}

os::WaitPoint Segment::PointAt(std::atomic<uint32_t>* word, uint32_t expected) const {
  uint64_t key = 0;
  std::memcpy(&key, header()->id, sizeof key);
  key += static_cast<uint64_t>(reinterpret_cast<uint8_t*>(word) - base_);
  return {word, expected, key, false};
}

os::Status Segment::Format(const os::SharedFile& file, SegmentSize size) {
  const uint64_t fixed = layout::kPage + uint64_t{size.slot_count} * sizeof(Slot);
  if (os::Status status = file.Commit(0, RoundUp(fixed, layout::kPage)); !status.ok()) {
    return status;
  }
  SegmentHeader* head = header();
  head->layout_version = layout::kLayoutVersion;
  head->architecture = layout::kArchitecture;
  head->next_slot.store(1, std::memory_order_relaxed);
  head->next_serial.store(1, std::memory_order_relaxed);
  if (os::Status status = os::RandomBytes(head->id, sizeof head->id); !status.ok()) return status;
  PlaceParts(head, size);
  for (uint32_t i = 1; i < size.slot_count; ++i) {
    os::LifeToken token(SlotAt(i)->life_token);
    if (os::Status status = token.Format(); !status.ok()) return status;
  }
  // SYNC POINT segment-ready: release pairs with the acquire in Check.
  head->magic.store(layout::kMagic, std::memory_order_release);
  return {};
}

SegmentFault Segment::Check(const os::SharedFile& file) const {
  const SegmentHeader* head = header();
  // SYNC POINT segment-ready: see Format.
  if (head->magic.load(std::memory_order_acquire) != layout::kMagic) {
    return SegmentFault::kNotASegment;
  }
  if (head->layout_version != layout::kLayoutVersion) return SegmentFault::kVersion;
  if (head->architecture != layout::kArchitecture) return SegmentFault::kArchitecture;
  const bool ordered = head->slots_offset < head->map_offset &&
                       head->map_offset < head->heap_offset && head->heap_offset < head->capacity;
  const bool fits = head->slot_count > 1 && head->slot_count <= layout::kMaxSlots &&
                    head->slots_offset + head->slot_count * sizeof(Slot) <= head->map_offset &&
                    head->heap_offset < mapped_bytes_;
  return ordered && fits && IsBacked(file) ? SegmentFault::kNone : SegmentFault::kSize;
}

/// Whether the file has all bytes that the header says are backed by memory: others would be
/// SIGBUS for whoever touches them.
bool Segment::IsBacked(const os::SharedFile& file) const {
  const SegmentHeader* head = header();
  // SYNC POINT heap-end: acquire, see allocator.cc. Before the size: both only grow.
  const uint64_t committed = head->committed.load(std::memory_order_acquire);
  if (committed < head->heap_offset || committed > head->capacity) return false;
  uint64_t size = 0;
  if (!file.Size(&size).ok()) return false;
  // Of a heap that is still empty not even the map is backed.
  return size >= (committed == head->heap_offset ? head->map_offset : committed);
}

Id Segment::Enter() {
  SegmentHeader* head = header();
  // Round-robin, so that an id comes back only after all slots times all generations.
  for (uint32_t tries = 0; tries < 2 * head->slot_count; ++tries) {
    const uint32_t index =
        head->next_slot.fetch_add(1, std::memory_order_relaxed) % head->slot_count;
    if (index == 0) continue;
    Slot* slot = SlotAt(index);
    if (os::LifeToken(slot->life_token).Take() != os::TokenTake::kTaken) continue;
    const uint32_t generation =
        (slot->generation.load(std::memory_order_relaxed) + 1) & kGenerationMask;
    slot->bell.store(0, std::memory_order_relaxed);
    slot->pid.store(os::ProcessId(), std::memory_order_relaxed);
    slot->tid.store(os::ThreadId(), std::memory_order_relaxed);
    // SYNC POINT slot-generation: release pairs with the acquire in SlotOfLiving.
    slot->generation.store(generation, std::memory_order_release);
    return generation << layout::kSlotBits | index;
  }
  return 0;
}

void Segment::Leave(Id id) {
  Slot* slot = SlotAt(IndexOf(id));
  // The generation first: from here on the id is dead for all who look.
  const uint32_t next = (GenerationOf(id) + 1) & kGenerationMask;
  slot->generation.store(next, std::memory_order_release);
  os::LifeToken(slot->life_token).Release();
}

Slot* Segment::SlotOf(Id id) const {
  const uint32_t index = IndexOf(id);
  return index == 0 || index >= header()->slot_count ? nullptr : SlotAt(index);
}

Slot* Segment::SlotOfLiving(Id id) const {
  Slot* slot = SlotOf(id);
  if (slot == nullptr) return nullptr;
  // SYNC POINT slot-generation: see Enter.
  if (slot->generation.load(std::memory_order_acquire) != GenerationOf(id)) return nullptr;
  return os::LifeToken(slot->life_token).IsHeld() ? slot : nullptr;
}

Id Segment::LivingIdIn(uint32_t index) const {
  Slot* slot = SlotAt(index);
  // SYNC POINT slot-generation: see Enter.
  const Id id = slot->generation.load(std::memory_order_acquire) << layout::kSlotBits | index;
  return os::LifeToken(slot->life_token).IsHeld() ? id : 0;
}

bool Segment::HasOthers(Id self) const {
  for (uint32_t i = 1; i < header()->slot_count; ++i) {
    const Id id = LivingIdIn(i);
    if (id != 0 && id != self) return true;
  }
  return false;
}

bool Segment::ArmDeathNotice(Id id, os::WaitPoint* point) const {
  Slot* slot = SlotOfLiving(id);
  if (slot == nullptr) return false;
  if (!os::LifeToken(slot->life_token).ArmDeathNotice(point)) return false;
  // The slot may have changed hands in between; then the point watches a stranger.
  return slot->generation.load(std::memory_order_acquire) == GenerationOf(id);
}

void Segment::SpreadDeathNotice(Id id) const {
  if (Slot* slot = SlotOf(id)) os::LifeToken(slot->life_token).SpreadDeathNotice();
}

}  // namespace mp::sync
