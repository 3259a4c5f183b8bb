// Entries, links and granules of references; see the header for the order of each change.
#include "sync/reference_list.h"

namespace mp::sync {
namespace {

using layout::Reference;

Entry LinkTo(uint64_t offset) { return Entry{offset / layout::kGranule} << 32 | layout::kLink; }
uint64_t TargetOf(Entry link) { return (link >> 32) * layout::kGranule; }

}  // namespace

ReferenceList::ReferenceList(Allocator& allocator, uint64_t object_offset)
    : allocator_(allocator),
      object_(reinterpret_cast<layout::SyncObject*>(allocator.segment().base() + object_offset)) {}

ReferenceList::Group ReferenceList::First() const {
  return {object_->references, layout::kHeaderReferences, 0};
}

ReferenceList::Group ReferenceList::Next(const Group& group) const {
  const Entry link = group.last()->load(std::memory_order_acquire);
  if (!IsLink(link)) return {};
  const uint64_t offset = TargetOf(link);
  // It may lie where this process has mapped nothing (ulimit -v).
  if (offset >= allocator_.End()) return {};
  auto* granule = reinterpret_cast<layout::ReferenceGranule*>(allocator_.segment().base() + offset);
  return {granule->entries, layout::kGranuleReferences, offset};
}

Reference* ReferenceList::Find(Entry wanted) const {
  Reference* found = nullptr;
  ForEach([&](Reference* place, Entry entry) {
    if (entry == wanted) found = place;
    return found != nullptr;
  });
  return found;
}

Reference* ReferenceList::Extend(uint64_t granule_offset) {
  Group group = First();
  for (Group next = Next(group); next.count != 0; next = Next(group)) group = next;
  Reference* last = group.last();
  allocator_.Prepare(granule_offset, 1);
  auto* granule =
      reinterpret_cast<layout::ReferenceGranule*>(allocator_.segment().base() + granule_offset);
  // The link takes the place of this entry, so it moves, first. It is a link itself where what it
  // leads to is not mapped here.
  const Entry moved = last->load(std::memory_order_relaxed);
  Reference* target =
      IsLink(moved) ? granule->entries + layout::kGranuleReferences - 1 : granule->entries;
  target->store(moved, std::memory_order_relaxed);
  allocator_.Start(granule_offset, 1, Mark::kReferences);
  last->store(LinkTo(granule_offset), std::memory_order_release);
  return &granule->entries[1];
}

void ReferenceList::Erase(Reference* place) {
  place->store(0, std::memory_order_release);
  Prune();
}

/// Frees granules in which nothing is left, except a link.
void ReferenceList::Prune() {
  Group group = First();
  for (Group next = Next(group); next.count != 0; next = Next(group)) {
    bool is_used = false;
    for (size_t i = 0; i + 1 < next.count; ++i) {
      is_used = is_used || next.first[i].load(std::memory_order_relaxed) != 0;
    }
    const Entry last = next.last()->load(std::memory_order_relaxed);
    if (is_used || (last != 0 && !IsLink(last))) {
      group = next;
      continue;
    }
    group.last()->store(last, std::memory_order_release);
    allocator_.Release(next.offset);
  }
}

bool ReferenceList::IsEmpty() const {
  for (const Reference& entry : object_->references) {
    if (entry.load(std::memory_order_acquire) != 0) return false;
  }
  return true;
}

}  // namespace mp::sync
