// Waiting for what must happen soon: every wait of a test has an end.
#pragma once

#include <time.h>

#include "os/clock.h"

namespace mp::test {

/// Long enough for a sanitizer on a busy machine: only a hang lasts longer.
inline constexpr double kWatchdogMs = 30'000;

inline void Nap(int64_t ns) {
  const timespec time{ns / 1'000'000'000, ns % 1'000'000'000};
  nanosleep(&time, nullptr);
}

/// Polls until `done()`; false when the watchdog's time has passed.
template <typename Done>
[[nodiscard]] bool Eventually(Done done) {
  const os::Deadline deadline = os::Deadline::After(kWatchdogMs);
  while (!done()) {
    if (deadline.IsPast()) return false;
    Nap(50'000);
  }
  return true;
}

}  // namespace mp::test
