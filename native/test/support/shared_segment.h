// A small segment for one test, and identities in it.
#pragma once

#include <vector>

#include "layout/sync_object.h"
#include "os/shared_file.h"
#include "sync/references.h"
#include "sync/segment.h"

namespace mp::test {

/// All bytes of a segment that are backed by memory.
struct SegmentImage {
  std::vector<uint8_t> bytes;
};

/// Stays mapped for ever, as in production: hub threads may look at it once more.
class SharedSegment {
 public:
  static constexpr uint64_t kCapacity = 4ULL << 20;
  static constexpr uint32_t kSlots = 32;

  explicit SharedSegment(sync::SegmentSize size = {kCapacity, kSlots});
  /// A copy of another one, as `Image` gave it. Ids are as there; so are life tokens, whose holders
  /// look alive for ever here.
  explicit SharedSegment(const SegmentImage& image);

  [[nodiscard]] sync::Segment& segment() { return segment_; }
  [[nodiscard]] const os::SharedFile& file() const { return file_; }
  [[nodiscard]] sync::Allocator allocator() const { return {segment_, file_}; }
  /// The same memory at another address, as another process sees it.
  [[nodiscard]] sync::Segment MapAgain() const;
  [[nodiscard]] sync::References references() const { return sync::References({segment_, file_}); }
  [[nodiscard]] SegmentImage Image() const;

  /// All zero but for its kind.
  layout::SyncObject* NewObject(layout::ObjectKind kind);
  layout::SyncObject* NewLock(uint32_t flags = layout::kRobust);
  layout::SyncObject* NewSemaphore(uint32_t count, uint32_t maximum = layout::kCountMax);
  /// A zeroed T in the heap.
  template <typename T>
  T* New() {
    return reinterpret_cast<T*>(Bytes(sizeof(T)));
  }

 private:
  [[nodiscard]] uint8_t* Bytes(uint64_t size_bytes);

  uint64_t mapped_bytes_;
  os::SharedFile file_;
  sync::Segment segment_;
};

/// One slot of a segment, of the thread that made this object. A thread may have several: each
/// stands for another party.
class Party {
 public:
  explicit Party(SharedSegment& shared);
  ~Party() { End(); }
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;

  [[nodiscard]] sync::Id id() const { return id_; }
  /// From now on the id is dead.
  void End();

 private:
  sync::Segment& segment_;
  sync::Id id_;
  bool has_ended_ = false;
};

/// The id of a party that has ended.
[[nodiscard]] sync::Id DeadId(SharedSegment& shared);

}  // namespace mp::test
