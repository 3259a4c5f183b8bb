// layout/pipe_end.h with sync/ring.h: what the end of everybody at one side means to the other.
#include <atomic>
#include <chrono>
#include <thread>

#include "layout/pipe_end.h"
#include "support/child.h"
#include "support/ring_world.h"
#include "sync/references.h"

namespace {

using mp::os::Deadline;
using mp::sync::Id;
using mp::sync::MessageRing;
using mp::sync::RingResult;
using mp::test::Child;
using mp::test::Party;
using mp::test::RingWorld;

/// A ring between two ends. `self` holds the reader, and the ring; the writer is whose it is told.
struct PipeWorld : RingWorld {
  PipeWorld() : RingWorld(mp::layout::kCountMax, 1 << 20, 64U << 20) {
    ring_offset = Create(self.id(), MessageRing::kBytes, mp::layout::ObjectKind::kQueue);
    layout = reinterpret_cast<mp::layout::Ring*>(shared.segment().base() + ring_offset);
    MessageRing::Format(layout, mp::layout::kCountMax, 1 << 20);
    layout->flags = mp::layout::kOversize;
    reader = Create(self.id(), sizeof(mp::layout::PipeEnd), mp::layout::ObjectKind::kPipeEnd);
    layout->reader = GranuleOf(reader);
    layout->reader_serial = At(reader)->serial;
    EndAt(reader)->in = GranuleOf(ring_offset);
    EndAt(reader)->in_serial = layout->serial;
  }

  uint64_t Create(Id id, uint64_t bytes, mp::layout::ObjectKind kind) {
    const mp::sync::Allocation made = references.Create(id, bytes);
    REQUIRE(made.ok());
    At(made.offset)->kind = static_cast<uint32_t>(kind);
    At(made.offset)->serial = ++serials;
    return made.offset;
  }
  void MakeWriter(Id id) {
    writer = Create(id, sizeof(mp::layout::PipeEnd), mp::layout::ObjectKind::kPipeEnd);
    layout->writer = GranuleOf(writer);
    layout->writer_serial = At(writer)->serial;
    EndAt(writer)->out = GranuleOf(ring_offset);
    EndAt(writer)->out_serial = layout->serial;
  }
  mp::layout::SyncObject* At(uint64_t offset) {
    return reinterpret_cast<mp::layout::SyncObject*>(shared.segment().base() + offset);
  }
  mp::layout::PipeEnd* EndAt(uint64_t offset) {
    return reinterpret_cast<mp::layout::PipeEnd*>(At(offset));
  }
  static uint32_t GranuleOf(uint64_t offset) {
    return static_cast<uint32_t>(offset / mp::layout::kGranule);
  }
  RingResult GetOne(uint32_t* number, double timeout_ms = 0) {
    return RingWorld::Get(self.id(), number, nullptr, Deadline::After(timeout_ms));
  }

  mp::sync::References references = shared.references();
  uint32_t serials = 0;
  uint64_t ring_offset = 0;
  uint64_t reader = 0;
  uint64_t writer = 0;
};

TEST_SUITE("a pipe") {
  TEST_CASE_FIXTURE(PipeWorld, "ends for its reader, after what was sent, when its writer let go") {
    MakeWriter(other.id());
    REQUIRE(PutAs(other.id(), 1) == RingResult::kReady);
    CHECK(references.Drop(other.id(), writer));
    uint32_t number = 0;
    CHECK(GetOne(&number) == RingResult::kReady);
    CHECK(number == 1);
    CHECK(GetOne(&number) == RingResult::kShutDown);
  }

  TEST_CASE_FIXTURE(PipeWorld, "refuses its writer when its reader let go") {
    MakeWriter(other.id());
    CHECK(references.Drop(self.id(), reader));
    CHECK(PutAs(other.id(), 1) == RingResult::kShutDown);
  }

  TEST_CASE_FIXTURE(PipeWorld, "goes on while somebody holds its writer, or a message with it") {
    MakeWriter(other.id());
    mp::sync::InFlight message;
    REQUIRE(references.Share(other.id(), writer, self.id(), &message).ok());
    CHECK(references.Drop(other.id(), writer));
    uint32_t number = 0;
    CHECK(GetOne(&number, 5) == RingResult::kBusy);
    CHECK(references.Withdraw(self.id(), {writer, At(writer)->kind, At(writer)->serial}, message));
    CHECK(GetOne(&number) == RingResult::kShutDown);
  }

  TEST_CASE_FIXTURE(PipeWorld, "tells a sleeping reader that its writer was killed") {
    auto* is_there = shared.New<std::atomic<uint32_t>>();
    Child killed([&] {
      MakeWriter(shared.segment().Enter());
      is_there->store(1);
      mp::test::SleepForEver();
      return 0;
    });
    while (is_there->load() == 0) std::this_thread::yield();
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      killed.Kill();
    });
    uint32_t number = 0;
    CHECK(GetOne(&number, 10'000) == RingResult::kShutDown);
    killer.join();
  }

  TEST_CASE_FIXTURE(PipeWorld, "takes one message that is larger than its limit, alone") {
    MakeWriter(other.id());
    REQUIRE(PutAs(other.id(), 1, 8 << 20) == RingResult::kReady);
    CHECK(PutAs(other.id(), 2) == RingResult::kBusy);
    uint32_t number = 0;
    uint32_t bytes = 0;
    REQUIRE(RingWorld::Get(self.id(), &number, &bytes) == RingResult::kReady);
    CHECK(bytes == 8 << 20);
    REQUIRE(PutAs(other.id(), 2) == RingResult::kReady);
    CHECK(PutAs(other.id(), 3, 8 << 20) == RingResult::kBusy);
    REQUIRE(GetOne(&number) == RingResult::kReady);
    CHECK(number == 2);
    CHECK(PutAs(other.id(), 3, (1U << 30)) == RingResult::kTooLarge);
  }
}

}  // namespace
