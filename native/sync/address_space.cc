// Segments of this process and their windows; the picture is in the header.
#include "sync/address_space.h"

#include <cstring>
#include <utility>

namespace mp::sync {
namespace {

constexpr uint64_t kLeastMapping = 32ULL << 20;
/// The plain back end sees memory in pieces of this size, each of one segment.
constexpr uint64_t kPiece = 1ULL << 20;

AttachFault System(os::Status status) {
  AttachFault fault;
  fault.kind = status.ok() ? AttachFault::Kind::kNone : AttachFault::Kind::kSystem;
  fault.status = status;
  return fault;
}

AttachFault Fault(AttachFault::Kind kind) {
  AttachFault fault;
  fault.kind = kind;
  return fault;
}

AttachFault Checked(const Segment& segment, const os::SharedFile& file) {
  AttachFault fault;
  fault.segment = segment.Check(file);
  if (fault.segment == SegmentFault::kNone) return fault;
  fault.kind = AttachFault::Kind::kSegment;
  fault.found_version = segment.header()->layout_version;
  fault.found_architecture = segment.header()->architecture;
  return fault;
}

/// Maps as much of `wanted` as the address space of this process has room for (ulimit -v).
os::Status MapAtMost(const os::SharedFile& file, uint64_t wanted, Segment* segment) {
  os::Status status;
  for (uint64_t bytes = wanted; bytes >= kLeastMapping || bytes == wanted; bytes /= 2) {
    uint8_t* base = nullptr;
    status = file.Map(bytes, &base);
    if (!status.ok()) continue;
    *segment = Segment(base, bytes);
    return status;
  }
  return status;
}

/// The size of a file that is somebody's segment: too small a file must not be touched.
AttachFault CheckFile(const os::SharedFile& file) {
  uint64_t size = 0;
  if (os::Status status = file.Size(&size); !status.ok()) return System(status);
  AttachFault fault;
  if (size >= layout::kPage) return fault;
  fault.kind = AttachFault::Kind::kSegment;
  fault.segment = SegmentFault::kNotASegment;
  return fault;
}

/// How much of the file's address range is to be mapped: what it may grow to, as far as that makes
/// sense. Whether the header may be believed is checked when it is mapped.
os::Status CapacityOf(const os::SharedFile& file, uint64_t* bytes) {
  layout::SegmentHeader head{};
  if (os::Status status = file.Read(&head, sizeof head); !status.ok()) return status;
  const bool makes_sense = head.capacity > 0 && head.capacity <= AddressSpace::kTreeBytes;
  const uint64_t capacity = makes_sense ? head.capacity : AddressSpace::kTreeBytes;
  *bytes = (capacity + kPiece - 1) / kPiece * kPiece;
  return {};
}

}  // namespace

AddressSpace& AddressSpace::Instance() {
  static auto* space = new AddressSpace();  // never destroyed: hub threads use it to the very end
  return *space;
}

uint64_t AddressSpace::NextBase(uint64_t bytes) const {
  uint64_t base = 0;
  const uint32_t count = count_.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t end = segments_[i].window_base + segments_[i].segment.mapped_bytes();
    base = end > base ? end : base;
  }
  if (count > 0 && base < kTreeBytes) base = kTreeBytes;
  return base + bytes <= kWindowBytes ? base : kWindowBytes;
}

os::Status AddressSpace::MapIntoWindows(const MappedSegment& mapped) {
  for (const Window& window : windows_) {
    os::Status status =
        mapped.file.MapAt(window.base + mapped.window_base, mapped.segment.mapped_bytes());
    if (!status.ok()) return status;
  }
  return {};
}

AttachFault AddressSpace::Enlist(os::SharedFile file, const Segment& segment) {
  const uint32_t index = count_.load(std::memory_order_relaxed);
  const uint64_t base = NextBase(segment.mapped_bytes());
  if (index == kMaxSegments || base == kWindowBytes) return Fault(AttachFault::Kind::kFull);
  MappedSegment& mapped = segments_[index];
  mapped.file = std::move(file);
  mapped.segment = segment;
  mapped.window_base = base;
  AttachFault fault = System(MapIntoWindows(mapped));
  if (fault.ok()) count_.store(index + 1, std::memory_order_release);
  return fault;
}

AttachFault AddressSpace::Format(os::SharedFile file) {
  Segment segment;
  if (os::Status status = MapAtMost(file, kTreeBytes, &segment); !status.ok()) {
    return System(status);
  }
  AttachFault fault = System(segment.Format(file, {}));
  if (fault.ok()) fault = Enlist(std::move(file), segment);
  if (!fault.ok()) os::Unmap(segment.base(), segment.mapped_bytes());
  return fault;
}

AttachFault AddressSpace::Add(os::SharedFile file, const SegmentSource* expected) {
  if (AttachFault fault = CheckFile(file); !fault.ok()) return fault;
  uint64_t wanted = 0;
  Segment segment;
  os::Status status = CapacityOf(file, &wanted);
  if (status.ok()) status = MapAtMost(file, wanted, &segment);
  if (!status.ok()) return System(status);
  AttachFault fault = Checked(segment, file);
  if (fault.ok() && expected != nullptr &&
      std::memcmp(segment.header()->id, expected->id.data(), expected->id.size()) != 0) {
    fault = Fault(AttachFault::Kind::kOtherSegment);
  }
  if (fault.ok()) fault = Enlist(std::move(file), segment);
  if (!fault.ok()) os::Unmap(segment.base(), segment.mapped_bytes());
  return fault;
}

AttachFault AddressSpace::OpenTree() {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (has_tree()) return {};
  os::SharedFile file;
  if (os::Status status = file.Create(); !status.ok()) return System(status);
  return Format(std::move(file));
}

bool AddressSpace::FindById(const std::array<uint8_t, 16>& id, uint32_t* index) {
  for (uint32_t i = 0; i < count(); ++i) {
    if (std::memcmp(segments_[i].segment.header()->id, id.data(), id.size()) != 0) continue;
    *index = i;
    return true;
  }
  return false;
}

AttachFault AddressSpace::Attach(const SegmentSource& source, uint32_t* index) {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (FindById(source.id, index)) return {};
  os::SharedFile file;
  if (os::Status status = file.OpenOf(source.pid, source.descriptor); !status.ok()) {
    // Gone, rather than forbidden: the process has ended.
    if (status.IsNotFound()) return Fault(AttachFault::Kind::kOtherSegment);
    return System(status);
  }
  *index = count();
  return Add(std::move(file), &source);
}

AttachFault AddressSpace::AttachFile(os::SharedFile file, uint32_t* index) {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (AttachFault fault = CheckFile(file); !fault.ok()) return fault;
  layout::SegmentHeader head{};
  if (os::Status status = file.Read(&head, sizeof head); !status.ok()) return System(status);
  std::array<uint8_t, 16> id{};
  std::memcpy(id.data(), head.id, id.size());
  if (FindById(id, index)) return {};
  *index = count();
  return Add(std::move(file), nullptr);
}

Place AddressSpace::Resolve(uint64_t address, uint64_t length) {
  const uint32_t count = this->count();
  for (uint32_t i = 0; i < count; ++i) {
    MappedSegment& mapped = segments_[i];
    if (address < mapped.window_base) continue;
    const uint64_t offset = address - mapped.window_base;
    const uint64_t mapped_bytes = mapped.segment.mapped_bytes();
    if (offset >= mapped_bytes || length > mapped_bytes - offset) continue;
    // SYNC POINT heap-end: acquire, see allocator.cc.
    const uint64_t end = mapped.segment.header()->committed.load(std::memory_order_acquire);
    if (offset + length > end) return {};
    return {&mapped, i, mapped.segment.base() + offset};
  }
  return {};
}

AttachFault AddressSpace::AddWindow(uint8_t* base) {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (Window& window : windows_) {
    if (window.base != base) continue;
    ++window.users;
    return {};
  }
  for (uint32_t i = 0; i < count(); ++i) {
    const MappedSegment& mapped = segments_[i];
    os::Status status = mapped.file.MapAt(base + mapped.window_base, mapped.segment.mapped_bytes());
    if (!status.ok()) return System(status);
  }
  windows_.push_back({base, 1});
  return {};
}

void AddressSpace::RemoveWindow(const uint8_t* base) {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (size_t i = 0; i < windows_.size(); ++i) {
    if (windows_[i].base != base || --windows_[i].users > 0) continue;
    windows_.erase(windows_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

}  // namespace mp::sync
