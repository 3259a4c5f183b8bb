// Sleeping until a word of shared memory changes, across processes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "os/clock.h"
#include "os/status.h"

namespace mp::os {

/// A reason to stay asleep: the word still has the value that the sleeper saw. `key` names the
/// place for platforms that must wait on a named kernel object instead of an address.
struct WaitPoint {
  std::atomic<uint32_t>* word = nullptr;
  uint32_t expected = 0;
  uint64_t key = 0;
  /// The word is this process's own (not in shared memory).
  bool is_private = false;
};

/// Points that one Wait can watch: at least 1. Fewer than that many are a fallback, in which a
/// sleeper notices changes of the others only when its deadline has passed.
[[nodiscard]] size_t WaitCapacity();

/// Sleeps until one of the words differs from its expected value, somebody wakes one of them, the
/// deadline passes, or for no reason at all: callers read the words again. Only the first
/// WaitCapacity() points are watched.
void Wait(const WaitPoint* points, size_t count, Deadline deadline);

/// Wakes at most `count` sleepers of the word; false when nobody slept there.
bool Wake(const WaitPoint& point, int count);

inline constexpr int kWakeAll = 0x7fffffff;

}  // namespace mp::os
