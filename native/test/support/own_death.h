// A party that kills itself at a chosen moment.
#pragma once

#include <signal.h>
#include <time.h>

#include <cstdint>

namespace mp::test {

/// Kills this process after some microseconds, from the kernel's timer: no other process aims as
/// well at a few instructions.
class OwnDeath {
 public:
  OwnDeath() {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    timer_create(CLOCK_MONOTONIC, &event, &timer_);
  }
  void After(int64_t ns) {
    itimerspec time{};
    time.it_value.tv_nsec = ns;
    timer_settime(timer_, 0, &time, nullptr);
  }

 private:
  timer_t timer_{};
};

}  // namespace mp::test
