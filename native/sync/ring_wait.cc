// Attempt, announce, sleep for a side of a ring, and who is woken; the tables are in the headers.
#include "sync/ring_wait.h"

#include <initializer_list>

#include "os/clock.h"
#include "os/cpu.h"
#include "sync/bells.h"
#include "sync/pace.h"
#include "sync/references.h"
#include "sync/ring_marks.h"
#include "sync/spin.h"

namespace mp::sync {
namespace {

thread_local SpinBudget spin_budget;
thread_local Pace pace;

/// How long a putter waits for getters before it takes more memory: longer than one that is ready
/// to run waits for a processor.
constexpr int64_t kPatienceNs = 10'000'000;

/// Lets messages gather, without a look at where they come to.
void Gather(const MessageRing& ring) {
  const int64_t until_ns = os::MonotonicNs() + Pace::kGatherNs;
  do {
    for (int i = 0; i < 8; ++i) os::Pause();
  } while (os::MonotonicNs() < until_ns);
  pace.Gathered(ring.Count());
}

/// Blocks until the wait is over: spins as long as that has paid off, then sleeps. `looks`: how
/// often it looked while it was awake.
RingResult Begin(RingWait& wait, Id self, os::Deadline deadline, const StopSign* stop,
                 uint32_t* looks) {
  Waiter first(os::MonotonicNs());
  Outcome outcome = wait.Attempt(self, first);
  if (outcome == Outcome::kAcquired) return wait.result();
  // Nothing was announced so far, so there is nothing to withdraw.
  if (deadline.IsPast()) return RingResult::kBusy;
  const auto done = [&] {
    ++*looks;
    if (!wait.IsReady()) return false;
    outcome = wait.Attempt(self, first);
    return outcome == Outcome::kAcquired;
  };
  if (SpinUntil(spin_budget.pauses(), done)) {
    spin_budget.Succeeded();
    return wait.result();
  }
  spin_budget.Failed();
  outcome = AcquireBlocking(wait, self, deadline, stop);
  return outcome == Outcome::kAcquired ? wait.result() : RingResult::kBusy;
}

/// Never makes a flag older: whom it stands for would not be woken.
void AnnounceAt(std::atomic<uint32_t>* flag, uint32_t mine) {
  uint32_t before = flag->load(std::memory_order_seq_cst);
  // SYNC POINT ring-sleep: seq_cst, before the loads of the mark that decide.
  while (before == 0 || Ahead(mine, before) > 0) {
    if (flag->compare_exchange_weak(before, mine, std::memory_order_seq_cst)) return;
  }
}

/// Whether somebody is to be woken, who announced something older than would be announced `now`.
/// Clears the flag then.
template <typename Now>
bool TakeAnnounced(std::atomic<uint32_t>* flag, Now now) {
  // SYNC POINT ring-sleep: seq_cst, after the store of the mark.
  uint32_t seen = flag->load(std::memory_order_seq_cst);
  while (seen != 0 && Ahead(now(), seen) > 0) {
    if (flag->compare_exchange_weak(seen, 0, std::memory_order_seq_cst)) return true;
  }
  return false;
}

}  // namespace

RingWait::RingWait(const MessageRing& ring, const RingSide& side, const Segment& segment)
    : ring_(ring),
      side_(side),
      segment_(segment),
      lock_(ring.LockOf(side)),
      lock_waiter_(os::MonotonicNs()) {}

bool RingWait::IsReady() const {
  return static_cast<uint32_t>(side_.lock->load(std::memory_order_relaxed)) == 0 && IsWorthATry();
}

Outcome RingWait::Attempt(Id self, Waiter& waiter) {
  const Outcome taken = lock_.Attempt(self, lock_waiter_);
  if (taken != Outcome::kAcquired) return taken;
  if (lock_.IsAbandoned()) Mend(self);
  result_ = Look(self);
  Id unused = 0;
  if (result_ == RingResult::kBusy && !ring_.SeesFarEnd(side_, self, &unused)) {
    ring_.Settle(side_, self);
    result_ = Look(self);
  }
  if (result_ == RingResult::kBusy) {
    lock_.Release();
    return Outcome::kBusy;
  }
  if (waiter.has_slept()) {
    // Others may sleep as I have: the wake that brought me here was for one only.
    (void)ring_.Announce(side_);
    if (IsMoreLeft()) ring_.WakeOne(side_);
  }
  return Outcome::kAcquired;
}

bool RingWait::PrepareSleep(Id self, Waiter& /*waiter*/, SleepPlan* plan) {
  const auto owner = static_cast<uint32_t>(side_.lock->load(std::memory_order_acquire));
  if ((owner & layout::kIdMask) != 0) {
    if (!lock_.PrepareSleep(self, lock_waiter_, plan)) return false;
    lock_waiter_.MarkSlept();
    slept_for_lock_ = true;
    return true;
  }
  const uint64_t seen = ring_.Announce(side_);
  os::WaitPoint other = ring_.StatePoint();
  if (IsWorthATry()) return false;
  // Of a pipe it is not the state that matters most, but whether somebody is at the far end.
  Id holder = 0;
  if (!ring_.SeesFarEnd(side_, self, &holder)) return false;
  if (holder != 0 && !segment_.ArmDeathNotice(holder, &other)) return false;
  plan->Watch(ring_.PositionPoint(side_, seen));
  plan->Watch(other);
  plan->until_ns = os::MonotonicNs() + kSleepBoundNs;
  return true;
}

void RingWait::Withdraw(Id self) {
  if (slept_for_lock_) lock_.Withdraw(self);
  (void)ring_.Announce(side_);
  if (IsWorthATry() || IsMoreLeft()) ring_.WakeOne(side_);
}

BellPlace RingWait::bell_place() const {
  return {&segment_, side_.bell, ring_.PositionPoint(side_, 0).key};
}

/// Of another one that does not wait for getters, too.
bool PutWait::IsMoreLeft() const { return ring_.MayHaveRoom(bytes_, Growth::kAtOnce); }

bool GetWait::IsMoreLeft() const { return ring_.Count() > 1; }

Outcome JoinWait::Attempt(Id /*self*/, Waiter& /*waiter*/) {
  return ring_.Unfinished() == 0 ? Outcome::kAcquired : Outcome::kBusy;
}

bool JoinWait::PrepareSleep(Id /*self*/, Waiter& /*waiter*/, SleepPlan* plan) {
  const os::WaitPoint point = ring_.AnnounceJoiner();
  if (ring_.Unfinished() == 0) return false;
  plan->Watch(point);
  plan->until_ns = os::MonotonicNs() + kSleepBoundNs;
  return true;
}

BellPlace JoinWait::bell_place() const {
  return {&segment_, ring_.join_bell(), ring_.DonePoint(0).key};
}

RingResult MessageRing::BeginPut(Id self, uint32_t bytes, os::Deadline deadline,
                                 const StopSign* stop) {
  uint32_t looks = 0;
  if (!deadline.IsPast()) {
    const os::Deadline patience = deadline.OrEarlier(os::MonotonicNs() + kPatienceNs);
    PutWait patient(*this, segment_, bytes, Growth::kLater);
    const RingResult result = Begin(patient, self, patience, stop, &looks);
    if (result != RingResult::kBusy || (stop != nullptr && stop->IsUp())) return result;
  }
  PutWait wait(*this, segment_, bytes);
  return Begin(wait, self, deadline, stop, &looks);
}

RingResult MessageRing::BeginGet(Id self, os::Deadline deadline, const StopSign* stop,
                                 bool discarded) {
  GetWait wait(*this, segment_, discarded);
  const bool may_wait = !deadline.IsPast();
  if (may_wait && pace.IsStream() && os::AvailableCpus() > 1 && !wait.IsReady()) Gather(*this);
  uint32_t looks = 0;
  const RingResult result = Begin(wait, self, deadline, stop, &looks);
  if (may_wait) pace.CameAfter(looks);
  return result;
}

bool MessageRing::Join(Id self, os::Deadline deadline, const StopSign* stop) {
  JoinWait wait(*this, segment_);
  return AcquireBlocking(wait, self, deadline, stop) == Outcome::kAcquired;
}

uint32_t MessageRing::Count() const {
  for (;;) {
    const uint64_t head = ring_->head.load(std::memory_order_seq_cst);
    const uint64_t tail = ring_->tail.load(std::memory_order_seq_cst);
    if (head == ring_->head.load(std::memory_order_seq_cst)) return ItemsOf(tail) - ItemsOf(head);
  }
}

void MessageRing::ShutDown(Id self, bool discard) {
  Lock lock = LockOf(put_side());
  (void)lock.Acquire(self, os::Deadline::Never());
  if (lock.IsAbandoned()) MendPut(self);
  ring_->state.fetch_or(layout::kShutDown | (discard ? layout::kDiscarded : 0));
  lock.Release();
  WakeBothSides();
}

void MessageRing::Close() {
  ring_->state.fetch_or(layout::kShutDown);
  WakeBothSides();
}

void MessageRing::WakeBothSides() const {
  for (const RingSide& side : {put_side(), get_side()}) {
    side.wait->store(0, std::memory_order_seq_cst);
    WakeAndRing(segment_, PositionPoint(side, 0), os::kWakeAll, side.bell);
  }
  os::Wake(StatePoint(), os::kWakeAll);
}

bool MessageRing::SeesFarEnd(const RingSide& side, Id self, Id* holder) const {
  if (side.far_end.granule == 0) return true;
  const uint64_t offset = uint64_t{side.far_end.granule} * layout::kGranule;
  const auto* end = reinterpret_cast<const layout::SyncObject*>(segment_.base() + offset);
  bool is_held = false;
  *holder = 0;
  // Without the allocator's lock these may be another object's by now; then the ring is shut down.
  ForEachReference(segment_, *end, [&](Entry entry) {
    const Id id = ThreadOf(entry);
    if (IsInRing(entry) || !segment_.IsAlive(id)) return false;
    is_held = true;
    if (id != self) *holder = id;
    return *holder != 0;
  });
  return is_held;
}

void MessageRing::Settle(const RingSide& side, Id self) {
  const uint64_t offset = uint64_t{side.far_end.granule} * layout::kGranule;
  const auto kind = static_cast<uint32_t>(layout::ObjectKind::kPipeEnd);
  (void)References(allocator_).HasHolder(self, {offset, kind, side.far_end.serial});
}

uint32_t MessageRing::Unfinished() const {
  const uint32_t done = ring_->done.load(std::memory_order_seq_cst);
  return ItemsOf(ring_->tail.load(std::memory_order_seq_cst)) - done;
}

bool MessageRing::TaskDone() {
  uint32_t done = ring_->done.load(std::memory_order_acquire);
  for (;;) {
    const uint32_t put = ItemsOf(ring_->tail.load(std::memory_order_seq_cst));
    if (put == done) return false;
    // SYNC POINT ring-done: acq_rel, what was done before is seen by joiners.
    if (ring_->done.compare_exchange_weak(done, done + 1, std::memory_order_seq_cst)) break;
  }
  const auto now = [this] { return AnnouncedCount(ring_->done.load(std::memory_order_seq_cst)); };
  if (Unfinished() == 0 && TakeAnnounced(&ring_->joiners_wait, now)) {
    WakeAndRing(segment_, DonePoint(0), os::kWakeAll, &ring_->join_bell);
  }
  return true;
}

uint64_t MessageRing::Announce(const RingSide& side) const {
  const uint64_t seen = side.other_mark->load(std::memory_order_seq_cst);
  AnnounceAt(side.wait, AnnouncedMark(seen));
  return seen;
}

os::WaitPoint MessageRing::AnnounceJoiner() const {
  const uint32_t seen = ring_->done.load(std::memory_order_seq_cst);
  AnnounceAt(&ring_->joiners_wait, AnnouncedCount(seen));
  return DonePoint(seen);
}

/// The key is that of the side's lock, whose bell it shares.
os::WaitPoint MessageRing::PositionPoint(const RingSide& side, uint64_t seen) const {
  // The position comes first in memory on the little-endian machines that kArchitecture admits.
  auto* position = reinterpret_cast<std::atomic<uint32_t>*>(side.other_mark);
  auto* lock = reinterpret_cast<std::atomic<uint32_t>*>(side.lock);
  os::WaitPoint point = segment_.PointAt(position, PositionOf(seen));
  point.key = segment_.PointAt(lock, 0).key;
  return point;
}

os::WaitPoint MessageRing::DonePoint(uint32_t seen) const {
  return segment_.PointAt(&ring_->done, seen);
}

os::WaitPoint MessageRing::StatePoint() const {
  return segment_.PointAt(reinterpret_cast<std::atomic<uint32_t>*>(&ring_->state), Flags());
}

void MessageRing::WakeOne(const RingSide& side) const {
  WakeAndRing(segment_, PositionPoint(side, 0), 1, side.bell);
}

void MessageRing::WakeIfAnnounced(const RingSide& side) const {
  const auto now = [&] { return AnnouncedMark(side.other_mark->load(std::memory_order_seq_cst)); };
  if (TakeAnnounced(side.wait, now)) WakeOne(side);
}

void MessageRing::FinishPut(Id self) {
  Lock lock = LockOf(put_side());
  if (lock.IsOwnedBy(self)) lock.Release();
  WakeIfAnnounced(get_side());
}

void MessageRing::FinishGet(Id self) {
  Lock lock = LockOf(get_side());
  if (lock.IsOwnedBy(self)) lock.Release();
  WakeIfAnnounced(put_side());
}

}  // namespace mp::sync
