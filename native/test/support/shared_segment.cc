// Segments and identities for tests; see the header.
#include "support/shared_segment.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mp::test {
namespace {

/// The set-up of a test cannot go on without it.
void Need(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "test set-up failed: %s\n", what);
  std::abort();
}

}  // namespace

SharedSegment::SharedSegment(sync::SegmentSize size) : mapped_bytes_(size.capacity) {
  uint8_t* base = nullptr;
  Need(file_.Create().ok(), "create");
  Need(file_.Map(mapped_bytes_, &base).ok(), "map");
  segment_ = sync::Segment(base, mapped_bytes_);
  Need(segment_.Format(file_, size).ok(), "format");
}

SharedSegment::SharedSegment(const SegmentImage& image)
    : mapped_bytes_(reinterpret_cast<const layout::SegmentHeader*>(image.bytes.data())->capacity) {
  uint8_t* base = nullptr;
  Need(file_.Create().ok(), "create");
  Need(file_.Commit(0, image.bytes.size()).ok(), "commit");
  Need(file_.Map(mapped_bytes_, &base).ok(), "map");
  std::memcpy(base, image.bytes.data(), image.bytes.size());
  segment_ = sync::Segment(base, mapped_bytes_);
}

SegmentImage SharedSegment::Image() const {
  return {{segment_.base(), segment_.base() + segment_.header()->committed.load()}};
}

sync::Segment SharedSegment::MapAgain() const {
  uint8_t* base = nullptr;
  Need(file_.Map(mapped_bytes_, &base).ok(), "map again");
  return {base, mapped_bytes_};
}

uint8_t* SharedSegment::Bytes(uint64_t size_bytes) {
  Party maker(*this);
  const sync::Allocation allocation = allocator().Allocate(maker.id(), size_bytes);
  Need(allocation.fault == sync::AllocationFault::kNone, "allocate");
  return segment_.base() + allocation.offset;
}

layout::SyncObject* SharedSegment::NewObject(layout::ObjectKind kind) {
  auto* object = New<layout::SyncObject>();
  object->kind = static_cast<uint32_t>(kind);
  return object;
}

layout::SyncObject* SharedSegment::NewLock(uint32_t flags) {
  layout::SyncObject* object = NewObject(layout::ObjectKind::kLock);
  object->flags = flags;
  return object;
}

layout::SyncObject* SharedSegment::NewSemaphore(uint32_t count, uint32_t maximum) {
  layout::SyncObject* object = NewObject(layout::ObjectKind::kSemaphore);
  object->maximum = maximum;
  object->state.store(count);
  return object;
}

Party::Party(SharedSegment& shared) : segment_(shared.segment()), id_(segment_.Enter()) {
  Need(id_ != 0, "enter");
}

void Party::End() {
  if (!has_ended_) segment_.Leave(id_);
  has_ended_ = true;
}

sync::Id DeadId(SharedSegment& shared) {
  const Party party(shared);
  return party.id();
}

}  // namespace mp::test
