// Looking at references and at the whole heap; see the header.
#include "support/object_world.h"

namespace mp::test {
namespace {

using layout::Reference;
using sync::Mark;

constexpr uint64_t kGranule = layout::kGranule;

size_t CountGroup(const Reference* first, size_t count, Counts* counts, uint64_t* link) {
  size_t found = 0;
  *link = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t entry = first[i].load();
    const auto who = static_cast<uint32_t>(entry);
    if (entry == 0) continue;
    if ((who & layout::kLink) != 0) {
      REQUIRE(i == count - 1);
      *link = (entry >> 32) * kGranule;
      continue;
    }
    ++found;
    ++((who & layout::kInFlight) != 0 ? counts->in_flight : counts->holders);
  }
  return found;
}

}  // namespace

Counts CountsOf(SharedSegment& shared, uint64_t offset) {
  uint8_t* base = shared.segment().base();
  Counts counts;
  uint64_t link = 0;
  const auto* object = reinterpret_cast<const layout::SyncObject*>(base + offset);
  CountGroup(object->references, layout::kHeaderReferences, &counts, &link);
  while (link != 0) {
    REQUIRE(shared.allocator().MarkAt(link) == Mark::kReferences);
    ++counts.granules;
    const auto* granule = reinterpret_cast<const layout::ReferenceGranule*>(base + link);
    REQUIRE(CountGroup(granule->entries, layout::kGranuleReferences, &counts, &link) > 0);
  }
  return counts;
}

void RequireSound(SharedSegment& shared) {
  const auto* head = shared.segment().header();
  const sync::Allocator allocator = shared.allocator();
  uint64_t used = 0;
  size_t granules = 0;
  size_t reached = 0;
  Mark before = Mark::kFree;
  for (uint64_t at = head->heap_offset; at < head->committed.load(); at += kGranule) {
    const Mark mark = allocator.MarkAt(at);
    REQUIRE(mark <= Mark::kReferences);
    if (mark == Mark::kMore)
      REQUIRE((before == Mark::kMore || before == Mark::kStart || before == Mark::kObject));
    if (mark != Mark::kFree) used += kGranule;
    if (mark == Mark::kReferences) ++granules;
    if (mark == Mark::kObject) {
      const Counts counts = CountsOf(shared, at);
      REQUIRE(counts.entries() > 0);
      reached += counts.granules;
    }
    before = mark;
  }
  REQUIRE(granules == reached);
  REQUIRE(head->used_bytes.load() == used);
}

}  // namespace mp::test
