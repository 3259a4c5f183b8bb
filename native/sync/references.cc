// Creating, sharing, attaching and dropping; sweeping is in sweep.cc. See the header.
#include "sync/references.h"

#include "layout/condition.h"
#include "sync/ring.h"

namespace mp::sync {

using layout::SegmentHeader;
using layout::Slot;
using layout::SyncObject;
using Exclusive = Allocator::Exclusive;

SyncObject* References::ObjectAt(uint64_t offset) const {
  return reinterpret_cast<SyncObject*>(allocator_.segment().base() + offset);
}

bool References::Is(const ObjectName& name) const {
  if (allocator_.MarkAt(name.offset) != Mark::kObject && !IsPinned(name.offset)) return false;
  const SyncObject* object = ObjectAt(name.offset);
  return object->kind == name.kind && object->serial == name.serial;
}

bool References::IsPinned(uint64_t offset) const {
  return allocator_.MarkAt(offset) == Mark::kPinned;
}

Allocation References::Obtain(uint64_t length, uint64_t pinned) {
  Allocation room;
  room.offset = allocator_.Find(length);
  if (room.offset == 0 && NeedsSweep() && SweepHeld(pinned) > 0) {
    room.offset = allocator_.Find(length);
  }
  if (room.offset != 0) return room;
  room = allocator_.Grow(length);
  if (room.ok()) room.offset = allocator_.Find(length);
  return room;
}

Allocation References::Create(Id self, uint64_t size_bytes) {
  if (size_bytes > allocator_.segment().header()->capacity) {
    return {0, AllocationFault::kTooLarge, {}};
  }
  const uint64_t length = Allocator::Granules(size_bytes);
  const Exclusive held(allocator_, self);
  const Allocation room = Obtain(length, 0);
  if (!room.ok()) return room;
  CountUp(self);
  allocator_.Prepare(room.offset, length);
  ObjectAt(room.offset)->references[0].store(HolderEntry(self), std::memory_order_relaxed);
  allocator_.Start(room.offset, length, Mark::kObject);
  return room;
}

Allocation References::Add(uint64_t offset, Entry entry) {
  ReferenceList list(allocator_, offset);
  layout::Reference* place = list.Find(0);
  if (place == nullptr) {
    // Of an object that is being attached all other references may be of the dead.
    const Allocation room = Obtain(1, offset);
    // The sweep may have made room in the list itself; then the granule stays free.
    place = list.Find(0);
    if (place == nullptr && !room.ok()) return room;
    if (place == nullptr) place = list.Extend(room.offset);
  }
  CountUp(ThreadOf(entry));
  place->store(entry, std::memory_order_release);
  return {};
}

bool References::Remove(uint64_t offset, Entry entry) {
  ReferenceList list(allocator_, offset);
  layout::Reference* place = list.Find(entry);
  if (place == nullptr) return false;
  list.Erase(place);
  CountDown(ThreadOf(entry));
  if (list.IsEmpty()) End(offset);
  return true;
}

Allocation References::Share(Id self, uint64_t offset, Id lives_with, InFlight* made) {
  const Exclusive held(allocator_, self);
  SegmentHeader* head = allocator_.segment().header();
  *made = {lives_with, head->next_token.fetch_add(1, std::memory_order_relaxed)};
  if (IsPinned(offset)) return {};
  return Add(offset, InFlightEntry(made->thread, made->token));
}

AttachResult References::Attach(Id self, const ObjectName& name, InFlight message, bool holds) {
  const Exclusive held(allocator_, self);
  if (!Is(name)) return AttachResult::kGone;
  if (IsPinned(name.offset)) return AttachResult::kAttached;
  const Entry in_flight = InFlightEntry(message.thread, message.token);
  if (holds) {
    Remove(name.offset, in_flight);
    return AttachResult::kAttached;
  }
  ReferenceList list(allocator_, name.offset);
  layout::Reference* sent = list.Find(in_flight);
  if (sent == nullptr) {
    return Add(name.offset, HolderEntry(self)).ok() ? AttachResult::kAttached
                                                    : AttachResult::kExhausted;
  }
  // One store makes the message's reference the receiver's: no memory is needed, and no moment is
  // between the two.
  CountUp(self);
  sent->store(HolderEntry(self), std::memory_order_release);
  CountDown(message.thread);
  return AttachResult::kAttached;
}

bool References::Withdraw(Id self, const ObjectName& name, InFlight message) {
  const Exclusive held(allocator_, self);
  return Is(name) && !IsPinned(name.offset) &&
         Remove(name.offset, InFlightEntry(message.thread, message.token));
}

bool References::Drop(Id self, uint64_t offset) {
  const Exclusive held(allocator_, self);
  return allocator_.MarkAt(offset) == Mark::kObject && Remove(offset, HolderEntry(self));
}

void References::DropAll(Id self, const std::vector<uint64_t>& offsets) {
  const Exclusive held(allocator_, self);
  for (const uint64_t offset : offsets) {
    if (allocator_.MarkAt(offset) == Mark::kObject) Remove(offset, HolderEntry(self));
  }
}

Allocation References::Rehold(Id self, const std::vector<uint64_t>& offsets) {
  const Exclusive held(allocator_, self);
  for (const uint64_t offset : offsets) {
    if (allocator_.MarkAt(offset) != Mark::kObject) continue;
    if (const Allocation added = Add(offset, HolderEntry(self)); !added.ok()) return added;
  }
  return {};
}

void References::End(uint64_t offset) {
  const uint32_t kind = ObjectAt(offset)->kind;
  if (kind == static_cast<uint32_t>(layout::ObjectKind::kQueue)) {
    auto* ring = reinterpret_cast<layout::Ring*>(ObjectAt(offset));
    MessageRing(allocator_.segment(), allocator_, ring).ReleaseChunks();
  }
  if (kind == static_cast<uint32_t>(layout::ObjectKind::kCondition)) {
    auto& next = reinterpret_cast<layout::ConditionObject*>(ObjectAt(offset))->block.next;
    while (const uint64_t block = next.load(std::memory_order_acquire)) {
      const uint8_t* memory = allocator_.segment().base() + block;
      const auto* tickets = reinterpret_cast<const layout::TicketBlock*>(memory);
      // First out of the chain: killed in between, it is lost, but freed by nobody twice.
      next.store(tickets->next.load(std::memory_order_acquire), std::memory_order_release);
      allocator_.Release(block);
    }
  }
  allocator_.Release(offset);
}

void References::CountUp(Id id) {
  const Segment& segment = allocator_.segment();
  std::atomic<uint32_t>& reasons = segment.header()->sweep_reasons;
  // Only one id is counted in a slot. Of an earlier one, or of one that has died before a message
  // to it was sent, it is only told that there is something.
  Slot* slot = segment.SlotOf(id);
  if (slot == nullptr ||
      !(slot->referrer.load(std::memory_order_relaxed) == id || segment.IsAlive(id))) {
    reasons.fetch_or(layout::kOldReferrers, std::memory_order_release);
    return;
  }
  if (slot->referrer.load(std::memory_order_relaxed) != id) {
    if (slot->references.load(std::memory_order_relaxed) != 0) {
      reasons.fetch_or(layout::kOldReferrers, std::memory_order_release);
    }
    slot->references.store(0, std::memory_order_release);
    slot->referrer.store(id, std::memory_order_release);
  }
  slot->references.fetch_add(1, std::memory_order_release);
}

void References::CountDown(Id id) {
  Slot* slot = allocator_.segment().SlotOf(id);
  if (slot == nullptr || slot->referrer.load(std::memory_order_relaxed) != id) return;
  if (slot->references.load(std::memory_order_relaxed) == 0) return;
  slot->references.fetch_sub(1, std::memory_order_release);
}

}  // namespace mp::sync
