// One condition with its lock, and waits for it step by step, for tests.
#pragma once

#include "layout/condition.h"
#include "support/shared_segment.h"
#include "sync/condition.h"
#include "sync/lock.h"

namespace mp::test {

struct ConditionWorld {
  SharedSegment shared;
  Party self{shared};
  layout::SyncObject* lock_object = shared.NewLock();
  layout::ConditionObject* object = NewCondition();
  sync::Lock lock{shared.segment(), lock_object};
  sync::Condition condition{shared.segment(), object};

  [[nodiscard]] layout::ConditionObject* NewCondition() {
    auto* made = shared.New<layout::ConditionObject>();
    made->head.kind = static_cast<uint32_t>(layout::ObjectKind::kCondition);
    return made;
  }

  /// Begins a wait of `id`; whoever calls need not hold the lock where nobody else is about.
  [[nodiscard]] layout::Ticket* Enter(sync::Id id) {
    return condition.Enter(id, shared.allocator()).ticket;
  }
  /// The whole of a wait, from holding the lock to holding it again.
  [[nodiscard]] bool Wait(sync::Condition& on, sync::Id id, os::Deadline deadline) {
    layout::Ticket* ticket = on.Enter(id, shared.allocator()).ticket;
    (void)lock.Release();
    const bool granted = on.Block(id, ticket, deadline) == sync::Outcome::kAcquired;
    (void)lock.Acquire(id, os::Deadline::Never());
    if (granted) on.Leave(id, ticket);
    return granted;
  }
  [[nodiscard]] bool HasWaiters() const {
    return (object->head.state.load() & layout::kWaiters) != 0;
  }
  [[nodiscard]] static uint32_t StateOf(const layout::Ticket* ticket) {
    return static_cast<uint32_t>(ticket->word.load() >> 32) & layout::kTicketMask;
  }
  [[nodiscard]] static bool IsGranted(const layout::Ticket* ticket) {
    return StateOf(ticket) == layout::kTicketGranted;
  }
};

}  // namespace mp::test
