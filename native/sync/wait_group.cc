// One hub thread; see sync/wait_hub.h.
#include "sync/wait_group.h"

#include <algorithm>
#include <bitset>

namespace mp::sync {
namespace {

constexpr size_t kMaxPoints = 127;
constexpr size_t kMaxWordEntries = kMaxPoints / kMaxPlanPoints;
constexpr size_t kMaxBellEntries = 1000;

/// A ringer took the id out of the bell, and perhaps died before it rang.
bool HasLostBell(const HubEntry* entry) {
  const BellPlace place = entry->object->bell_place();
  // SYNC POINT bell: acquire, pairs with the waker's exchange.
  return place.bell->load(std::memory_order_acquire) != entry->self;
}

}  // namespace

/// What the thread sleeps on next.
struct WaitGroup::Batch {
  os::WaitPoint points[kMaxPoints];
  std::bitset<kMaxPoints> deaths;  // which of the points are
  size_t count = 0;
  int64_t until_ns = os::Deadline::Never().ns;

  void Add(const os::WaitPoint& point) {
    if (count < kMaxPoints) points[count++] = point;
  }
  void AddDeath(const os::WaitPoint& point) {
    if (count < kMaxPoints) deaths.set(count);
    Add(point);
  }
  /// Many objects have the same owner.
  void AddDeathOnce(const os::WaitPoint& point) {
    const auto same = [&](const os::WaitPoint& other) { return other.word == point.word; };
    if (std::none_of(points, points + count, same)) AddDeath(point);
  }
  void PassDeathsOn() const {
    for (size_t i = 0; i < count; ++i) {
      if (deaths.test(i)) PassDeathOn(points[i]);
    }
  }
};

size_t WaitGroup::Capacity() const {
  if (by_bell_) return kMaxBellEntries;
  return os::WaitCapacity() > kMaxPlanPoints ? kMaxWordEntries : 1;
}

bool WaitGroup::TryAdd(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(mutex);
  if (entries_.size() >= Capacity()) return false;
  AddLocked(entry);
  return true;
}

void WaitGroup::Add(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(mutex);
  AddLocked(entry);
}

void WaitGroup::AddLocked(HubEntry* entry) {
  entries_.push_back(entry);
  entry->group = this;
  PokeFor(entry);
}

void WaitGroup::Remove(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(mutex);
  const auto found = std::find(entries_.begin(), entries_.end(), entry);
  *found = entries_.back();
  entries_.pop_back();
  entry->group = nullptr;
  // Whatever its state: the thread may not have left the word's queue yet.
  if (by_bell_ || entry->slept_on.word == nullptr) return;
  left_points_.push_back(entry->slept_on);
  Poke();
}

void WaitGroup::Watch(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(mutex);
  entry->state = HubEntry::State::kWatching;
  PokeFor(entry);
}

void WaitGroup::Poke() {
  // SYNC POINT hub-control: release, by the thread's load in Collect.
  control_.fetch_add(1, std::memory_order_release);
  os::Wake(ControlPoint(0), 1);
}

void WaitGroup::PokeFor(HubEntry* entry) {
  if (!by_bell_) {
    Poke();
    return;
  }
  SleepPlan plan;
  bool asleep_for_it =
      entry->object->PrepareSleep(entry->self, entry->waiter, &plan) && until_ns_ <= plan.until_ns;
  for (size_t i = 1; i < plan.point_count; ++i) {
    const auto watched = std::find(deaths_.begin(), deaths_.end(), plan.points[i].word);
    asleep_for_it = asleep_for_it && watched != deaths_.end();
  }
  if (!asleep_for_it) Poke();
}

void WaitGroup::Loop() {
  for (;;) {
    Batch batch;
    Collect(&batch);
    os::Wait(batch.points, batch.count, os::Deadline{batch.until_ns});
    batch.PassDeathsOn();  // also for entries that have gone meanwhile
  }
}

void WaitGroup::Collect(Batch* batch) {
  const std::lock_guard<std::mutex> guard(mutex);
  for (const os::WaitPoint& point : left_points_) os::Wake(point, 1);
  left_points_.clear();
  // SYNC POINT hub-control: acquire, see Poke.
  const uint32_t control = control_.load(std::memory_order_acquire);
  // Where only the first point is watched, an entry's word comes before the control word.
  const bool control_first = by_bell_ || os::WaitCapacity() > 1 || entries_.empty();
  if (control_first) batch->Add(ControlPoint(control));
  for (HubEntry* entry : entries_) Look(entry, batch);
  if (batch->count == 0) batch->Add(ControlPoint(control));
  until_ns_ = batch->until_ns;
  deaths_.clear();
  for (size_t i = 1; by_bell_ && i < batch->count; ++i) deaths_.push_back(batch->points[i].word);
}

void WaitGroup::Look(HubEntry* entry, Batch* batch) const {
  const bool is_watching = entry->state == HubEntry::State::kWatching;
  // Without its id in the bell nobody rings again: the loop's rearm puts it back.
  if (is_watching && ((by_bell_ && HasLostBell(entry)) || !Plan(entry, batch))) {
    entry->state = HubEntry::State::kPosted;
    entry->posted_ns = os::MonotonicNs();
    entry->sink->Post(entry->ticket);
  }
  if (entry->state != HubEntry::State::kPosted) return;
  const int64_t pass_on_ns = entry->posted_ns + kGrantLifeNs;
  if (os::MonotonicNs() < pass_on_ns) {
    batch->until_ns = std::min(batch->until_ns, pass_on_ns);
  } else {
    entry->object->PassOn(entry->self);
    entry->state = HubEntry::State::kPassedOn;
  }
}

bool WaitGroup::Plan(HubEntry* entry, Batch* batch) const {
  SleepPlan plan;
  if (!entry->object->PrepareSleep(entry->self, entry->waiter, &plan)) return false;
  entry->waiter.MarkSlept();
  entry->slept_on = plan.points[0];
  if (!by_bell_) batch->Add(plan.points[0]);
  for (size_t i = 1; i < plan.point_count; ++i) {
    if (by_bell_) {
      batch->AddDeathOnce(plan.points[i]);
    } else {
      batch->AddDeath(plan.points[i]);
    }
  }
  batch->until_ns = std::min(batch->until_ns, plan.until_ns);
  return true;
}

}  // namespace mp::sync
