// A Condition in shared memory: a SyncObject, whose state only says whether to look further, and
// behind it the tickets of those who wait.
//
// ConditionObject, at the object's address; then in further blocks the same from byte 64 on
//
//   OFFSET | SIZE | FIELD     | WRITTEN BY        | MEANING
//        0 |   64 | head      | see sync_object.h | state: see below
//       64 |    8 | looked_ns | waiters           | when one of them last looked for dead ones
//       72 |    8 | next      | waiters           | offset of a further block of tickets; 0 is none
//       80 |  176 | tickets   | waiters, notifiers| 11 of them
//
// Ticket
//
//   OFFSET | SIZE | FIELD     | WRITTEN BY        | MEANING
//        0 |    8 | word      | waiters, notifiers| see below; its high half is a futex word
//        8 |    4 | bell      | waiter, wakers    | id of a thread whose loop is to be told
//       12 |    4 | (reserved)|                   | 0
//
// state of a Condition
//
//   BITS   | NAME     | MEANING
//       31 | WAITERS  | somebody may have a ticket: notify takes the slow path
//   63..32 | sequence | each wait takes one number for its ticket, and one when it is written
//
// word of a Ticket
//
//   BITS   | NAME     | MEANING
//    31..0 | sequence | the order in which the waits began
//   62..61 | state    | 0 FREE, 1 WAITING, 2 GRANTED
//   60..32 | id       | of the waiting thread; 0 when FREE
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "layout/sync_object.h"

namespace mp::layout {

inline constexpr uint32_t kTicketShift = 29;
inline constexpr uint32_t kTicketMask = 3U << kTicketShift;
inline constexpr uint32_t kTicketFree = 0;
inline constexpr uint32_t kTicketWaiting = 1U << kTicketShift;
inline constexpr uint32_t kTicketGranted = 2U << kTicketShift;

struct Ticket {
  std::atomic<uint64_t> word;
  std::atomic<uint32_t> bell;
  uint32_t reserved_12;
};
static_assert(offsetof(Ticket, word) == 0);
static_assert(offsetof(Ticket, bell) == 8);
static_assert(sizeof(Ticket) == 16);

inline constexpr uint32_t kBlockTickets = 11;

struct TicketBlock {
  std::atomic<int64_t> looked_ns;
  std::atomic<uint64_t> next;
  Ticket tickets[kBlockTickets];
};
static_assert(sizeof(TicketBlock) == 3 * kGranule);

struct ConditionObject {
  SyncObject head;
  TicketBlock block;
};
static_assert(offsetof(ConditionObject, head) == 0);
static_assert(offsetof(ConditionObject, block.looked_ns) == 64);
static_assert(offsetof(ConditionObject, block.next) == 72);
static_assert(offsetof(ConditionObject, block.tickets) == 80);
static_assert(sizeof(ConditionObject) == 4 * kGranule);

}  // namespace mp::layout
