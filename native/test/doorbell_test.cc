// os/doorbell.h: rings within a process and from another one, and doorbells that are gone.
#include "os/doorbell.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "os/process.h"
#include "support/child.h"

namespace {

using mp::os::CloseDoorbell;
using mp::os::Doorbell;
using mp::os::IsDoorbellGone;
using mp::os::OpenDoorbell;
using mp::os::RingDoorbell;
using mp::os::RingResult;

/// A doorbell, and the ringer's end of it.
struct Opened {
  Doorbell bell;
  int ringer = -1;

  Opened() {
    signal(SIGPIPE, SIG_IGN);  // as in Node
    REQUIRE(bell.Create().ok());
    ringer = Open();
    REQUIRE(ringer >= 0);
  }
  ~Opened() { CloseDoorbell(ringer); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  [[nodiscard]] int Open() const {
    return OpenDoorbell(mp::os::ProcessId(), static_cast<uint32_t>(bell.ring_descriptor()),
                        bell.identity());
  }
  [[nodiscard]] bool IsReadable() const {
    pollfd source{bell.poll_descriptor(), POLLIN, 0};
    return poll(&source, 1, 0) == 1;
  }
};

TEST_CASE_FIXTURE(Opened, "a ring makes the doorbell readable and brings its key") {
  CHECK_FALSE(IsReadable());
  uint64_t key = 0;
  CHECK(bell.Drain(&key, 1) == 0);
  CHECK(RingDoorbell(ringer, 0x1122334455667788) == RingResult::kRung);
  CHECK(IsReadable());
  CHECK(bell.Drain(&key, 1) == 1);
  CHECK(key == 0x1122334455667788);
  CHECK_FALSE(IsReadable());
}

TEST_CASE_FIXTURE(Opened, "rings come in order, as many at once as asked for") {
  for (uint64_t key = 1; key <= 10; ++key) CHECK(RingDoorbell(ringer, key) == RingResult::kRung);
  uint64_t keys[8] = {};
  CHECK(bell.Drain(keys, 8) == 8);
  CHECK(keys[0] == 1);
  CHECK(keys[7] == 8);
  CHECK(bell.Drain(keys, 8) == 2);
  CHECK(keys[1] == 10);
}

TEST_CASE_FIXTURE(Opened, "a full doorbell refuses, does not block, and keeps what it has") {
  uint64_t rung = 0;
  while (RingDoorbell(ringer, rung) == RingResult::kRung) ++rung;
  CHECK(RingDoorbell(ringer, rung) == RingResult::kFull);
  CHECK(rung >= 512);
  std::vector<uint64_t> keys(rung + 1);
  uint64_t taken = 0;
  for (size_t got = 0; (got = bell.Drain(keys.data() + taken, rung - taken)) > 0;) taken += got;
  CHECK(taken == rung);
  CHECK(keys[rung - 1] == rung - 1);
}

TEST_CASE_FIXTURE(Opened, "another process can ring") {
  mp::test::Child child([&] {
    const auto parent = static_cast<uint32_t>(getppid());
    const int opened =
        OpenDoorbell(parent, static_cast<uint32_t>(bell.ring_descriptor()), bell.identity());
    return opened >= 0 && RingDoorbell(opened, 5) == RingResult::kRung ? 0 : 1;
  });
  REQUIRE(child.Wait() == 0);
  uint64_t key = 0;
  CHECK(bell.Drain(&key, 1) == 1);
  CHECK(key == 5);
}

TEST_CASE("a doorbell whose owner is gone says so") {
  auto owner = std::make_unique<Opened>();
  const int ringer = owner->Open();
  REQUIRE(ringer >= 0);
  CHECK(!IsDoorbellGone(ringer));
  owner.reset();
  CHECK(IsDoorbellGone(ringer));
  CHECK(RingDoorbell(ringer, 1) == RingResult::kGone);
  CloseDoorbell(ringer);
}

TEST_CASE_FIXTURE(Opened, "what is not the doorbell that was meant is not opened") {
  const uint32_t pid = mp::os::ProcessId();
  const auto descriptor = static_cast<uint32_t>(bell.ring_descriptor());
  CHECK(OpenDoorbell(pid, descriptor, bell.identity() + 1) == -1);
  CHECK(OpenDoorbell(pid, 1'000'000, bell.identity()) == -1);
  CHECK(OpenDoorbell(0x7fffffff, descriptor, bell.identity()) == -1);
  const int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
  REQUIRE(file >= 0);
  CHECK(OpenDoorbell(pid, static_cast<uint32_t>(file), bell.identity()) == -1);
  close(file);
}

}  // namespace
