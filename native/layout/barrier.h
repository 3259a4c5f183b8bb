// A barrier in shared memory: a SyncObject, and behind it who has arrived.
//
//   OFFSET | SIZE | FIELD    | WRITTEN BY      | MEANING
//        0 |   64 | object   | see there       | maximum: how many parties; flags: kHasAction
//       64 |   64 | resets   | resetters       | round that a reset ended, by its number modulo 16
//      128 |  8×n | arrivals | parties, atomic | by index: round (32), CAN_ACT (1), 0 (2), id (29)
//
// state of a Barrier: low half = futex word; high half = counts
//
//   BITS  | NAME      | MEANING
//       31 | WAITERS   | somebody may sleep on the low half
//       30 | BROKEN    | every wait fails until reset
//       29 | FULL      | all have arrived and the action is due, or runs
//       28 | ACTING    | one of the parties runs the action
//    27..0 | round     | completed rounds and resets, modulo 2^28
//   47..32 | arrived   | parties that wait in this round
//   63..48 | resets    | how many resets there were, modulo 2^16
#pragma once

#include "layout/sync_object.h"

namespace mp::layout {

inline constexpr uint32_t kHasAction = 2;

inline constexpr uint32_t kBroken = 1U << 30;
inline constexpr uint32_t kFull = 1U << 29;
inline constexpr uint32_t kActing = 1U << 28;
inline constexpr uint32_t kRoundMask = (1U << 28) - 1;
inline constexpr uint32_t kMaxParties = 0xffff;
inline constexpr uint32_t kResetsKept = 16;

inline constexpr uint32_t kCanAct = 1U << 31;

struct Barrier {
  SyncObject object;
  std::atomic<uint32_t> resets[kResetsKept];
  // and then one std::atomic<uint64_t> for each party
};
static_assert(offsetof(Barrier, object) == 0);
static_assert(offsetof(Barrier, resets) == 64);
static_assert(sizeof(Barrier) == 128);

inline std::atomic<uint64_t>* ArrivalsOf(Barrier* barrier) {
  return reinterpret_cast<std::atomic<uint64_t>*>(barrier + 1);
}
inline constexpr uint64_t BarrierBytes(uint32_t parties) {
  return sizeof(Barrier) + uint64_t{parties} * sizeof(uint64_t);
}

}  // namespace mp::layout
