// sync/address_space.h: the segments of a process, their addresses, and the windows of its threads.
#include "sync/address_space.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "support/child.h"

namespace {

using mp::sync::AddressSpace;
using mp::sync::AttachFault;
using mp::sync::MappedSegment;
using mp::sync::SegmentFault;
using mp::sync::SegmentSource;

constexpr uint64_t kGiB = 1ULL << 30;

/// Where another process (here: another AddressSpace) finds a segment of this one.
SegmentSource SourceOf(const MappedSegment& mapped) {
  SegmentSource source{getpid(), mapped.file.descriptor(), {}};
  std::memcpy(source.id.data(), mapped.segment.header()->id, source.id.size());
  return source;
}

/// Addresses without memory, as the window of a thread before anything is mapped into it.
class Window {
 public:
  Window() {
    void* base = mmap(nullptr, AddressSpace::kWindowBytes, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(base != MAP_FAILED);
    base_ = static_cast<uint8_t*>(base);
  }
  ~Window() { munmap(base_, AddressSpace::kWindowBytes); }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  [[nodiscard]] uint8_t* base() const { return base_; }

 private:
  uint8_t* base_;
};

/// Asks the kernel, which faults on nothing.
bool IsReadable(const uint8_t* address) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const bool is_readable = write(ends[1], address, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return is_readable;
}

/// A process with its tree's arena, and others that share segments with it.
struct Spaces {
  std::unique_ptr<AddressSpace> here = std::make_unique<AddressSpace>();
  std::vector<std::unique_ptr<AddressSpace>> others;

  MappedSegment& OpenElsewhere() {
    others.push_back(std::make_unique<AddressSpace>());
    REQUIRE(others.back()->OpenTree().ok());
    return *others.back()->At(0);
  }
  [[nodiscard]] uint8_t* Allocate(uint32_t index, uint64_t size_bytes, uint64_t* address) const {
    MappedSegment* mapped = here->At(index);
    const mp::sync::Id id = mapped->segment.Enter();
    const auto allocation = mapped->allocator().Allocate(id, size_bytes);
    mapped->segment.Leave(id);
    REQUIRE(allocation.fault == mp::sync::AllocationFault::kNone);
    *address = mapped->window_base + allocation.offset;
    return mapped->segment.base() + allocation.offset;
  }
};

TEST_CASE_FIXTURE(Spaces, "the first segment is the tree's, at address 0, and made once") {
  CHECK_FALSE(here->has_tree());
  REQUIRE(here->OpenTree().ok());
  CHECK(here->has_tree());
  REQUIRE(here->OpenTree().ok());
  CHECK(here->count() == 1);
  CHECK(here->At(0)->window_base == 0);
  CHECK(here->At(0)->segment.mapped_bytes() == kGiB);
  CHECK(here->At(0)->segment.Check(here->At(0)->file) == SegmentFault::kNone);
}

TEST_CASE_FIXTURE(Spaces, "a child attaches its parent's arena as its tree") {
  MappedSegment& parents = OpenElsewhere();
  uint32_t index = 99;
  REQUIRE(here->Attach(SourceOf(parents), &index).ok());
  CHECK(index == 0);
  REQUIRE(here->OpenTree().ok());  // it has one
  CHECK(here->count() == 1);
  parents.segment.base()[mp::layout::kPage - 1] = 42;
  CHECK(here->At(0)->segment.base()[mp::layout::kPage - 1] == 42);
}

TEST_CASE_FIXTURE(Spaces, "another tree's segment lies beside it, and is attached once") {
  REQUIRE(here->OpenTree().ok());
  const SegmentSource source = SourceOf(OpenElsewhere());
  uint32_t index = 99;
  REQUIRE(here->Attach(source, &index).ok());
  CHECK(index == 1);
  CHECK(here->At(1)->window_base == kGiB);
  REQUIRE(here->Attach(source, &index).ok());
  CHECK(index == 1);
  CHECK(here->count() == 2);
}

TEST_CASE_FIXTURE(Spaces, "what the window has no room for is refused") {
  REQUIRE(here->OpenTree().ok());
  uint32_t index = 0;
  for (int i = 0; i < 3; ++i) REQUIRE(here->Attach(SourceOf(OpenElsewhere()), &index).ok());
  CHECK(here->Attach(SourceOf(OpenElsewhere()), &index).kind == AttachFault::Kind::kFull);
  CHECK(here->count() == 4);
}

TEST_CASE_FIXTURE(Spaces,
                  "a descriptor that is gone, or is another segment by now, is told apart") {
  REQUIRE(here->OpenTree().ok());
  SegmentSource source = SourceOf(OpenElsewhere());
  uint32_t index = 0;
  SUBCASE("closed") { source.descriptor = 1'000'000; }
  SUBCASE("of a process that ended") { source.pid = 0x7fffffff; }
  SUBCASE("another segment") { source.id[3] ^= 1; }
  CHECK(here->Attach(source, &index).kind == AttachFault::Kind::kOtherSegment);
  CHECK(here->count() == 1);
}

TEST_CASE_FIXTURE(Spaces, "what is no segment of this build is refused, and told how") {
  REQUIRE(here->OpenTree().ok());
  mp::os::SharedFile file;
  REQUIRE(file.Create().ok());
  uint32_t index = 0;
  const SegmentSource empty{getpid(), file.descriptor(), {}};
  AttachFault fault = here->Attach(empty, &index);
  CHECK(fault.kind == AttachFault::Kind::kSegment);
  CHECK(fault.segment == SegmentFault::kNotASegment);
  REQUIRE(file.Commit(0, mp::layout::kPage).ok());
  CHECK(here->Attach(empty, &index).segment == SegmentFault::kNotASegment);

  MappedSegment& newer = OpenElsewhere();
  newer.segment.header()->layout_version = 99;
  fault = here->Attach(SourceOf(newer), &index);
  CHECK(fault.kind == AttachFault::Kind::kSegment);
  CHECK(fault.segment == SegmentFault::kVersion);
  CHECK(fault.found_version == 99);
  CHECK(fault.found_architecture == mp::layout::kArchitecture);
  CHECK(here->count() == 1);
}

TEST_CASE_FIXTURE(Spaces, "an address resolves within committed memory of one segment only") {
  REQUIRE(here->OpenTree().ok());
  uint32_t index = 0;
  REQUIRE(here->Attach(SourceOf(OpenElsewhere()), &index).ok());
  for (const uint32_t i : {0U, 1U}) {
    uint64_t address = 0;
    uint8_t* memory = Allocate(i, 100, &address);
    const mp::sync::Place place = here->Resolve(address, 100);
    CHECK(place.mapped == here->At(i));
    CHECK(place.index == i);
    CHECK(place.pointer == memory);
    const uint64_t end = here->At(i)->window_base + here->At(i)->segment.header()->committed.load();
    CHECK(here->Resolve(end - 64, 64).mapped == here->At(i));
    CHECK(here->Resolve(end - 64, 65).mapped == nullptr);
    CHECK(here->Resolve(end, 1).mapped == nullptr);
  }
}

TEST_CASE_FIXTURE(Spaces, "wild addresses and lengths resolve to nothing") {
  CHECK(here->Resolve(0, 1).mapped == nullptr);  // no segment yet
  REQUIRE(here->OpenTree().ok());
  for (const uint64_t wild : {kGiB - 1, kGiB, 4 * kGiB, ~uint64_t{0}}) {
    CHECK(here->Resolve(wild, 1).mapped == nullptr);
    CHECK(here->Resolve(64, wild).mapped == nullptr);
    CHECK(here->Resolve(wild, wild).mapped == nullptr);
  }
}

TEST_CASE_FIXTURE(Spaces, "every window shows the segments of before and after it was made") {
  REQUIRE(here->OpenTree().ok());
  const Window first;
  REQUIRE(here->AddWindow(first.base()).ok());
  uint32_t index = 0;
  REQUIRE(here->Attach(SourceOf(OpenElsewhere()), &index).ok());
  const Window second;
  REQUIRE(here->AddWindow(second.base()).ok());
  for (const uint32_t i : {0U, 1U}) {
    uint64_t address = 0;
    *Allocate(i, 64, &address) = static_cast<uint8_t>(7 + i);
    CHECK(first.base()[address] == 7 + i);
    CHECK(second.base()[address] == 7 + i);
  }
  here->RemoveWindow(first.base());
  here->RemoveWindow(second.base());
}

TEST_CASE_FIXTURE(Spaces, "a window counts its users and gets no more segments after the last") {
  REQUIRE(here->OpenTree().ok());
  const Window window;
  REQUIRE(here->AddWindow(window.base()).ok());
  REQUIRE(here->AddWindow(window.base()).ok());
  here->RemoveWindow(window.base());
  uint32_t index = 0;
  REQUIRE(here->Attach(SourceOf(OpenElsewhere()), &index).ok());
  CHECK(IsReadable(window.base() + kGiB));
  CHECK(std::memcmp(window.base() + kGiB, here->At(1)->segment.base(), 128) == 0);
  here->RemoveWindow(window.base());
  here->RemoveWindow(window.base());  // of nobody
  REQUIRE(here->Attach(SourceOf(OpenElsewhere()), &index).ok());
  CHECK_FALSE(IsReadable(window.base() + 2 * kGiB));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they need address space
TEST_CASE_FIXTURE(Spaces, "a process with little address space maps less, or says why not") {
  const auto run = [&](uint64_t free_bytes) {
    mp::test::Child child([&] {
      FILE* statm = std::fopen("/proc/self/statm", "re");
      unsigned long pages = 0;
      if (statm == nullptr || std::fscanf(statm, "%lu", &pages) != 1) return 1;
      const uint64_t bytes = pages * 4096 + free_bytes;
      const rlimit limit{bytes, bytes};
      if (setrlimit(RLIMIT_AS, &limit) != 0) return 2;
      const AttachFault fault = here->OpenTree();
      if (!fault.ok()) return fault.kind == AttachFault::Kind::kSystem ? 10 : 3;
      MappedSegment* mapped = here->At(0);
      const mp::sync::Id id = mapped->segment.Enter();
      if (mapped->allocator().Allocate(id, 1000).offset == 0) return 4;
      const auto large = mapped->allocator().Allocate(id, mapped->segment.mapped_bytes());
      if (large.fault != mp::sync::AllocationFault::kExhausted) return 5;
      return mapped->segment.mapped_bytes() < kGiB ? 11 : 12;
    });
    return child.Wait();
  };
  CHECK(run(2 * kGiB) == 12);
  CHECK(run(200 << 20) == 11);
  CHECK(run(8 << 20) == 10);
}
#endif

}  // namespace
