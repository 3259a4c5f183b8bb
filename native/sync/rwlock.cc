// The reader-writer lock; the tables are in the header.
//
// SYNC POINT rwlock: the adds to cells, the loads of the lock by readers, and the loads of cells by
// writers are seq_cst. So is a change of nothing after a writer has reserved the lock, whose own
// compare-and-swap is not.
#include "sync/rwlock.h"

#include "sync/bells.h"

namespace mp::sync {
namespace {

using layout::kIdMask;

Id ReaderOf(uint64_t cell) { return static_cast<uint32_t>(cell >> 32); }
uint32_t HoldsOf(uint64_t cell) { return static_cast<uint32_t>(cell); }
uint64_t CellFor(Id id) { return uint64_t{id} << 32; }

constexpr uint32_t kCellsPerLine = 8;

/// The first cells to be claimed lie on cache lines of their own.
uint32_t Spread(uint32_t order, uint32_t cells) {
  const uint32_t lines = cells / kCellsPerLine;
  if (lines == 0 || order >= lines * kCellsPerLine) return order;
  return order % lines * kCellsPerLine + order / lines;
}

}  // namespace

std::atomic<uint64_t>* RWLockBody::CellOf(Id self) {
  std::atomic<uint64_t>* cells = layout::CellsOf(body_);
  const uint32_t count = body_->object.maximum;
  const uint32_t claimed = body_->claimed.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < count && i < claimed; ++i) {
    if (ReaderOf(cells[Spread(i, count)].load(std::memory_order_acquire)) == self) {
      return &cells[Spread(i, count)];
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    std::atomic<uint64_t>* cell = &cells[Spread(i, count)];
    uint64_t seen = cell->load(std::memory_order_acquire);
    if (seen != 0 && segment_.IsAlive(ReaderOf(seen))) continue;
    // Writers look at it from now on: one who is killed here has an idle cell.
    uint32_t before = body_->claimed.load(std::memory_order_acquire);
    while (before < i + 1 && !body_->claimed.compare_exchange_weak(before, i + 1)) {
    }
    if (!cell->compare_exchange_strong(seen, CellFor(self))) continue;
    if (HoldsOf(seen) > 0) Nudge();  // the dead one's holds went with it
    return cell;
  }
  return nullptr;
}

uint32_t RWLockBody::Readers() const {
  uint32_t holds = 0;
  const uint32_t count = body_->object.maximum;
  for (uint32_t i = 0; i < count && i < body_->claimed.load(std::memory_order_acquire); ++i) {
    const uint64_t cell = layout::CellsOf(body_)[Spread(i, count)].load(std::memory_order_acquire);
    if (HoldsOf(cell) > 0 && segment_.IsAlive(ReaderOf(cell))) holds += HoldsOf(cell);
  }
  return holds;
}

bool RWLockBody::IsAbandoned() const {
  return lock_.IsAbandoned() || body_->torn.load(std::memory_order_acquire) != 0;
}

os::WaitPoint RWLockBody::LowPoint(uint32_t low) const {
  // The low half comes first in memory on the little-endian machines that kArchitecture admits.
  return segment_.PointAt(reinterpret_cast<std::atomic<uint32_t>*>(&state()), low);
}

void RWLockBody::Nudge() {
  const uint32_t next = body_->drain.fetch_add(1) + 1;
  // The loops know this object by the key of its state.
  const Id id = body_->drain_bell.exchange(0, std::memory_order_acq_rel);
  if (id != 0) Ring(segment_, id, LowPoint(0).key);
  os::Wake(DrainPoint(next), os::kWakeAll);
}

void RWLockBody::GiveBack() {
  // Whoever is killed between the two is found as a dead owner.
  if (lock_.IsAbandoned()) body_->torn.store(1, std::memory_order_release);
  lock_.Release();
}

bool ReadLock::Nest() {
  // Its own thread alone counts in it.
  if (HoldsOf(cell_->load(std::memory_order_relaxed)) == 0) return false;
  cell_->fetch_add(1);
  return true;
}

bool ReadLock::CountIfFree() {
  // Not first a look at the lock: the add must come before it.
  const bool reads = HoldsOf(cell_->fetch_add(1)) > 0;
  // A further hold is not judged by the lock once it is counted; Attempt looks before.
  if (reads || (static_cast<uint32_t>(state().load()) & kIdMask) == 0) return true;
  cell_->fetch_sub(1);
  Nudge();
  return false;
}

Outcome ReadLock::Attempt(Id self, Waiter& waiter) {
  const bool is_free = (static_cast<uint32_t>(state().load()) & kIdMask) == 0;
  if (!is_free || !CountIfFree()) {
    const Outcome outcome = lock_.Attempt(self, waiter);
    if (outcome != Outcome::kAcquired) return outcome;
    cell_->fetch_add(1);
    GiveBack();
  }
  // All who wait to read come too; a writer among them reserves the lock and waits for us.
  if (waiter.has_slept()) {
    WakeAndRing(segment_, LowPoint(0), os::kWakeAll, lock_.bell_place().bell);
  }
  return Outcome::kAcquired;
}

Outcome ReadLock::TryAcquire(Id self) {
  Waiter waiter(os::MonotonicNs());
  if (Nest()) return Outcome::kAcquired;
  const Outcome outcome = Attempt(self, waiter);
  return outcome == Outcome::kAcquired ? outcome : Outcome::kBusy;
}

Outcome ReadLock::Acquire(Id self, os::Deadline deadline, const StopSign* stop) {
  return Nest() ? Outcome::kAcquired : AcquireBlocking(*this, self, deadline, stop);
}

Outcome ReadLock::Release() {
  if (HoldsOf(cell_->load(std::memory_order_relaxed)) == 0) return Outcome::kNotOwner;
  cell_->fetch_sub(1);
  if (static_cast<uint32_t>(state().load()) != 0) Nudge();
  return Outcome::kReleased;
}

Outcome WriteLock::Drain(Id self, Id* reader) {
  const uint32_t count = body_->object.maximum;
  const uint32_t claimed = body_->claimed.load();
  for (uint32_t i = 0; i < count && i < claimed; ++i) {
    std::atomic<uint64_t>& cell = layout::CellsOf(body_)[Spread(i, count)];
    uint64_t seen = cell.load();
    if (HoldsOf(seen) == 0) continue;
    if (ReaderOf(seen) == self) return Outcome::kDeadlock;
    // A dead reader's holds are taken back.
    if (!segment_.IsAlive(ReaderOf(seen)) && cell.compare_exchange_strong(seen, 0)) continue;
    *reader = ReaderOf(seen);
    return Outcome::kBusy;
  }
  return Outcome::kAcquired;
}

Outcome WriteLock::Attempt(Id self, Waiter& waiter) {
  if (!is_reserved_) {
    const Outcome outcome = lock_.Attempt(self, waiter);
    if (outcome != Outcome::kAcquired) return outcome;
    is_reserved_ = true;
  }
  state().fetch_or(0);
  Id reader = 0;
  const Outcome outcome = Drain(self, &reader);
  if (outcome == Outcome::kAcquired) {
    is_reserved_ = false;
    body_->writer.store(self, std::memory_order_release);
  }
  return outcome;
}

bool WriteLock::PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) {
  if (!is_reserved_) return lock_.PrepareSleep(self, waiter, plan);
  const uint32_t drain = body_->drain.load();
  Id reader = 0;
  const Outcome outcome = Drain(self, &reader);
  if (outcome == Outcome::kAcquired) return false;
  os::WaitPoint death;
  const bool is_other = outcome == Outcome::kBusy;
  if (is_other && !segment_.ArmDeathNotice(reader, &death)) return false;
  plan->Watch(DrainPoint(drain));
  plan->until_ns = os::MonotonicNs() + kSleepBoundNs;
  plan->Watch(death);
  return true;
}

void WriteLock::Withdraw(Id self) {
  if (!is_reserved_) {
    lock_.Withdraw(self);
    return;
  }
  is_reserved_ = false;
  GiveBack();
}

BellPlace WriteLock::bell_place() const {
  BellPlace place = lock_.bell_place();
  if (is_reserved_) place.bell = &body_->drain_bell;
  return place;
}

Outcome WriteLock::TryAcquire(Id self) {
  Waiter waiter(os::MonotonicNs());
  const Outcome outcome = Attempt(self, waiter);
  if (outcome == Outcome::kAcquired) return outcome;
  if (is_reserved_) Withdraw(self);
  return Outcome::kBusy;
}

Outcome WriteLock::Acquire(Id self, os::Deadline deadline, const StopSign* stop) {
  const Outcome outcome = AcquireBlocking(*this, self, deadline, stop);
  // Its own reading: refused, and nothing is kept.
  if (outcome == Outcome::kDeadlock && is_reserved_) Withdraw(self);
  return outcome;
}

Outcome WriteLock::Release(Id self) {
  if (!lock_.IsOwnedBy(self) || body_->writer.load(std::memory_order_relaxed) != self) {
    return Outcome::kNotOwner;
  }
  body_->writer.store(0, std::memory_order_relaxed);
  // Another has been inside: what was torn is its affair. Killed here, it counts as inside still.
  body_->torn.store(0, std::memory_order_release);
  return lock_.Release();
}

}  // namespace mp::sync
