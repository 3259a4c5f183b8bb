// The hub's threads; the states are in the header.
#include "sync/wait_hub.h"

#include <algorithm>
#include <utility>

#include "os/process.h"

namespace mp::sync {
namespace {

constexpr size_t kMaxEntries = 63;

/// Objects per thread: each may need two points, and one more is the control word.
size_t GroupCapacity() {
  const size_t pairs = (os::WaitCapacity() - 1) / kMaxPlanPoints;
  return pairs == 0 ? 1 : std::min(pairs, kMaxEntries);
}

}  // namespace

HubEntry::HubEntry(std::unique_ptr<Awaitable> object_in, Id self_in, HubSink* sink_in,
                   uint64_t ticket_in)
    : object(std::move(object_in)),
      self(self_in),
      sink(sink_in),
      ticket(ticket_in),
      waiter(os::MonotonicNs()) {}

/// One hub thread and what it watches.
class WaitGroup {
 public:
  std::mutex mutex;
  std::vector<HubEntry*> entries;          // under mutex
  std::vector<os::WaitPoint> left_points;  // under mutex: cancelled, but perhaps slept on

  /// Under mutex: makes the thread look again.
  void Poke() {
    // SYNC POINT hub-control: release, by the thread's load in Collect.
    control_.fetch_add(1, std::memory_order_release);
    os::Wake(ControlPoint(0), 1);
  }

  static void Run(void* raw) { static_cast<WaitGroup*>(raw)->Loop(); }

 private:
  struct Batch {
    os::WaitPoint points[1 + kMaxPlanPoints * kMaxEntries];
    size_t count = 0;
    int64_t until_ns = 0;
  };

  [[noreturn]] void Loop() {
    for (;;) {
      Batch batch;
      Collect(&batch);
      os::Wait(batch.points, batch.count, os::Deadline{batch.until_ns});
    }
  }

  void Collect(Batch* batch) {
    const std::lock_guard<std::mutex> guard(mutex);
    for (const os::WaitPoint& point : left_points) os::Wake(point, 1);
    left_points.clear();
    // SYNC POINT hub-control: acquire, see Poke.
    const uint32_t control = control_.load(std::memory_order_acquire);
    batch->until_ns = os::Deadline::Never().ns;
    const bool control_first = os::WaitCapacity() > 1 || entries.empty();
    if (control_first) batch->points[batch->count++] = ControlPoint(control);
    for (HubEntry* entry : entries) Look(entry, batch);
    if (batch->count == 0) batch->points[batch->count++] = ControlPoint(control);
  }

  static void Look(HubEntry* entry, Batch* batch) {
    if (entry->state == HubEntry::State::kWatching && !Plan(entry, batch)) {
      entry->state = HubEntry::State::kPosted;
      entry->posted_ns = os::MonotonicNs();
      entry->sink->Post(entry->ticket);
    }
    if (entry->state != HubEntry::State::kPosted) return;
    const int64_t pass_on_ns = entry->posted_ns + kGrantLifeNs;
    if (os::MonotonicNs() < pass_on_ns) {
      batch->until_ns = std::min(batch->until_ns, pass_on_ns);
    } else {
      entry->object->Withdraw(entry->self);
      entry->state = HubEntry::State::kPassedOn;
    }
  }

  static bool Plan(HubEntry* entry, Batch* batch) {
    SleepPlan plan;
    if (!entry->object->PrepareSleep(entry->self, entry->waiter, &plan)) return false;
    entry->slept_on = plan.points[0];
    entry->waiter.MarkSlept();
    for (size_t i = 0; i < plan.point_count; ++i) batch->points[batch->count++] = plan.points[i];
    batch->until_ns = std::min(batch->until_ns, plan.until_ns);
    return true;
  }

  os::WaitPoint ControlPoint(uint32_t expected) { return {&control_, expected, 0, true}; }

  std::atomic<uint32_t> control_{0};
};

WaitHub& WaitHub::Instance() {
  static auto* hub = new WaitHub();  // never destroyed: its threads use it to the very end
  return *hub;
}

os::Status WaitHub::Watch(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (WaitGroup* group : groups_) {
    const std::lock_guard<std::mutex> group_guard(group->mutex);
    if (group->entries.size() >= GroupCapacity()) continue;
    entry->group = group;
    group->entries.push_back(entry);
    group->Poke();
    return {};
  }
  auto group = std::make_unique<WaitGroup>();
  entry->group = group.get();
  group->entries.push_back(entry);
  if (os::Status status = os::StartThread(&WaitGroup::Run, group.get()); !status.ok()) {
    return status;
  }
  groups_.push_back(group.release());  // lives as long as its thread: for ever
  return {};
}

void WaitHub::Rearm(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(entry->group->mutex);
  entry->state = HubEntry::State::kWatching;
  entry->group->Poke();
}

Outcome WaitHub::Attempt(HubEntry* entry) {
  const std::lock_guard<std::mutex> guard(entry->group->mutex);
  return entry->object->Attempt(entry->self, entry->waiter);
}

void WaitHub::Cancel(HubEntry* entry, bool withdraw) {
  WaitGroup* group = entry->group;
  const std::lock_guard<std::mutex> guard(group->mutex);
  auto& entries = group->entries;
  entries.erase(std::find(entries.begin(), entries.end(), entry));
  if (withdraw) entry->object->Withdraw(entry->self);
  const bool slept_on = entry->state == HubEntry::State::kWatching;
  if (!slept_on || entry->slept_on.word == nullptr) return;
  group->left_points.push_back(entry->slept_on);
  group->Poke();
}

size_t WaitHub::ThreadCount() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return groups_.size();
}

}  // namespace mp::sync
