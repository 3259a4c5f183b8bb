// How long to spin before sleeping: a sleeping hand-off costs 10 µs for everyone, a spinning one
// tens of nanoseconds, but a spin that ends in sleep is lost. So the budget follows success.
#pragma once

#include <cstdint>

#include "os/cpu.h"

namespace mp::sync {

/// Budget of one thread, in pauses. Grows by a quarter when spinning succeeded, halves when the
/// thread had to sleep after all. Nobody spins on one core: the holder could not run meanwhile.
///
/// Two threads that wait for each other in turn may both have learnt not to spin, because the other
/// one sleeps, when both would be quicker awake. So after every eighth failure in a row comes one
/// long spin, and when that succeeds the budget starts from there.
class SpinBudget {
 public:
  [[nodiscard]] uint32_t pauses() const {
    if (os::AvailableCpus() <= 1) return 0;
    return IsProbe() ? kProbe : pauses_;
  }

  void Succeeded() {
    const uint32_t more = IsProbe() ? kProbe : pauses_ + pauses_ / 4;
    pauses_ = more < kCap ? more : kCap;
    failures_ = 0;
  }
  void Failed() {
    const uint32_t less = pauses_ / 2;
    pauses_ = less > kFloor ? less : kFloor;
    ++failures_;
  }

 private:
  [[nodiscard]] bool IsProbe() const { return failures_ != 0 && failures_ % kProbeEvery == 0; }

  static constexpr uint32_t kCap = 2000;
  static constexpr uint32_t kFloor = 20;
  static constexpr uint32_t kProbe = 1000;
  static constexpr uint32_t kProbeEvery = 8;
  uint32_t pauses_ = 200;
  uint32_t failures_ = 0;
};

/// Pauses until `done()` or until the budget is spent; true when done.
template <typename Done>
bool SpinUntil(uint32_t pauses, Done done) {
  for (uint32_t i = 0; i < pauses; ++i) {
    if (done()) return true;
    os::Pause();
  }
  return false;
}

}  // namespace mp::sync
