// What the parties of a kill test share, beside the segment under test: who says to be where, and
// what went wrong. Every field is written so that a party may be killed between any two lines.
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/segment.h"

namespace mp::test {

inline constexpr int kParties = 4;

/// Where a party is. What it does in kAcquiring and kReleasing may or may not have happened when it
/// is killed there.
enum class Phase : uint32_t { kIdle, kAcquiring, kHolding, kReleasing };

struct PartyRecord {
  std::atomic<sync::Id> id;
  std::atomic<Phase> phase;
  std::atomic<uint64_t> acquired;
  std::atomic<uint32_t> is_paused;
};

struct Stage {
  PartyRecord parties[kParties];
  /// Under the lock: 1 + index of the party that is inside; 0 is nobody.
  std::atomic<uint32_t> inside;
  /// Under the semaphore: how many are.
  std::atomic<int32_t> holders;
  std::atomic<uint64_t> abandoned;
  std::atomic<int64_t> abandoned_ns;
  std::atomic<uint64_t> violations;
  std::atomic<uint32_t> pause;
};

}  // namespace mp::test
