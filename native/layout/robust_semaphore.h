// A robust semaphore in shared memory: a SyncObject of kind Semaphore with kRobust, and a word for
// each unit, which says who holds it.
//
//   OFFSET | SIZE | FIELD  | WRITTEN BY        | MEANING
//        0 |   64 | object | see there         | maximum: how many units; state: see below
//       64 |  4×n | units  | holders, atomic   | id of the thread that holds the unit; 0 is free
//
// state: low half = futex word, high half = request
//
//   BITS  | NAME     | MEANING
//       31 | WAITERS  | somebody may sleep on the low half: release takes the slow path
//    30..0 | wakes    | each wake that drops WAITERS adds 1
//   60..32 | request  | id of a starving waiter, past which nobody takes a unit; 0 is none
#pragma once

#include "layout/sync_object.h"

namespace mp::layout {

struct RobustSemaphore {
  SyncObject object;
  // and then the units
};
static_assert(offsetof(RobustSemaphore, object) == 0);
static_assert(sizeof(RobustSemaphore) == 64);

inline constexpr uint32_t kWakesMask = 0x7fffffff;

inline std::atomic<uint32_t>* UnitsOf(SyncObject* object) {
  return reinterpret_cast<std::atomic<uint32_t>*>(object + 1);
}
inline constexpr uint64_t RobustSemaphoreBytes(uint32_t units) {
  return sizeof(RobustSemaphore) + uint64_t{units} * sizeof(uint32_t);
}

}  // namespace mp::layout
