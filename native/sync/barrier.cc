// The barrier; the tables are in the header.
//
// Memory order: every successful compare-and-swap of the state is acq_rel, for what a party did
// before it came must be seen by all after the round. Plain loads are acquire.
#include "sync/barrier.h"

#include "sync/bells.h"
#include "sync/spin.h"

namespace mp::sync {
namespace {

using layout::kActing;
using layout::kBroken;
using layout::kCanAct;
using layout::kFull;
using layout::kIdMask;
using layout::kResetsKept;
using layout::kRoundMask;
using layout::kWaiters;

thread_local SpinBudget spin_budget;

constexpr uint32_t kCountMask = 0xffff;

uint32_t Low(uint64_t state) { return static_cast<uint32_t>(state); }
uint32_t RoundOf(uint64_t state) { return Low(state) & kRoundMask; }
uint32_t ArrivedOf(uint64_t state) { return static_cast<uint32_t>(state >> 32) & kCountMask; }
uint32_t ResetsOf(uint64_t state) { return static_cast<uint32_t>(state >> 48); }
bool Has(uint64_t state, uint32_t flag) { return (Low(state) & flag) != 0; }

uint64_t Join(uint32_t low, uint32_t arrived, uint32_t resets) {
  return uint64_t{resets & kCountMask} << 48 | uint64_t{arrived} << 32 | low;
}
/// The state at the start of the next round.
uint64_t NextRound(uint64_t state, uint32_t resets) {
  return Join((RoundOf(state) + 1) & kRoundMask, 0, resets);
}

uint64_t ArrivalOf(uint32_t round, uint32_t id_and_flag) {
  return uint64_t{round} << 32 | id_and_flag;
}
Id IdOf(uint64_t arrival) { return Low(arrival) & kIdMask; }
bool IsOf(uint64_t arrival, uint32_t round) {
  return IdOf(arrival) != 0 && static_cast<uint32_t>(arrival >> 32) == round;
}

}  // namespace

os::WaitPoint Barrier::LowPoint(uint64_t seen) const {
  // The low half comes first in memory on the little-endian machines that kArchitecture admits.
  return segment_.PointAt(reinterpret_cast<std::atomic<uint32_t>*>(&state()), Low(seen));
}

bool Barrier::Change(uint64_t* seen, uint64_t next) {
  // SYNC POINT barrier-state: acq_rel, pairs with itself: from each party's arrival to each look.
  return state().compare_exchange_weak(*seen, next, std::memory_order_acq_rel,
                                       std::memory_order_acquire);
}

void Barrier::WakeAll(uint64_t before, uint64_t now) {
  if (Has(before, kWaiters))
    WakeAndRing(segment_, LowPoint(now), os::kWakeAll, &barrier_->object.bell);
}

Barrier::Claim Barrier::TryClaim(uint64_t seen, Id self) {
  std::atomic<uint64_t>& arrival = layout::ArrivalsOf(barrier_)[ArrivedOf(seen)];
  uint64_t before = arrival.load(std::memory_order_acquire);
  const uint64_t now = state().load(std::memory_order_acquire);
  if (RoundOf(now) != RoundOf(seen) || ArrivedOf(now) != ArrivedOf(seen)) return Claim::kTooLate;
  if (IsOf(before, RoundOf(seen))) return Claim::kAnothers;
  const uint64_t mine = ArrivalOf(RoundOf(seen), self | (turn_.can_act ? kCanAct : 0));
  // SYNC POINT barrier-arrival: acq_rel, pairs with the loads of whoever counts or looks for the
  // dead: they have seen a state that follows it.
  const bool claimed = arrival.compare_exchange_strong(before, mine, std::memory_order_acq_rel);
  return claimed ? Claim::kMine : Claim::kTooLate;
}

/// Counts the arrival that was claimed in `seen`; nothing when that is not the state any more.
void Barrier::CountIn(uint64_t* seen) {
  const uint64_t before = *seen;
  const uint32_t arrived = ArrivedOf(before) + 1;
  uint64_t next = Join(Low(before), arrived, ResetsOf(before));
  const bool is_last = arrived == parties();
  if (is_last && HasAction()) {
    next = Join((Low(before) & ~kWaiters) | kFull, arrived, ResetsOf(before));
  } else if (is_last) {
    next = NextRound(before, ResetsOf(before));
  }
  // One who is killed here has arrived; with the last one the sleepers' bound does the waking.
  if (Change(seen, next) && is_last) WakeAll(before, next);
}

BarrierResult Barrier::Arrive(Id self) {
  uint64_t seen = state().load(std::memory_order_acquire);
  while (!turn_.is_inside) {
    if (Has(seen, kBroken)) return BarrierResult::kBroken;
    if (Has(seen, kFull)) return BarrierResult::kWaiting;
    const uint32_t round = RoundOf(seen);
    const uint32_t index = ArrivedOf(seen);
    const Claim claim = TryClaim(seen, self);
    // For the one who has claimed it, and may have been killed.
    if (claim == Claim::kAnothers) CountIn(&seen);
    if (claim != Claim::kMine) {
      seen = state().load(std::memory_order_acquire);
      continue;
    }
    turn_.is_inside = true;
    turn_.round = round;
    turn_.index = index;
    turn_.resets = ResetsOf(seen);
    // Others count too: until somebody has.
    const auto uncounted = [&] {
      return RoundOf(seen) == round && ArrivedOf(seen) == index && !Has(seen, kBroken);
    };
    while (uncounted()) CountIn(&seen);
  }
  if (turn_.index + 1 == parties() && HasAction() && !SomebodyCanAct() && Break(turn_.round)) {
    return BarrierResult::kNoActor;
  }
  return Look();
}

bool Barrier::SomebodyCanAct() const {
  for (uint32_t i = 0; i < parties(); ++i) {
    const uint64_t arrival = layout::ArrivalsOf(barrier_)[i].load(std::memory_order_acquire);
    if (Has(arrival, kCanAct)) return true;
  }
  return false;
}

BarrierResult Barrier::OutcomeOfOver(uint64_t seen) const {
  const std::atomic<uint32_t>& note = barrier_->resets[turn_.resets % kResetsKept];
  const uint32_t ended = note.load(std::memory_order_acquire);
  // Looked at after the note, so that the note was not overwritten when it was read.
  seen = state().load(std::memory_order_acquire);
  const uint32_t since = (ResetsOf(seen) - turn_.resets) & kCountMask;
  if (since == 0) return BarrierResult::kPassed;
  if (since >= kResetsKept) return BarrierResult::kBroken;
  return ended == turn_.round ? BarrierResult::kBroken : BarrierResult::kPassed;
}

BarrierResult Barrier::Look() {
  uint64_t seen = state().load(std::memory_order_acquire);
  for (;;) {
    if (RoundOf(seen) != turn_.round) return OutcomeOfOver(seen);
    if (Has(seen, kBroken)) return BarrierResult::kBroken;
    if (!Has(seen, kFull) || Has(seen, kActing) || !turn_.can_act) return BarrierResult::kWaiting;
    if (Change(&seen, seen | kActing)) return BarrierResult::kAct;
  }
}

bool Barrier::IsWorthALook(uint64_t seen) const {
  if (Has(seen, kBroken)) return true;
  if (!turn_.is_inside) return !Has(seen, kFull);
  return RoundOf(seen) != turn_.round || (Has(seen, kFull) && !Has(seen, kActing) && turn_.can_act);
}

Outcome Barrier::Attempt(Id /*self*/, Waiter& /*waiter*/) {
  const uint64_t seen = state().load(std::memory_order_acquire);
  return IsWorthALook(seen) ? Outcome::kAcquired : Outcome::kBusy;
}

bool Barrier::HasDeadParty(uint64_t seen) const {
  // One more than are counted: the last one may have been killed between its two steps.
  const uint32_t claimed = ArrivedOf(seen) + 1 < parties() ? ArrivedOf(seen) + 1 : parties();
  for (uint32_t i = 0; i < claimed; ++i) {
    const uint64_t arrival = layout::ArrivalsOf(barrier_)[i].load(std::memory_order_acquire);
    if (IsOf(arrival, RoundOf(seen)) && !segment_.IsAlive(IdOf(arrival))) return true;
  }
  return false;
}

/// False when that one has ended.
bool Barrier::WatchOneBefore(SleepPlan* plan) const {
  if (!turn_.is_inside || turn_.index == 0) return true;
  const uint64_t arrival =
      layout::ArrivalsOf(barrier_)[turn_.index - 1].load(std::memory_order_acquire);
  os::WaitPoint death;
  // If the round is over, its successor may have put another there.
  if (IsOf(arrival, turn_.round) && !segment_.ArmDeathNotice(IdOf(arrival), &death)) return false;
  plan->Watch(death);
  return true;
}

bool Barrier::PrepareSleep(Id /*self*/, Waiter& waiter, SleepPlan* plan) {
  uint64_t seen = state().load(std::memory_order_acquire);
  for (;;) {
    if (IsWorthALook(seen)) return false;
    SleepPlan fresh;
    fresh.Watch(LowPoint(seen | kWaiters));
    fresh.until_ns = os::MonotonicNs() + kSleepBoundNs;
    // The first sleep is short, when all goes well: it looks for nobody.
    if (waiter.has_slept() && (HasDeadParty(seen) || !WatchOneBefore(&fresh))) {
      Break(RoundOf(seen));
      return false;
    }
    if (!Has(seen, kWaiters) && !Change(&seen, seen | kWaiters)) continue;
    *plan = fresh;
    return true;
  }
}

BellPlace Barrier::bell_place() const {
  return {&segment_, &barrier_->object.bell, LowPoint(0).key};
}

BarrierResult Barrier::Complete(uint32_t round) {
  uint64_t seen = state().load(std::memory_order_acquire);
  for (;;) {
    if (RoundOf(seen) != round || !Has(seen, kActing) || Has(seen, kBroken)) {
      return BarrierResult::kBroken;
    }
    const uint64_t before = seen;
    const uint64_t next = NextRound(seen, ResetsOf(seen));
    if (!Change(&seen, next)) continue;
    WakeAll(before, next);
    return BarrierResult::kPassed;
  }
}

bool Barrier::Break(uint32_t round) {
  uint64_t seen = state().load(std::memory_order_acquire);
  for (;;) {
    if (RoundOf(seen) != round || Has(seen, kBroken)) return false;
    const uint64_t before = seen;
    const uint64_t broken = (seen & ~uint64_t{kWaiters}) | kBroken;
    if (!Change(&seen, broken)) continue;
    WakeAll(before, broken);
    return true;
  }
}

void Barrier::Abort() {
  uint64_t seen = state().load(std::memory_order_acquire);
  while (!Has(seen, kBroken) && !Break(RoundOf(seen))) {
    seen = state().load(std::memory_order_acquire);
  }
}

void Barrier::Reset() {
  uint64_t seen = state().load(std::memory_order_acquire);
  for (;;) {
    if (!Has(seen, kBroken)) {
      if (ArrivedOf(seen) == 0) return;
      Break(RoundOf(seen));
      seen = state().load(std::memory_order_acquire);
      continue;
    }
    // One who is killed here leaves the barrier broken.
    std::atomic<uint32_t>& note = barrier_->resets[ResetsOf(seen) % kResetsKept];
    uint32_t earlier = note.load(std::memory_order_acquire);
    // Read again: an earlier reset's note is overwritten by this one's only.
    const uint64_t again = state().load(std::memory_order_acquire);
    if (again != seen) {
      seen = again;
      continue;
    }
    note.compare_exchange_strong(earlier, RoundOf(seen), std::memory_order_acq_rel);
    if (Change(&seen, NextRound(seen, ResetsOf(seen) + 1))) return;
  }
}

/// A wait that is over before the round is: what it waits for, inside or outside, breaks.
void Barrier::BreakAnyhow() {
  Break(turn_.is_inside ? turn_.round : RoundOf(state().load(std::memory_order_acquire)));
}

BarrierResult Barrier::Wait(Id self, os::Deadline deadline, const StopSign* stop) {
  for (;;) {
    const BarrierResult result = turn_.is_inside ? Look() : Arrive(self);
    if (result != BarrierResult::kWaiting) return result;
    const auto over = [&] { return IsWorthALook(state().load(std::memory_order_acquire)); };
    if (SpinUntil(deadline.IsPast() ? 0 : spin_budget.pauses(), over)) {
      spin_budget.Succeeded();
      continue;
    }
    spin_budget.Failed();
    if (AcquireBlocking(*this, self, deadline, stop) == Outcome::kAcquired) continue;
    BreakAnyhow();
    const BarrierResult last = turn_.is_inside ? Look() : BarrierResult::kBroken;
    return last == BarrierResult::kWaiting ? BarrierResult::kBroken : last;
  }
}

}  // namespace mp::sync
