// One synchronisation object in shared memory: one granule, whatever its kind.
//
//   OFFSET | SIZE | FIELD     | WRITTEN BY        | MEANING
//        0 |    8 | state     | everybody, atomic | see the tables below
//        8 |    4 | kind      | creator           | ObjectKind; checked on attach
//       12 |    4 | flags     | creator           | kRobust
//       16 |    4 | depth     | owner (RLock)     | how often its thread holds it, or AWAITED
//       20 |    4 | maximum   | creator           | Semaphore: the count may not exceed this
//       24 |    4 | serial    | creator           | tells it from an earlier one in its place
//       28 |    4 | bell      | waiters, wakers   | id of a thread whose loop is to be told too
//       32 |   16 | references| see references    | who can reach it (layout/references.h)
//       48 |   16 | (reserved)|                   | 0
//
// state of a Lock and an RLock: low half = futex word, high half = request
//
//   BITS  | NAME      | MEANING
//       31 | WAITERS   | somebody may sleep on the low half: release takes the slow path
//       30 | ABANDONED | the previous owner ended while it held the lock; cleared by release
//       29 | PENDING   | the owner was granted the lock by hand-off and has not accepted yet
//    28..0 | owner     | id of the thread that holds it (layout/segment.h); 0 is free
//   60..32 | request   | id of a starving waiter that the next release hands the lock to; 0 is none
//
// state of a Semaphore: low half = count, high half = futex word
//
//   BITS  | NAME      | MEANING
//    31..0 | count     | units that are free, 0 … 2^31-1
//       63 | WAITERS   | somebody may sleep on the high half
//   62..61 | box       | 0 empty, 1 REQUESTED by id, 2 GRANTED to id (a unit lies in the box)
//   60..32 | id        | whose box it is
//
// state of an Event: low half = futex word; the high half stays 0
//
//   BITS  | NAME      | MEANING
//       31 | WAITERS   | somebody may sleep on the low half: set takes the slow path
//    30..0 | sequence  | set and clear each add 1; odd is set
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "layout/references.h"
#include "layout/segment.h"

namespace mp::layout {

/// Of everything that a handle can name; values and arrays are in layout/data_block.h.
enum class ObjectKind : uint32_t {
  kNone = 0,
  kLock = 1,
  kRLock = 2,
  kSemaphore = 3,
  kValue = 4,
  kArray = 5,
  kCondition = 6,
  kEvent = 7,
  kBarrier = 8,
  kRWLock = 9,
  kQueue = 10,
  kName = 12,
  /// What one thread holds and waits for, told by itself (ts/debug/journal.ts).
  kJournal = 13,
  kPipeEnd = 14,
};

inline constexpr uint32_t kRobust = 1;

inline constexpr uint32_t kWaiters = 1U << 31;
inline constexpr uint32_t kAbandoned = 1U << 30;
inline constexpr uint32_t kPending = 1U << 29;

/// Depth of an RLock that an awaited owner holds: its thread's blocking forms must not re-enter.
/// How often that owner has acquired it is known to its thread only.
inline constexpr uint32_t kAwaited = 1U << 31;

inline constexpr uint32_t kBoxShift = 29;
inline constexpr uint32_t kBoxMask = 3U << kBoxShift;
inline constexpr uint32_t kBoxRequested = 1U << kBoxShift;
inline constexpr uint32_t kBoxGranted = 2U << kBoxShift;
inline constexpr uint32_t kCountMax = 0x7fffffff;

inline constexpr uint32_t kEventSet = 1;
inline constexpr uint32_t kEventSequence = 0x7fffffff;

struct SyncObject {
  std::atomic<uint64_t> state;
  uint32_t kind;
  uint32_t flags;
  std::atomic<uint32_t> depth;
  uint32_t maximum;
  uint32_t serial;
  std::atomic<uint32_t> bell;
  Reference references[kHeaderReferences];
  uint8_t reserved_48[16];
};
static_assert(offsetof(SyncObject, state) == 0);
static_assert(offsetof(SyncObject, kind) == 8);
static_assert(offsetof(SyncObject, flags) == 12);
static_assert(offsetof(SyncObject, depth) == 16);
static_assert(offsetof(SyncObject, maximum) == 20);
static_assert(offsetof(SyncObject, serial) == 24);
static_assert(offsetof(SyncObject, bell) == 28);
static_assert(offsetof(SyncObject, references) == 32);
static_assert(sizeof(SyncObject) == kGranule);

}  // namespace mp::layout
