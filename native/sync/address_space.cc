// Segments of this process and their windows; the picture is in the header.
#include "sync/address_space.h"

#include <cstring>
#include <utility>

namespace mp::sync {
namespace {

constexpr uint64_t kLeastMapping = 32ULL << 20;

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

AttachFault AddressSpace::Add(os::SharedFile file, bool format, const SegmentSource* expected) {
  const uint32_t index = count_.load(std::memory_order_relaxed);
  if (index == kMaxSegments) return Fault(AttachFault::Kind::kFull);
  if (!format) {
    if (AttachFault fault = CheckFile(file); !fault.ok()) return fault;
  }
  MappedSegment& mapped = segments_[index];
  Segment segment;
  if (os::Status status = MapAtMost(file, kTreeBytes, &segment); !status.ok()) {
    return System(status);
  }
  AttachFault fault = format ? System(segment.Format(file, {})) : Checked(segment, file);
  if (fault.ok() && expected != nullptr &&
      std::memcmp(segment.header()->id, expected->id.data(), expected->id.size()) != 0) {
    fault = Fault(AttachFault::Kind::kOtherSegment);
  }
  const uint64_t base = NextBase(segment.mapped_bytes());
  if (fault.ok() && base == kWindowBytes) fault = Fault(AttachFault::Kind::kFull);
  if (fault.ok()) {
    mapped.file = std::move(file);
    mapped.segment = segment;
    mapped.window_base = base;
    fault = System(MapIntoWindows(mapped));
  }
  if (!fault.ok()) {
    os::Unmap(segment.base(), segment.mapped_bytes());
    return fault;
  }
  count_.store(index + 1, std::memory_order_release);
  return fault;
}

AttachFault AddressSpace::OpenTree() {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (has_tree()) return {};
  os::SharedFile file;
  if (os::Status status = file.Create(); !status.ok()) return System(status);
  return Add(std::move(file), true, nullptr);
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
  return Add(std::move(file), false, &source);
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
