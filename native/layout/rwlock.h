// A reader-writer lock in shared memory: a SyncObject whose state is that of a Lock, which writers
// hold, and a cell for each thread that reads.
//
//   OFFSET | SIZE | FIELD      | WRITTEN BY        | MEANING
//        0 |   64 | object     | see there         | maximum: how many cells; state: as a Lock's
//       64 |    4 | drain      | leaving readers   | futex word of a writer that waits for them
//       68 |    4 | drain_bell | writers, readers  | as the object's bell, for that writer
//       72 |    4 | writer     | writer            | id of the writer that is inside
//       76 |    4 | torn       | whoever finds out | 1: a writer ended inside, and none was since
//       80 |    4 | claimed    | readers           | cells that were ever claimed are before this
//       84 |   44 | (reserved) |                   | 0
//      128 |  8×n | cells      | readers, atomic   | id of the reading thread (32), its holds (32)
#pragma once

#include "layout/sync_object.h"

namespace mp::layout {

struct RWLock {
  SyncObject object;
  std::atomic<uint32_t> drain;
  std::atomic<uint32_t> drain_bell;
  std::atomic<uint32_t> writer;
  std::atomic<uint32_t> torn;
  std::atomic<uint32_t> claimed;
  uint8_t reserved_84[44];
  // and then the cells
};
static_assert(offsetof(RWLock, drain) == 64);
static_assert(offsetof(RWLock, drain_bell) == 68);
static_assert(offsetof(RWLock, writer) == 72);
static_assert(offsetof(RWLock, torn) == 76);
static_assert(offsetof(RWLock, claimed) == 80);
static_assert(sizeof(RWLock) == 128);

inline std::atomic<uint64_t>* CellsOf(RWLock* lock) {
  return reinterpret_cast<std::atomic<uint64_t>*>(lock + 1);
}
inline constexpr uint64_t RWLockBytes(uint32_t cells) {
  return sizeof(RWLock) + uint64_t{cells} * sizeof(uint64_t);
}

}  // namespace mp::layout
