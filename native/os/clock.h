// Monotonic time and the one deadline type. Relative times are converted once, at the edge.
#pragma once

#include <cstdint>
#include <limits>

namespace mp::os {

/// Nanoseconds of a clock that never goes back and is the same for all processes of this machine.
[[nodiscard]] int64_t MonotonicNs();

inline constexpr int64_t kNsPerMs = 1'000'000;

/// An absolute point of MonotonicNs().
struct Deadline {
  int64_t ns = std::numeric_limits<int64_t>::max();

  static Deadline Never() { return {}; }

  /// `timeout_ms` from now; negative counts as 0, infinity and more than 292 years as never.
  static Deadline After(double timeout_ms) {
    constexpr double kForeverMs = 9.0e12;
    if (!(timeout_ms < kForeverMs)) return Never();
    const double positive = timeout_ms > 0 ? timeout_ms : 0;
    return {MonotonicNs() + static_cast<int64_t>(positive * kNsPerMs)};
  }

  [[nodiscard]] bool IsNever() const { return ns == std::numeric_limits<int64_t>::max(); }
  [[nodiscard]] bool IsPast() const { return !IsNever() && MonotonicNs() >= ns; }
  [[nodiscard]] Deadline OrEarlier(int64_t other_ns) const {
    return {other_ns < ns ? other_ns : ns};
  }
};

}  // namespace mp::os
