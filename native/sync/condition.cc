// The condition's tickets; the tables are in the header. Every successful compare-and-swap is
// acq_rel, as in lock.cc.
#include "sync/condition.h"

#include <algorithm>

#include "sync/bells.h"
#include "sync/spin.h"

namespace mp::sync {
namespace {

using layout::kIdMask;
using layout::kTicketGranted;
using layout::kTicketMask;
using layout::kTicketWaiting;
using layout::kWaiters;
using layout::Ticket;

thread_local SpinBudget spin_budget;

constexpr uint64_t kOneSequence = uint64_t{1} << 32;

uint32_t SequenceOf(uint64_t word) { return static_cast<uint32_t>(word); }
uint32_t High(uint64_t word) { return static_cast<uint32_t>(word >> 32); }
uint32_t StateOf(uint64_t word) { return High(word) & kTicketMask; }
Id IdOf(uint64_t word) { return High(word) & kIdMask; }

uint64_t Join(uint32_t sequence, uint32_t state, Id id) {
  return uint64_t{state | id} << 32 | sequence;
}

bool Swap(Ticket* ticket, uint64_t from, uint64_t to) {
  // SYNC POINT ticket: acq_rel; a grant publishes what its notifier did, its waiter receives it.
  return ticket->word.compare_exchange_strong(from, to, std::memory_order_acq_rel,
                                              std::memory_order_acquire);
}

}  // namespace

os::WaitPoint Condition::PointOf(Ticket* ticket) const {
  // The high half comes second in memory on the little-endian machines that kArchitecture admits.
  auto* high = reinterpret_cast<std::atomic<uint32_t>*>(&ticket->word) + 1;
  return segment_.PointAt(high, High(ticket->word.load(std::memory_order_acquire)));
}

layout::TicketBlock* Condition::BlockAt(uint64_t offset) const {
  return reinterpret_cast<layout::TicketBlock*>(segment_.base() + offset);
}

/// `visit` returns whether to go on.
template <typename Visit>
void Condition::ForEach(Visit visit) const {
  layout::TicketBlock* block = &object_->block;
  for (;;) {
    for (Ticket& ticket : block->tickets) {
      if (!visit(&ticket)) return;
    }
    // SYNC POINT ticket-block: acquire, pairs with the release of AddBlock.
    const uint64_t next = block->next.load(std::memory_order_acquire);
    if (next == 0) return;
    block = BlockAt(next);
  }
}

bool Condition::TryClaim(Id self, uint32_t sequence, Ticket* ticket) {
  const uint64_t word = ticket->word.load(std::memory_order_acquire);
  const bool is_free = StateOf(word) == layout::kTicketFree;
  // What was granted to the dead must be passed on first.
  const bool is_usable =
      is_free || (StateOf(word) == kTicketWaiting && !segment_.IsAlive(IdOf(word)));
  if (!is_usable || !Swap(ticket, word, Join(sequence, kTicketWaiting, self))) return false;
  ticket->bell.store(0, std::memory_order_relaxed);
  return true;
}

Ticket* Condition::Claim(Id self, uint32_t sequence) {
  Ticket* mine = nullptr;
  ForEach([&](Ticket* ticket) {
    if (TryClaim(self, sequence, ticket)) mine = ticket;
    return mine == nullptr;
  });
  return mine;
}

Entered Condition::AddBlock(Id self, uint32_t sequence, Allocator allocator) {
  Entered entered;
  entered.allocation = allocator.Allocate(self, sizeof(layout::TicketBlock));
  if (entered.allocation.fault != AllocationFault::kNone) return entered;
  // Whoever is killed here leaves a block that nobody finds; it costs three granules.
  layout::TicketBlock* added = BlockAt(entered.allocation.offset);
  entered.ticket = &added->tickets[0];
  entered.ticket->word.store(Join(sequence, kTicketWaiting, self), std::memory_order_relaxed);
  layout::TicketBlock* last = &object_->block;
  for (;;) {
    uint64_t next = 0;
    // SYNC POINT ticket-block: release, pairs with the acquire of ForEach.
    if (last->next.compare_exchange_strong(next, entered.allocation.offset,
                                           std::memory_order_acq_rel, std::memory_order_acquire)) {
      return entered;
    }
    last = BlockAt(next);
  }
}

Entered Condition::Enter(Id self, Allocator allocator) {
  auto& state = object_->head.state;
  const uint32_t sequence = High(state.fetch_add(kOneSequence, std::memory_order_acq_rel));
  Entered entered;
  entered.ticket = Claim(self, sequence);
  if (entered.ticket == nullptr) entered = AddBlock(self, sequence, allocator);
  if (entered.ticket == nullptr) return entered;
  uint64_t before = state.load(std::memory_order_relaxed);
  while (!state.compare_exchange_weak(before, (before + kOneSequence) | kWaiters,
                                      std::memory_order_acq_rel, std::memory_order_relaxed)) {
  }
  return entered;
}

bool Condition::IsTicketOf(Id self, const Ticket* ticket) const {
  const uint64_t word = ticket->word.load(std::memory_order_acquire);
  return StateOf(word) != layout::kTicketFree && IdOf(word) == self;
}

uint32_t Condition::Waiting() const {
  uint32_t count = 0;
  ForEach([&](const Ticket* ticket) {
    const uint64_t word = ticket->word.load(std::memory_order_acquire);
    if (StateOf(word) == kTicketWaiting && segment_.IsAlive(IdOf(word))) ++count;
    return true;
  });
  return count;
}

void Condition::DropWaiters() {
  auto& state = object_->head.state;
  uint64_t seen = state.load(std::memory_order_acquire);
  if ((seen & kWaiters) == 0) return;
  bool somebody_waits = false;
  ForEach([&](Ticket* ticket) {
    somebody_waits = StateOf(ticket->word.load(std::memory_order_acquire)) == kTicketWaiting;
    return !somebody_waits;
  });
  if (somebody_waits) return;
  state.compare_exchange_strong(seen, seen & ~uint64_t{kWaiters}, std::memory_order_acq_rel,
                                std::memory_order_relaxed);
}

bool Condition::Grant(Ticket* ticket, uint64_t word) {
  if (!segment_.IsAlive(IdOf(word))) {
    (void)Swap(ticket, word, 0);
    return false;
  }
  if (!Swap(ticket, word, Join(SequenceOf(word), kTicketGranted, IdOf(word)))) return false;
  // A notifier that is killed here has notified, and the sleeper's bound does the waking. All: a
  // hub thread that was left may be in the queue of this word still.
  WakeAndRing(segment_, PointOf(ticket), os::kWakeAll, &ticket->bell);
  return true;
}

void Condition::GrantOldest(uint32_t count) {
  if (count == 0) return;
  struct Candidate {
    uint32_t age;
    Ticket* ticket;
    uint64_t word;
  };
  std::vector<Candidate> candidates;
  const uint32_t now = High(object_->head.state.load(std::memory_order_acquire));
  ForEach([&](Ticket* ticket) {
    const uint64_t word = ticket->word.load(std::memory_order_acquire);
    if (StateOf(word) == kTicketWaiting) {
      candidates.push_back({now - SequenceOf(word), ticket, word});
    }
    return true;
  });
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.age > b.age; });
  for (const Candidate& candidate : candidates) {
    if (Grant(candidate.ticket, candidate.word) && --count == 0) return;
  }
}

Condition::Tickets Condition::TakeFromDead(Id self) {
  Tickets taken;
  ForEach([&](Ticket* ticket) {
    const uint64_t word = ticket->word.load(std::memory_order_acquire);
    const bool is_lost = StateOf(word) == kTicketGranted && !segment_.IsAlive(IdOf(word));
    if (is_lost && Swap(ticket, word, Join(SequenceOf(word), kTicketGranted, self))) {
      taken.push_back(ticket);
    }
    return true;
  });
  return taken;
}

void Condition::Notify(Id self, uint32_t count) {
  const Tickets taken = TakeFromDead(self);
  const auto more = static_cast<uint32_t>(taken.size());
  GrantOldest(count > UINT32_MAX - more ? UINT32_MAX : count + more);
  for (Ticket* ticket : taken) Free(self, ticket);
  DropWaiters();
}

void Condition::LookForDead(Id self) {
  auto& looked_ns = object_->block.looked_ns;
  const int64_t now_ns = os::MonotonicNs();
  int64_t last_ns = looked_ns.load(std::memory_order_relaxed);
  const bool is_due = now_ns - last_ns >= kLookNs;
  if (!is_due || !looked_ns.compare_exchange_strong(last_ns, now_ns, std::memory_order_relaxed)) {
    return;
  }
  const Tickets taken = TakeFromDead(self);
  GrantOldest(static_cast<uint32_t>(taken.size()));
  for (Ticket* ticket : taken) Free(self, ticket);
}

void Condition::Free(Id self, Ticket* ticket) {
  const uint64_t word = ticket->word.load(std::memory_order_acquire);
  if (IdOf(word) == self) (void)Swap(ticket, word, 0);
}

void Condition::Leave(Id self, Ticket* ticket) {
  Free(self, ticket);
  DropWaiters();
}

void Condition::Abandon(Id self, Ticket* ticket) {
  const uint64_t word = ticket->word.load(std::memory_order_acquire);
  if (IdOf(word) != self) return;
  const bool was_waiting = StateOf(word) == kTicketWaiting && Swap(ticket, word, 0);
  if (!was_waiting) {
    // Granted in the last moment. In this order: killed in between, it is granted twice, not never.
    GrantOldest(1);
    Free(self, ticket);
  }
  DropWaiters();
}

Outcome Condition::Block(Id self, Ticket* ticket, os::Deadline deadline, const StopSign* stop) {
  const auto is_granted = [&] {
    return StateOf(ticket->word.load(std::memory_order_acquire)) != kTicketWaiting;
  };
  if (SpinUntil(spin_budget.pauses(), is_granted)) {
    spin_budget.Succeeded();
    return Outcome::kAcquired;
  }
  spin_budget.Failed();
  ConditionWait wait(*this, ticket);
  return AcquireBlocking(wait, self, deadline, stop);
}

Outcome ConditionWait::Attempt(Id self, Waiter& /*waiter*/) {
  const uint64_t word = ticket_->word.load(std::memory_order_acquire);
  const bool waits = StateOf(word) == kTicketWaiting && IdOf(word) == self;
  return waits ? Outcome::kBusy : Outcome::kAcquired;
}

bool ConditionWait::PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) {
  condition_.LookForDead(self);
  const os::WaitPoint point = condition_.PointOf(ticket_);
  // After the point was read: a grant before that would be what the sleep expects.
  if (Attempt(self, waiter) != Outcome::kBusy) return false;
  plan->Watch(point);
  plan->until_ns = os::MonotonicNs() + kSleepBoundNs;
  return true;
}

BellPlace ConditionWait::bell_place() const {
  return {&condition_.segment(), &ticket_->bell, condition_.PointOf(ticket_).key};
}

}  // namespace mp::sync
