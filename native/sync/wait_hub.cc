// The hub: which entry is watched how, and by which thread. The states are in the header.
#include "sync/wait_hub.h"

#include <utility>

#include "os/process.h"
#include "sync/bells.h"
#include "sync/wait_group.h"

namespace mp::sync {
namespace {

enum class Armed { kByBell, kByWord, kTryNow };

bool CanBeRung(const Segment& segment, Id self) {
  const layout::Slot* slot = segment.SlotOfLiving(self);
  return slot != nullptr && slot->bell.load(std::memory_order_acquire) != 0;
}

/// Step 1 of sync/bells.h.
bool ClaimBell(const BellPlace& place, Id self) {
  uint32_t holder = place.bell->load(std::memory_order_acquire);
  while (holder != self) {
    if (holder != 0 && place.segment->IsAlive(holder)) return false;
    // SYNC POINT bell: acq_rel, pairs with the waker's exchange.
    if (place.bell->compare_exchange_weak(holder, self, std::memory_order_acq_rel)) break;
  }
  return true;
}

Armed Arm(HubEntry* entry) {
  const BellPlace place = entry->object->bell_place();
  for (;;) {
    const bool claimed = place.bell != nullptr && CanBeRung(*place.segment, entry->self) &&
                         ClaimBell(place, entry->self);
    SleepPlan plan;
    if (!entry->object->PrepareSleep(entry->self, entry->waiter, &plan)) return Armed::kTryNow;
    entry->waiter.MarkSlept();  // it will: others may have slept before it does
    if (!claimed) return Armed::kByWord;
    // Step 3 of sync/bells.h.
    if (place.bell->load(std::memory_order_acquire) == entry->self) return Armed::kByBell;
  }
}

}  // namespace

HubEntry::HubEntry(std::unique_ptr<Awaitable> object_in, Id self_in, HubSink* sink_in,
                   uint64_t ticket_in)
    : object(std::move(object_in)),
      self(self_in),
      sink(sink_in),
      ticket(ticket_in),
      waiter(os::MonotonicNs()) {}

namespace {

WaitHub*& TheHub() {
  static auto* hub = new WaitHub();  // never destroyed: its threads use it to the very end
  return hub;
}

}  // namespace

WaitHub& WaitHub::Instance() { return *TheHub(); }

// The parent's stays in memory: its lock may be held by a thread that this process never had.
// NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
void WaitHub::ResetAfterFork() { TheHub() = new WaitHub(); }

os::Status WaitHub::Place(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (WaitGroup* group : groups_) {
    if (group->by_bell() == entry->by_bell && group->TryAdd(entry)) return {};
  }
  auto group = std::make_unique<WaitGroup>(entry->by_bell);
  if (os::Status status = os::StartThread(&WaitGroup::Run, group.get()); !status.ok()) {
    return status;
  }
  (void)group->TryAdd(entry);
  groups_.push_back(group.release());  // lives as long as its thread: for ever
  return {};
}

os::Status WaitHub::Watch(HubEntry* entry, bool* try_now) {
  const Armed armed = Arm(entry);
  entry->by_bell = armed != Armed::kByWord;
  *try_now = armed == Armed::kTryNow;
  entry->state = *try_now ? HubEntry::State::kPassedOn : HubEntry::State::kWatching;
  return Place(entry);
}

bool WaitHub::Rearm(HubEntry* entry) {
  Armed armed;
  {
    const std::lock_guard<std::mutex> guard(entry->group->mutex);
    armed = Arm(entry);
    // The loop itself tries next: until then there is nothing for the hub to tell it.
    if (armed == Armed::kTryNow) entry->state = HubEntry::State::kPassedOn;
  }
  if (armed == Armed::kTryNow) return false;
  const bool by_bell = armed == Armed::kByBell;
  if (by_bell == entry->by_bell) {
    entry->group->Watch(entry);
    return true;
  }
  WaitGroup* before = entry->group;
  before->Remove(entry);
  entry->by_bell = by_bell;
  entry->state = HubEntry::State::kWatching;
  // When no thread can be had, the one that it had looks at the bound of its sleeps.
  if (!Place(entry).ok()) before->Add(entry);
  return true;
}

Outcome WaitHub::Attempt(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(entry->group->mutex);
  const Outcome outcome = entry->object->Attempt(entry->self, entry->waiter);
  // Until the loop says that somebody else waits, the hub must not ask for a hand-off again: it
  // would be granted to nobody.
  if (outcome == Outcome::kAcquired) entry->state = HubEntry::State::kPassedOn;
  return outcome;
}

void WaitHub::Cancel(HubEntry* entry, bool withdraw, bool keep_bell) {
  entry->group->Remove(entry);
  const BellPlace place = entry->object->bell_place();
  uint32_t mine = entry->self;
  if (!keep_bell && place.bell != nullptr) place.bell->compare_exchange_strong(mine, 0);
  if (withdraw) entry->object->Withdraw(entry->self);
}

size_t WaitHub::ThreadCount() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return groups_.size();
}

}  // namespace mp::sync
