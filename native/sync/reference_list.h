// The references of one object: its entries, group by group. The first group is in the object's
// header; a link in a group's last entry leads to the next, a granule of its own. See
// layout/references.h for the bytes. All of this only under the allocator's lock.
//
// What a process that is killed at any point leaves behind:
//
//   STEP                          | LEFT BEHIND
//   ------------------------------+--------------------------------------------------------------
//   an entry is written           | the entry as before or as after: it is one store
//   a granule is taken            | a granule that no entry leads to; the next sweep frees it
//   the link to it is written     | nothing: the entry that the link replaces was copied before
//   an empty granule is unlinked  | nothing: its own link goes to where it was linked from
//   that granule is freed         | as with a granule that is taken
#pragma once

#include <cstdint>

#include "layout/sync_object.h"
#include "sync/allocator.h"

namespace mp::sync {

/// What an entry says. 0 is no entry.
using Entry = uint64_t;

[[nodiscard]] inline Entry HolderEntry(Id id) { return id; }
/// `holder` is the id of a thread, or names a ring (IN_RING).
[[nodiscard]] inline Entry InFlightEntry(uint32_t holder, uint32_t token) {
  const bool in_ring = (holder & layout::kInRing) != 0;
  return Entry{token} << 32 | (in_ring ? holder : layout::kInFlight | holder);
}
[[nodiscard]] inline bool IsInRing(Entry entry) {
  return (static_cast<uint32_t>(entry) & layout::kInRing) != 0;
}
[[nodiscard]] inline bool IsLink(Entry entry) {
  return (static_cast<uint32_t>(entry) & layout::kLink) != 0;
}
/// The thread whose life an entry has, unless it is that of a ring.
[[nodiscard]] inline Id ThreadOf(Entry entry) {
  return static_cast<uint32_t>(entry) & layout::kIdMask;
}

class ReferenceList {
 public:
  ReferenceList(Allocator& allocator, uint64_t object_offset);

  /// The place of this entry, or of a free one for 0; null when there is none.
  [[nodiscard]] layout::Reference* Find(Entry wanted) const;
  /// Makes room for one more entry, in a free granule that the caller has found.
  layout::Reference* Extend(uint64_t granule_offset);
  /// Removes the entry at a place that Find gave.
  void Erase(layout::Reference* place);
  [[nodiscard]] bool IsEmpty() const;

  /// Removes all entries for which `is_dead(entry)`, and granules that somebody who was killed has
  /// emptied.
  template <typename IsDead>
  void EraseIf(IsDead is_dead) {
    ForEach([&](layout::Reference* place, Entry entry) {
      if (entry != 0 && is_dead(entry)) place->store(0, std::memory_order_release);
      return false;
    });
    Prune();
  }

  /// Calls `visit(offset)` for each granule of entries, until it returns true.
  template <typename Visit>
  void ForEachGranule(Visit visit) const {
    for (Group group = First(); group.count != 0; group = Next(group)) {
      if (group.offset != 0 && visit(group.offset)) return;
    }
  }

 private:
  struct Group {
    layout::Reference* first = nullptr;
    size_t count = 0;
    uint64_t offset = 0;  // of its granule; 0 in the object's header

    [[nodiscard]] layout::Reference* last() const { return first + count - 1; }
  };

  [[nodiscard]] Group First() const;
  /// Without entries when there is none.
  [[nodiscard]] Group Next(const Group& group) const;
  /// Until `visit(place, entry)` returns true; free entries too, links not.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (Group group = First(); group.count != 0; group = Next(group)) {
      for (size_t i = 0; i < group.count; ++i) {
        const Entry entry = group.first[i].load(std::memory_order_acquire);
        if (!IsLink(entry) && visit(group.first + i, entry)) return;
      }
    }
  }
  void Prune();

  Allocator& allocator_;
  layout::SyncObject* object_;
};

/// Without the allocator's lock, so what it finds may be old, or no references at all: calls
/// `visit(entry)` for each entry, until it returns true.
template <typename Visit>
void ForEachReference(const Segment& segment, const layout::SyncObject& object, Visit visit) {
  const layout::Reference* first = object.references;
  size_t count = layout::kHeaderReferences;
  // Of what has another use by now, the links may go anywhere, and in circles.
  for (uint32_t group = 0; group < layout::kMaxSlots; ++group) {
    Entry entry = 0;
    for (size_t i = 0; i < count; ++i) {
      entry = first[i].load(std::memory_order_acquire);
      if (entry != 0 && !IsLink(entry) && visit(entry)) return;
    }
    const uint64_t next = (entry >> 32) * layout::kGranule;
    if (!IsLink(entry) || next + layout::kGranule > segment.mapped_bytes()) return;
    first = reinterpret_cast<const layout::ReferenceGranule*>(segment.base() + next)->entries;
    count = layout::kGranuleReferences;
  }
}

}  // namespace mp::sync
