// Creating, sharing, attaching and dropping; sweeping is in sweep.cc. See the header.
#include "sync/references.h"

#include "layout/condition.h"
#include "sync/ring.h"

namespace mp::sync {

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
  if (!IsInRing(entry)) CountUp(ThreadOf(entry));
  place->store(entry, std::memory_order_release);
  return {};
}

bool References::Remove(uint64_t offset, Entry entry) {
  ReferenceList list(allocator_, offset);
  layout::Reference* place = list.Find(entry);
  if (place == nullptr) return false;
  list.Erase(place);
  if (!IsInRing(entry)) CountDown(ThreadOf(entry));
  if (list.IsEmpty()) End(offset);
  return true;
}

Allocation References::Share(Id self, uint64_t offset, uint32_t lives_with, InFlight* made) {
  const Exclusive held(allocator_, self);
  *made = MessageFor(self, offset, lives_with);
  if (IsPinned(offset)) return {};
  return Add(offset, InFlightEntry(made->holder, made->token));
}

InFlight References::MessageFor(Id self, uint64_t offset, uint32_t lives_with) {
  const Segment& segment = allocator_.segment();
  uint32_t holder = lives_with;
  if ((lives_with & layout::kInRing) != 0) {
    const uint64_t ring_offset = uint64_t{lives_with & layout::kIdMask} * layout::kGranule;
    const uint32_t kind = ObjectAt(offset)->kind;
    const bool leads_back = kind == static_cast<uint32_t>(layout::ObjectKind::kQueue) ||
                            kind == static_cast<uint32_t>(layout::ObjectKind::kPipeEnd);
    const bool is_ring =
        ring_offset < allocator_.End() && allocator_.MarkAt(ring_offset) == Mark::kObject &&
        ObjectAt(ring_offset)->kind == static_cast<uint32_t>(layout::ObjectKind::kQueue);
    auto* ring = reinterpret_cast<layout::Ring*>(ObjectAt(ring_offset));
    if (is_ring && !leads_back) {
      ring->carries.store(1, std::memory_order_relaxed);
      return {lives_with, ring->serial};
    }
    holder = is_ring && segment.IsAlive(ring->maker) ? ring->maker : self;
  }
  return {holder, segment.header()->next_token.fetch_add(1, std::memory_order_relaxed)};
}

AttachResult References::Attach(Id self, const ObjectName& name, InFlight message, bool holds) {
  const Exclusive held(allocator_, self);
  if (!Is(name)) return AttachResult::kGone;
  if (IsPinned(name.offset)) return AttachResult::kAttached;
  const Entry in_flight = InFlightEntry(message.holder, message.token);
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
  if (!IsInRing(in_flight)) CountDown(message.holder);
  return AttachResult::kAttached;
}

bool References::Withdraw(Id self, const ObjectName& name, InFlight message) {
  const Exclusive held(allocator_, self);
  return Is(name) && !IsPinned(name.offset) &&
         Remove(name.offset, InFlightEntry(message.holder, message.token));
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
    EndRing(reinterpret_cast<layout::Ring*>(ObjectAt(offset)));
  }
  if (kind == static_cast<uint32_t>(layout::ObjectKind::kPipeEnd)) {
    EndPipe(*reinterpret_cast<const layout::PipeEnd*>(ObjectAt(offset)));
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

void References::EndRing(layout::Ring* ring) {
  if (ring->carries.load(std::memory_order_relaxed) != 0) {
    // What its messages held is found by the next sweep.
    allocator_.segment().header()->sweep_reasons.fetch_or(layout::kRingEnded,
                                                          std::memory_order_release);
  }
  MessageRing(allocator_.segment(), allocator_, ring).ReleaseChunks();
}

/// Nobody will put any more, or get: the far end is told before this one is gone, so that who is
/// killed in between leaves that to the next sweep.
void References::EndPipe(const layout::PipeEnd& end) {
  const auto close = [&](uint32_t granule, uint32_t serial) {
    const uint64_t offset = uint64_t{granule} * layout::kGranule;
    const ObjectName name{offset, static_cast<uint32_t>(layout::ObjectKind::kQueue), serial};
    if (granule == 0 || !Is(name)) return;
    auto* ring = reinterpret_cast<layout::Ring*>(ObjectAt(offset));
    MessageRing(allocator_.segment(), allocator_, ring).Close();
  };
  close(end.out, end.out_serial);
  close(end.in, end.in_serial);
}

bool References::HasHolder(Id self, const ObjectName& name) {
  const Exclusive held(allocator_, self);
  if (!Is(name)) return false;
  if (IsPinned(name.offset)) return true;
  ReferenceList list(allocator_, name.offset);
  // Their threads' counts stay too high, which a sweep puts right.
  list.EraseIf([&](Entry entry) { return IsDead(entry); });
  if (!list.IsEmpty()) return true;
  End(name.offset);
  return false;
}

bool References::IsDead(Entry entry) const {
  if (!IsInRing(entry)) return !allocator_.segment().IsAlive(ThreadOf(entry));
  const uint64_t offset = uint64_t{ThreadOf(entry)} * layout::kGranule;
  // It may lie where this process has mapped nothing (ulimit -v).
  if (offset >= allocator_.End()) return false;
  return !Is({offset, static_cast<uint32_t>(layout::ObjectKind::kQueue),
              static_cast<uint32_t>(entry >> 32)});
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
