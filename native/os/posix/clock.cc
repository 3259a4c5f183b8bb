// POSIX implementation of os/clock.h.
#include "os/clock.h"

#include <time.h>

namespace mp::os {

int64_t MonotonicNs() {
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace mp::os
