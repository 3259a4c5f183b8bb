// All segments that this process uses, and the one 32-bit address that an object has in it.
//
// Segments lie side by side in a window of 4 GiB of addresses. This process's C++ code uses its own
// mapping of each (pinned for ever: life tokens are in it); every JavaScript thread that has a
// WebAssembly.Memory maps the same segments at the same places of that. So an address is the same
// number in C++, in wasm, and in the plain back end, and says both which segment and where.
//
//   [0, 1 GiB)       the tree's arena: shared by this process, its parents and its children
//   [1 GiB, 4 GiB)   segments of others and with names, in the order in which they were attached,
//                    each in whole pieces of 1 MiB
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "os/shared_file.h"
#include "sync/references.h"
#include "sync/segment.h"

namespace mp::sync {

/// Why a segment could not be used.
struct AttachFault {
  enum class Kind { kNone, kSystem, kSegment, kOtherSegment, kFull } kind = Kind::kNone;
  os::Status status;
  SegmentFault segment = SegmentFault::kNone;
  uint32_t found_version = 0;
  uint32_t found_architecture = 0;

  [[nodiscard]] bool ok() const { return kind == Kind::kNone; }
};

/// Where to find a segment: in which process, behind which descriptor, and which one it must be.
struct SegmentSource {
  int pid = 0;
  int descriptor = -1;
  std::array<uint8_t, 16> id{};
};

/// One segment of this process. Its place in the table never changes.
struct MappedSegment {
  os::SharedFile file;
  Segment segment;
  uint64_t window_base = 0;

  [[nodiscard]] Allocator allocator() const { return {segment, file}; }
  [[nodiscard]] References references() const { return References(allocator()); }
};

/// A resolved address.
struct Place {
  MappedSegment* mapped = nullptr;
  uint32_t index = 0;  // of the segment in this process's table
  uint8_t* pointer = nullptr;
};

class AddressSpace {
 public:
  static constexpr uint32_t kMaxSegments = 1024;
  static constexpr uint64_t kWindowBytes = 4ULL << 30;
  static constexpr uint64_t kTreeBytes = 1ULL << 30;

  static AddressSpace& Instance();

  /// Makes the tree's arena, unless this process has one: the first segment that a process makes
  /// or attaches is its tree's.
  AttachFault OpenTree();
  [[nodiscard]] bool has_tree() const { return count_.load(std::memory_order_acquire) > 0; }
  /// The index of the segment with this id, attached if it was not yet.
  AttachFault Attach(const SegmentSource& source, uint32_t* index);

  /// The same for a file that is open already.
  AttachFault AttachFile(os::SharedFile file, uint32_t* index);

  [[nodiscard]] MappedSegment* At(uint32_t index) { return &segments_[index]; }
  [[nodiscard]] uint32_t count() const { return count_.load(std::memory_order_acquire); }
  /// Null mapped when `length` bytes at the address are not committed memory of a segment.
  [[nodiscard]] Place Resolve(uint64_t address, uint64_t length);

  /// A JavaScript thread's window: `base` is the first of kWindowBytes reserved addresses.
  AttachFault AddWindow(uint8_t* base);
  void RemoveWindow(const uint8_t* base);

 private:
  struct Window {
    uint8_t* base;
    uint32_t users;
  };

  AttachFault Format(os::SharedFile file);
  AttachFault Add(os::SharedFile file, const SegmentSource* expected);
  AttachFault Enlist(os::SharedFile file, const Segment& segment);
  [[nodiscard]] uint64_t NextBase(uint64_t bytes) const;
  os::Status MapIntoWindows(const MappedSegment& mapped);
  [[nodiscard]] bool FindById(const std::array<uint8_t, 16>& id, uint32_t* index);

  std::mutex mutex_;
  std::array<MappedSegment, kMaxSegments> segments_;
  std::atomic<uint32_t> count_{0};
  std::vector<Window> windows_;
};

}  // namespace mp::sync
