// How the C peers measure: the same procedure as bench/harness/batches.ts, so that the figures
// differ by the lock and not by the stopwatch.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

namespace peer {

inline int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// The value below which the share `p` (0..1) of the values lies.
inline double Percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(p * static_cast<double>(values.size() - 1) + 0.5);
  return values[rank];
}

// Runs `body(count)` in batches of about 1 ms and prints the median batch (`ns`, of one
// iteration; a batch cut by another process does not move it) and the mean of all (`meanNs`).
// `body` must hold the loop itself, so that the compiler sees the locking calls in it.
template <typename Body>
void PrintBatches(int measured_ms, Body body) {
  constexpr int64_t kWarmUpNs = 200'000'000;
  int64_t count = 1000;
  for (const int64_t until = NowNs() + kWarmUpNs; NowNs() < until;) {
    const int64_t start = NowNs();
    body(count);
    const int64_t elapsed = std::max<int64_t>(NowNs() - start, 1);
    count = std::clamp<int64_t>(count * 1'000'000 / elapsed, 100, 1'000'000);
  }
  std::vector<double> batches;
  int64_t total_ns = 0;
  while (total_ns < measured_ms * 1'000'000LL) {
    const int64_t start = NowNs();
    body(count);
    const int64_t elapsed = NowNs() - start;
    total_ns += elapsed;
    batches.push_back(static_cast<double>(elapsed) / static_cast<double>(count));
  }
  const double mean = static_cast<double>(total_ns) /
                      (static_cast<double>(batches.size()) * static_cast<double>(count));
  std::printf("{\"metrics\":{\"ns\":%.4f,\"meanNs\":%.4f}}\n", Percentile(batches, 0.5), mean);
}

}  // namespace peer
