// What the parties of a kill test share, beside the segment under test: who says to be where, and
// what went wrong. Every field is written so that a party may be killed between any two lines.
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/segment.h"

namespace mp::test {

inline constexpr int kParties = 4;
inline constexpr uint32_t kUnits = 2;

/// Where a party is. What it does in kAcquiring and kReleasing may or may not have happened when it
/// is killed there.
enum class Phase : uint32_t { kIdle, kAcquiring, kHolding, kReleasing };
inline constexpr int kPhases = 4;

struct PartyRecord {
  std::atomic<sync::Id> id;
  std::atomic<Phase> phase;
  std::atomic<uint64_t> acquired;
  std::atomic<uint32_t> is_paused;
  /// Its event loop is busy with something else, on purpose.
  std::atomic<uint32_t> is_blocked;
};

struct Stage {
  PartyRecord parties[kParties];
  /// Under the lock: 1 + index of the party that is inside; 0 is nobody.
  std::atomic<uint32_t> inside;
  std::atomic<uint64_t> abandoned;
  std::atomic<int64_t> abandoned_ns;
  std::atomic<uint64_t> violations;
  std::atomic<uint32_t> pause;
  /// 1 + index of the party that is to kill itself when it next begins `aim_phase`; 0 is nobody.
  std::atomic<uint32_t> aim;
  std::atomic<Phase> aim_phase;
  /// When it will be killed, or was.
  std::atomic<int64_t> kill_ns;
};

}  // namespace mp::test
