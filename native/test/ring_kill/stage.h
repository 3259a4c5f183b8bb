// What the parties at a ring share, beside the segment under test: who is where, and which message
// went where. Every field is written so that a party may be killed between any two lines.
#pragma once

#include <atomic>
#include <cstdint>

#include "support/shared_segment.h"
#include "sync/ring.h"

namespace mp::test {

/// Producers, and as many consumers.
inline constexpr int kSeats = 3;
inline constexpr int kParties = 2 * kSeats;
/// Of each producer's seat, in all its lives.
inline constexpr uint32_t kMostMessages = 32U << 20;

/// Where a party is. In kMoving it puts or gets: what it does there may or may not have happened.
enum class Phase : uint32_t { kIdle, kWaiting, kMoving };
inline constexpr int kPhases = 3;

struct PartyRecord {
  std::atomic<Phase> phase;
  /// A consumer's: 1 + the message that it is about to take, has taken, or has just accounted for.
  std::atomic<uint64_t> in_hand;
};

struct RingStage {
  PartyRecord parties[kParties];
  /// By seat: how many messages were begun, and how many of these are known to be in the ring.
  std::atomic<uint32_t> began[kSeats];
  std::atomic<uint32_t> acknowledged[kSeats];
  std::atomic<uint64_t> consumed;
  std::atomic<uint64_t> torn;
  std::atomic<uint64_t> doubled;
  std::atomic<uint64_t> disordered;
  std::atomic<uint32_t> stops;
  /// 1 + index of the party that is to kill itself when it next comes to `aim_phase`; 0 is nobody.
  std::atomic<uint32_t> aim;
  std::atomic<Phase> aim_phase;
  /// How often each message was accounted for: seat × kMostMessages + number.
  std::atomic<uint8_t> seen[kSeats * uint64_t{kMostMessages}];
};

struct RingContest {
  SharedSegment* shared = nullptr;
  RingStage* stage = nullptr;
  layout::Ring* ring = nullptr;
};

/// Runs in a forked process: puts, or gets, until the game stops. Seats of producers come first.
[[noreturn]] void RunRingParty(const RingContest& contest, int index);

}  // namespace mp::test
