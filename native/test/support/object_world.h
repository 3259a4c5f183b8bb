// A heap with objects whose references a test looks at.
#pragma once

#include <doctest/doctest.h>

#include <vector>

#include "support/shared_segment.h"
#include "sync/references.h"

namespace mp::test {

/// Holders and messages, counted over all groups of an object's references.
struct Counts {
  size_t holders = 0;
  size_t in_flight = 0;
  size_t granules = 0;

  [[nodiscard]] size_t entries() const { return holders + in_flight; }
};

[[nodiscard]] Counts CountsOf(SharedSegment& shared, uint64_t offset);
/// Requires that the heap is in order: every byte of the map belongs to something, every granule
/// of references to an object, with something in it, and what is used is counted right.
void RequireSound(SharedSegment& shared);

struct ObjectWorld {
  static constexpr uint32_t kKind = static_cast<uint32_t>(layout::ObjectKind::kLock);
  static constexpr uint64_t kCapacity = 1 << 20;

  SharedSegment shared{sync::SegmentSize{kCapacity, 24}};
  Party self{shared};
  sync::References references = shared.references();
  uint32_t next_serial = 1;

  [[nodiscard]] uint64_t Used() { return shared.segment().header()->used_bytes.load(); }
  [[nodiscard]] bool Exists(uint64_t offset) { return shared.allocator().SizeOf(offset) != 0; }
  [[nodiscard]] layout::SyncObject* At(uint64_t offset) {
    return reinterpret_cast<layout::SyncObject*>(shared.segment().base() + offset);
  }
  [[nodiscard]] sync::ObjectName NameOf(uint64_t offset) {
    return {offset, At(offset)->kind, At(offset)->serial};
  }
  [[nodiscard]] uint64_t Create(sync::Id creator, uint64_t size_bytes = 64) {
    const sync::Allocation made = references.Create(creator, size_bytes);
    REQUIRE(made.ok());
    At(made.offset)->kind = kKind;
    At(made.offset)->serial = next_serial++;
    return made.offset;
  }
  [[nodiscard]] sync::InFlight Share(sync::Id sender, uint64_t offset) {
    return Share(sender, offset, sender);
  }
  [[nodiscard]] sync::InFlight Share(sync::Id sender, uint64_t offset, sync::Id lives_with) {
    sync::InFlight message;
    REQUIRE(references.Share(sender, offset, lives_with, &message).ok());
    return message;
  }
  [[nodiscard]] bool Attach(sync::Id id, uint64_t offset, sync::InFlight message,
                            bool holds = false) {
    return references.Attach(id, NameOf(offset), message, holds) == sync::AttachResult::kAttached;
  }
  void Hold(sync::Id id, uint64_t offset) { REQUIRE(Attach(id, offset, Share(self.id(), offset))); }
};

}  // namespace mp::test
