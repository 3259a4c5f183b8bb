// Sweeping: the references of the dead, the objects that nobody can reach, and granules of
// references that a killed process left. See references.h.
#include "sync/references.h"

namespace mp::sync {

using layout::SegmentHeader;
using layout::Slot;

namespace {

/// Slots that somebody has ever held: they are handed out in turn.
uint32_t UsedSlots(const SegmentHeader* head) {
  const uint32_t next = head->next_slot.load(std::memory_order_acquire);
  return next < head->slot_count ? next : head->slot_count;
}

}  // namespace

/// Whether somebody who has died since the last sweep may have left something.
bool References::NeedsSweep() const {
  const Segment& segment = allocator_.segment();
  const SegmentHeader* head = segment.header();
  if (head->sweep_reasons.load(std::memory_order_acquire) != 0) return true;
  const uint32_t used = UsedSlots(head);
  for (uint32_t i = 1; i < used; ++i) {
    const Slot* slot = segment.SlotAt(i);
    if (slot->references.load(std::memory_order_acquire) == 0) continue;
    if (!segment.IsAlive(slot->referrer.load(std::memory_order_acquire))) return true;
  }
  return false;
}

uint64_t References::Sweep(Id self) {
  const Allocator::Exclusive held(allocator_, self);
  return NeedsSweep() ? SweepHeld(0) : 0;
}

uint64_t References::SweepHeld(uint64_t pinned) {
  const Segment& segment = allocator_.segment();
  SegmentHeader* head = segment.header();
  const uint64_t before = head->used_bytes.load(std::memory_order_relaxed);
  // Who lives is asked once for each slot. Whoever has an entry here wrote it before this lock was
  // taken: so who is missing in this table is dead, and who ends from now on is left to the next.
  Living living{};
  for (uint32_t i = 1; i < head->slot_count; ++i) living[i] = segment.LivingIdIn(i);
  // A process that has mapped only a part (ulimit -v) cannot tell what the rest of it needs.
  const bool sees_all = head->committed.load(std::memory_order_relaxed) <= segment.mapped_bytes();
  if (sees_all) FreeLostGranules();
  do {
    // A ring that ends in the middle may have kept what has been looked at already.
    head->sweep_reasons.fetch_and(~layout::kRingEnded, std::memory_order_relaxed);
    SweepObjects(living, pinned);
  } while ((head->sweep_reasons.load(std::memory_order_relaxed) & layout::kRingEnded) != 0);
  if (sees_all) Forget(living);
  const uint64_t after = head->used_bytes.load(std::memory_order_relaxed);
  return after < before ? before - after : 0;
}

void References::SweepObjects(const Living& living, uint64_t pinned) {
  const auto is_dead = [&](Entry entry) {
    if (IsInRing(entry)) return IsDead(entry);
    const Id id = ThreadOf(entry);
    const uint32_t slot = id % layout::kMaxSlots;
    return living[slot] != id;
  };
  for (uint64_t offset = allocator_.Next(Mark::kObject, 0); offset != 0;
       offset = allocator_.Next(Mark::kObject, offset + layout::kGranule)) {
    ReferenceList list(allocator_, offset);
    list.EraseIf(is_dead);
    if (list.IsEmpty() && offset != pinned) End(offset);
  }
}

/// Frees granules of references that no entry leads to, if there may be any.
void References::FreeLostGranules() {
  const SegmentHeader* head = allocator_.segment().header();
  if ((head->sweep_reasons.load(std::memory_order_relaxed) & layout::kLostGranules) == 0) return;
  const auto for_each = [&](Mark mark, auto visit) {
    for (uint64_t offset = allocator_.Next(mark, 0); offset != 0;
         offset = allocator_.Next(mark, offset + layout::kGranule)) {
      visit(offset);
    }
  };
  // Whoever was killed in here has left marks of this kind.
  for_each(Mark::kReached, [&](uint64_t offset) { allocator_.SetMark(offset, Mark::kReferences); });
  for_each(Mark::kObject, [&](uint64_t offset) {
    ReferenceList(allocator_, offset).ForEachGranule([&](uint64_t granule) {
      allocator_.SetMark(granule, Mark::kReached);
      return false;
    });
  });
  for_each(Mark::kReferences, [&](uint64_t offset) { allocator_.Release(offset); });
  for_each(Mark::kReached, [&](uint64_t offset) { allocator_.SetMark(offset, Mark::kReferences); });
}

/// Nothing is left of those who are missing in `living`: their slots count nothing any more.
void References::Forget(const Living& living) {
  const Segment& segment = allocator_.segment();
  for (uint32_t i = 1; i < segment.header()->slot_count; ++i) {
    Slot* slot = segment.SlotAt(i);
    if (slot->references.load(std::memory_order_relaxed) == 0) continue;
    if (slot->referrer.load(std::memory_order_relaxed) == living[i]) continue;
    slot->references.store(0, std::memory_order_release);
  }
  segment.header()->sweep_reasons.store(0, std::memory_order_release);
}

}  // namespace mp::sync
