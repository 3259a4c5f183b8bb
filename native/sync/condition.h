// Waiting, without a lock that one holds, until another who holds it says that something changed.
//
// Each wait has a ticket in shared memory (layout/condition.h). A notify grants the tickets that
// have waited longest; whoever waits sleeps on its own ticket, so that it wakes those only. This
// file knows nothing of the lock: its caller enters while it holds it, lets go of it, blocks, has
// it again, and leaves.
//
//   ticket           | MEANING                          | BECOMES, BY
//   -----------------+----------------------------------+---------------------------------------
//   FREE             | nobody's                         | WAITING, by Enter
//   WAITING, living  | waits for a notify               | GRANTED, by Notify or who passes on
//                    |                                  | FREE, by its timeout or abort
//   WAITING, dead    | was killed while it waited       | FREE, by Notify; WAITING, by Enter
//   GRANTED, living  | is notified, has not yet left    | FREE, by Leave, or by its abort after
//                    |                                  | the grant went to the next
//   GRANTED, dead    | was killed before it left        | GRANTED to whoever passes it on; FREE
//                    |                                  | when the next has it
//
// Each change is one compare-and-swap of the ticket's word, which has its state, its waiter and its
// place in the order. Blocks of tickets are only ever added, and end with the object: so everybody
// may look through them at any time, and nobody who dies leaves them half-changed. (They end in
// sync/references.cc.)
//
// A grant that its waiter cannot use goes to the next: a waiter that leaves by timeout or abort
// does so itself, one that was killed has it done by the next notifier, or by another waiter:
// whoever sleeps looks for dead ones each kLookNs at the latest, one of all of them. First the
// grant is taken over (the ticket names who passes it on), then the next is granted, then the
// ticket is freed. So a grant is never lost, however many die; one that is killed between the last
// two steps makes it two, which to a waiter is a wake-up for no reason, as conditions may have.
//
// WAITERS in the object's state keeps notify from looking when nobody waits.
//
//   ENTER                               | WHO FINDS NOBODY WAITING (Notify, Leave, Withdraw)
//   ------------------------------------+-------------------------------------------------
//   1. sequence + 1: the ticket's number| a. state read
//   2. ticket: FREE → WAITING           | b. all tickets read: none waits
//   3. sequence + 1, WAITERS set        | c. WAITERS dropped, if the state is as in a
//
// If c follows 3, a followed it too, and b saw the ticket. So while a ticket waits and its waiter
// has entered, WAITERS is set: without the lock's help even, which keeps a notify from coming
// between.
#pragma once

#include <vector>

#include "layout/condition.h"
#include "sync/allocator.h"
#include "sync/segment.h"
#include "sync/waiter.h"

namespace mp::sync {

/// How often, at most, one of the waiters looks for grants of the dead.
inline constexpr int64_t kLookNs = 25 * os::kNsPerMs;

/// A ticket, or why there is none.
struct Entered {
  layout::Ticket* ticket = nullptr;
  Allocation allocation;
};

class Condition {
 public:
  Condition(const Segment& segment, layout::ConditionObject* object)
      : segment_(segment), object_(object) {}

  /// Begins a wait. The caller holds the lock, and lets go of it afterwards.
  [[nodiscard]] Entered Enter(Id self, Allocator allocator);
  /// Blocks until the ticket is granted. kBusy: the deadline passed, and the ticket is gone.
  [[nodiscard]] Outcome Block(Id self, layout::Ticket* ticket, os::Deadline deadline,
                              const StopSign* stop = nullptr);
  /// Ends the wait of a granted ticket, once the caller holds the lock again.
  void Leave(Id self, layout::Ticket* ticket);
  /// Grants the `count` tickets that have waited longest. The caller, `self`, holds the lock.
  void Notify(Id self, uint32_t count);

  /// Passes on what was granted to waiters that have died since, if nobody has looked lately.
  void LookForDead(Id self);
  /// Ends a wait before it was notified, or passes its grant on.
  void Abandon(Id self, layout::Ticket* ticket);

  /// How many wait that live and are not notified.
  [[nodiscard]] uint32_t Waiting() const;

  [[nodiscard]] const Segment& segment() const { return segment_; }
  [[nodiscard]] os::WaitPoint PointOf(layout::Ticket* ticket) const;
  /// Whether `self` may use what it takes for its ticket.
  [[nodiscard]] bool IsTicketOf(Id self, const layout::Ticket* ticket) const;

 private:
  using Tickets = std::vector<layout::Ticket*>;

  template <typename Visit>
  void ForEach(Visit visit) const;
  [[nodiscard]] layout::TicketBlock* BlockAt(uint64_t offset) const;
  [[nodiscard]] layout::Ticket* Claim(Id self, uint32_t sequence);
  [[nodiscard]] bool TryClaim(Id self, uint32_t sequence, layout::Ticket* ticket);
  /// The first ticket of a new block, or the fault.
  [[nodiscard]] Entered AddBlock(Id self, uint32_t sequence, Allocator allocator);
  /// Takes over what was granted to the dead.
  [[nodiscard]] Tickets TakeFromDead(Id self);
  void GrantOldest(uint32_t count);
  [[nodiscard]] bool Grant(layout::Ticket* ticket, uint64_t word);
  void Free(Id self, layout::Ticket* ticket);
  void DropWaiters();

  const Segment& segment_;
  layout::ConditionObject* object_;
};

/// One wait, for the wait hub and for Block.
class ConditionWait final : public Awaitable {
 public:
  ConditionWait(const Condition& condition, layout::Ticket* ticket)
      : condition_(condition), ticket_(ticket) {}

  [[nodiscard]] Outcome Attempt(Id self, Waiter& waiter) override;
  [[nodiscard]] bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) override;
  void Withdraw(Id self) override { condition_.Abandon(self, ticket_); }
  /// A notified loop is notified, however busy it is.
  void PassOn(Id /*self*/) override {}
  [[nodiscard]] BellPlace bell_place() const override;

 private:
  Condition condition_;
  layout::Ticket* ticket_;
};

}  // namespace mp::sync
