// Ringing event loops: which thread of which process to tell when an object becomes free.
//
// An event loop that waits for an object leaves its id in the object's bell word. Whoever wakes the
// object's sleepers takes the id out and rings that loop too, beside the sleepers: so a loop is
// told in one step, where the hub would need two, and nobody's wake depends on it.
//
//   WAITER (its own thread)             | WAKER
//   ------------------------------------+----------------------------------------------
//   1. bell: 0 or a dead id → self      | a. state: release, WAITERS dropped
//   2. state: WAITERS set (PrepareSleep)| b. bell: id → 0
//   3. bell still self? else again      | c. ring the id, wake the sleepers
//
// A waker whose step a follows step 2 sees WAITERS, so it comes to step b and rings. One whose step
// a precedes 2 left the object free, which PrepareSleep sees. An earlier waker may take the id
// between 1 and 2, which step 3 sees. Later wakers that find no WAITERS follow one that dropped it,
// and that one rings. A waker killed between a and c is like every lost wake: the bound of the
// hub's sleep (sync/waiter.h) makes the loop look.
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/segment.h"

namespace mp::sync {

/// Wakes sleepers of `point`, and the event loop that left its id in `bell` (may be null).
void WakeAndRing(const Segment& segment, const os::WaitPoint& point, int count,
                 std::atomic<uint32_t>* bell);

/// Rings the loop of `id`, if it has a doorbell, about `key` (os::WaitPoint::key).
void Ring(const Segment& segment, Id id, uint64_t key);

}  // namespace mp::sync
