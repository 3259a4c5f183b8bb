// os/clock.h: the monotonic clock and the conversion of relative times.
#include "os/clock.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/child.h"
#include "support/shared_segment.h"

namespace {

using mp::os::Deadline;
using mp::os::MonotonicNs;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST_CASE("the clock never goes back") {
  int64_t last = MonotonicNs();
  for (int i = 0; i < 10'000; ++i) {
    const int64_t now = MonotonicNs();
    REQUIRE(now >= last);
    last = now;
  }
}

TEST_CASE("the clock is the same in another process") {
  mp::test::SharedSegment shared;
  auto* read_by_child = shared.New<int64_t>();
  const int64_t before = MonotonicNs();
  mp::test::Child child([&] {
    *read_by_child = MonotonicNs();
    return 0;
  });
  REQUIRE(child.Wait() == 0);
  CHECK(*read_by_child >= before);
  CHECK(*read_by_child <= MonotonicNs());
}

TEST_CASE("a deadline of zero or less has passed at once") {
  for (const double timeout_ms : {0.0, -0.0, -1.0, -1e300, -kInfinity}) {
    CHECK(Deadline::After(timeout_ms).IsPast());
  }
}

TEST_CASE("infinity and what no clock can count to is never") {
  for (const double timeout_ms : {kInfinity, 1e300, 9.0e12, std::nan("")}) {
    const Deadline deadline = Deadline::After(timeout_ms);
    CHECK(deadline.IsNever());
    CHECK_FALSE(deadline.IsPast());
  }
}

TEST_CASE("the longest finite timeout does not overflow") {
  const Deadline deadline = Deadline::After(8.999e12);
  CHECK_FALSE(deadline.IsNever());
  CHECK_FALSE(deadline.IsPast());
  CHECK(deadline.ns > MonotonicNs());
}

TEST_CASE("a timeout is counted from now, with its fraction") {
  const int64_t before = MonotonicNs();
  const Deadline deadline = Deadline::After(1500.25);
  CHECK(deadline.ns >= before + 1'500'250'000);
  CHECK(deadline.ns <= MonotonicNs() + 1'500'250'000);
  CHECK_FALSE(deadline.IsPast());
}

TEST_CASE("OrEarlier keeps the earlier of the two") {
  CHECK(Deadline{10}.OrEarlier(5).ns == 5);
  CHECK(Deadline{10}.OrEarlier(20).ns == 10);
  CHECK(Deadline::Never().OrEarlier(20).ns == 20);
}

}  // namespace
