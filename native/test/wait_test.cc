// os/wait.h: sleeping on words, woken by threads and by other processes. The whole program runs a
// second time with NODE_MULTIPROCESSING_WAIT=futex, where only one word can be watched.
#include "os/wait.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>

#include "support/child.h"
#include "support/shared_segment.h"
#include "support/sleeper.h"
#include "support/watchdog.h"

namespace {

using mp::os::Deadline;
using mp::os::Wait;
using mp::os::WaitCapacity;
using mp::os::WaitPoint;
using mp::os::Wake;
using mp::test::Child;
using mp::test::Eventually;
using mp::test::Sleeper;

struct Words {
  mp::test::SharedSegment shared;
  std::atomic<uint32_t>* words = shared.New<std::atomic<uint32_t>[256]>()[0];

  [[nodiscard]] WaitPoint At(int i, uint32_t expected = 0) const {
    return {&words[i], expected, 0, false};
  }
};

TEST_CASE("capacity is one exactly where the fallback was asked for or needed") {
  const char* choice = std::getenv("NODE_MULTIPROCESSING_WAIT");
  CHECK(WaitCapacity() >= 1);
  if (choice != nullptr && std::strcmp(choice, "futex") == 0) CHECK(WaitCapacity() == 1);
}

TEST_CASE_FIXTURE(Words, "a word that differs already does not let its caller sleep") {
  const WaitPoint point = At(0, 7);
  Wait(&point, 1, Deadline::Never());
  const WaitPoint pair[] = {At(1, 7), At(2)};
  Wait(pair, 2, Deadline::Never());
}

TEST_CASE_FIXTURE(Words, "a sleep ends at its deadline") {
  for (const size_t count : {size_t{1}, size_t{2}}) {
    const WaitPoint pair[] = {At(0), At(1)};
    const Deadline deadline = Deadline::After(20);
    while (!deadline.IsPast()) Wait(pair, count, deadline);
    Wait(pair, count, deadline);            // has passed: returns at once
    Wait(pair, count, Deadline::After(0));  // likewise
  }
}

TEST_CASE_FIXTURE(Words, "waking where nobody sleeps says so") {
  CHECK_FALSE(Wake(At(0), 1));
  CHECK_FALSE(Wake(At(0), mp::os::kWakeAll));
}

TEST_CASE_FIXTURE(Words, "waking wakes as many as it was asked to") {
  Sleeper sleepers[3] = {Sleeper(At(0)), Sleeper(At(0)), Sleeper(At(0))};
  for (const Sleeper& sleeper : sleepers) REQUIRE(sleeper.FallsAsleep());
  const auto awake = [&] {
    int count = 0;
    for (const Sleeper& sleeper : sleepers) count += sleeper.is_awake() ? 1 : 0;
    return count;
  };
  CHECK(Wake(At(0), 1));
  CHECK(Eventually([&] { return awake() == 1; }));
  CHECK(Wake(At(0), mp::os::kWakeAll));
  CHECK(Eventually([&] { return awake() == 3; }));
}

TEST_CASE_FIXTURE(Words, "a private word is woken as one") {
  std::atomic<uint32_t> own{0};
  const WaitPoint point{&own, 0, 0, true};
  Sleeper sleeper(point);
  REQUIRE(sleeper.FallsAsleep());
  CHECK(Wake(point, 1));
  CHECK(sleeper.WakesUp());
}

TEST_CASE_FIXTURE(Words, "any of the watched words wakes the sleeper") {
  std::vector<WaitPoint> points;
  const size_t watched = WaitCapacity() < 100 ? WaitCapacity() : 100;
  for (size_t i = 0; i < 100; ++i) points.push_back(At(static_cast<int>(i)));
  for (const size_t i : {size_t{0}, watched / 2, watched - 1}) {
    Sleeper sleeper(points);
    REQUIRE(sleeper.FallsAsleep());
    CHECK(Wake(points[i], 1));
    CHECK(sleeper.WakesUp());
  }
}

TEST_CASE_FIXTURE(Words, "shared and private words can be watched together") {
  std::atomic<uint32_t> own{0};
  const WaitPoint control{&own, 0, 0, true};
  Sleeper sleeper({control, At(3)});
  REQUIRE(sleeper.FallsAsleep());
  CHECK(Wake(WaitCapacity() > 1 ? At(3) : control, 1));
  CHECK(sleeper.WakesUp());
}

TEST_CASE_FIXTURE(Words, "points beyond the capacity are let go, not refused") {
  std::vector<WaitPoint> points;
  for (int i = 0; i < 200; ++i) points.push_back(At(i));
  Sleeper sleeper(points);
  REQUIRE(sleeper.FallsAsleep());
  CHECK(Wake(points[0], 1));
  CHECK(sleeper.WakesUp());
}

TEST_CASE_FIXTURE(Words, "a sleeper in another process is woken, through another mapping too") {
  mp::sync::Segment again = shared.MapAgain();
  const auto offset = reinterpret_cast<uint8_t*>(&words[0]) - shared.segment().base();
  auto* alias = reinterpret_cast<std::atomic<uint32_t>*>(again.base() + offset);
  Child child([&] {
    const WaitPoint points[] = {At(0), At(1)};
    while (words[0].load() == 0) Wait(points, 2, Deadline::Never());
    return 42;
  });
  const WaitPoint there{alias, 0, 0, false};
  CHECK(Eventually([&] { return Wake(there, 1); }));  // true: somebody slept there
  alias->store(1);
  Wake(there, 1);
  CHECK(child.Wait() == 42);
}

}  // namespace
