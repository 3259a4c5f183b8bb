// How long to spin before sleeping: a sleeping hand-off costs 10 µs for everyone, a spinning one
// tens of nanoseconds, but a spin that ends in sleep is lost. So the budget follows success.
#pragma once

#include <cstdint>

#include "os/cpu.h"

namespace mp::sync {

/// Budget of one thread, in pauses. Grows by a quarter when spinning succeeded, halves when the
/// thread had to sleep after all. Nobody spins on one core: the holder could not run meanwhile.
class SpinBudget {
 public:
  [[nodiscard]] uint32_t pauses() const { return os::AvailableCpus() > 1 ? pauses_ : 0; }

  void Succeeded() {
    const uint32_t more = pauses_ + pauses_ / 4;
    pauses_ = more < kCap ? more : kCap;
  }
  void Failed() {
    const uint32_t less = pauses_ / 2;
    pauses_ = less > kFloor ? less : kFloor;
  }

 private:
  static constexpr uint32_t kCap = 2000;
  static constexpr uint32_t kFloor = 20;
  uint32_t pauses_ = 200;
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
