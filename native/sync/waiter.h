// What every blocking algorithm here shares: how long somebody has waited, how to sleep next, and
// the interface through which the wait hub waits on behalf of an event loop.
//
// Bounds on every sleep. A wake can die with its receiver, so no sleeper relies on one:
//
//   BOUND               | WHY
//   --------------------+-----------------------------------------------------------------------
//   kSleepBound  50 ms  | a wake that was lost with a killed process delays by this at most
//   kGrantLife    2 ms  | a grant that was not accepted for this long may be taken by anyone
//
// A waiter that has waited for kStarving (1 ms) asks the next release to hand over to it. It needs
// no timer for that, which would cost more than the sleep: whoever is overtaken was woken first, so
// it is awake when it finds out. A waiter that nobody wakes is not overtaken; its turn is to come.
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/clock.h"
#include "os/wait.h"
#include "sync/segment.h"

namespace mp::sync {

inline constexpr int64_t kSleepBoundNs = 50 * os::kNsPerMs;
inline constexpr int64_t kStarvingNs = 1 * os::kNsPerMs;
inline constexpr int64_t kGrantLifeNs = 2 * os::kNsPerMs;

enum class Outcome : int32_t {
  kAcquired = 0,
  kBusy = 1,      // somebody else holds it (try), or the deadline passed
  kDeadlock = 2,  // the caller's own thread holds it and the wait would be for ever
  kNotHeld = 3,   // release of what is free, or above the maximum
  kNotOwner = 4,  // release by a thread that does not hold it
  kReleased = 5,
};

/// One wait's memory between two looks at the object.
class Waiter {
 public:
  explicit Waiter(int64_t since_ns) : since_ns_(since_ns) {}

  void MarkSlept() { has_slept_ = true; }
  [[nodiscard]] bool has_slept() const { return has_slept_; }

  [[nodiscard]] bool IsStarving(int64_t now_ns) const { return now_ns - since_ns_ >= kStarvingNs; }

  /// True once the very same ungiven grant has been seen for kGrantLifeNs.
  bool SawGrantTooLong(uint64_t state, int64_t now_ns) {
    if (state != grant_seen_) {
      grant_seen_ = state;
      grant_since_ns_ = now_ns;
    }
    return now_ns - grant_since_ns_ >= kGrantLifeNs;
  }

 private:
  int64_t since_ns_;
  bool has_slept_ = false;
  uint64_t grant_seen_ = 0;
  int64_t grant_since_ns_ = 0;
};

/// How to sleep until the object is worth another try: on the object's word, and behind it perhaps
/// on its owner's death.
struct SleepPlan {
  os::WaitPoint points[2];
  size_t point_count = 0;
  int64_t until_ns = 0;

  void Watch(const os::WaitPoint& point) {
    if (point.word != nullptr) points[point_count++] = point;
  }
};

inline constexpr size_t kMaxPlanPoints = 2;

/// Where an object's sleepers leave the id of an event loop to ring; see sync/bells.h.
struct BellPlace {
  const Segment* segment = nullptr;
  std::atomic<uint32_t>* bell = nullptr;
  uint64_t key = 0;  // of the object's wait point
};

/// Something that can be waited for. All methods may be called from any thread of the process;
/// `self` is the id of the thread that the wait is for.
class Awaitable {
 public:
  Awaitable() = default;
  virtual ~Awaitable() = default;
  Awaitable(const Awaitable&) = default;
  Awaitable& operator=(const Awaitable&) = default;

  /// Takes it if the rules let `self` have it now.
  [[nodiscard]] virtual Outcome Attempt(Id self, Waiter& waiter) = 0;
  /// Announces a sleeper and says how to sleep. False: an attempt may succeed, do not sleep.
  [[nodiscard]] virtual bool PrepareSleep(Id self, Waiter& waiter, SleepPlan* plan) = 0;
  /// Leaves no trace of a wait: a request is taken back, a grant goes to the next, and a wake that
  /// this wait may have consumed is passed on.
  virtual void Withdraw(Id self) = 0;
  /// For a loop that is too busy to try: what it could have had goes to others, its wait goes on.
  virtual void PassOn(Id self) { Withdraw(self); }
  [[nodiscard]] virtual BellPlace bell_place() const = 0;
};

/// The kernel tells one sleeper of a death, and that one may have no use for the news: the owner
/// had given this object away meanwhile, and those behind wait for its others. So everybody who
/// slept on a death passes it on.
inline void PassDeathOn(const os::WaitPoint& death) {
  // SYNC POINT life-token: acquire, see os/posix/life_token.cc.
  const bool has_changed = death.word->load(std::memory_order_acquire) != death.expected;
  if (has_changed) os::Wake(death, os::kWakeAll);
}

/// Sleeps by plan, but not beyond `deadline`.
inline void Sleep(const SleepPlan& plan, os::Deadline deadline) {
  os::Wait(plan.points, plan.point_count, deadline.OrEarlier(plan.until_ns));
  for (size_t i = 1; i < plan.point_count; ++i) PassDeathOn(plan.points[i]);
}

/// How the runtime ends a blocking wait before its deadline, because the thread is to end.
class StopSign {
 public:
  StopSign() = default;
  virtual ~StopSign() = default;
  StopSign(const StopSign&) = delete;
  StopSign& operator=(const StopSign&) = delete;
  /// Asked on the waiting thread after every sleep, so once in kSleepBound at least.
  [[nodiscard]] virtual bool IsUp() const = 0;
};

/// The blocking wait of every awaitable: attempt, announce, sleep, again. kBusy when the deadline
/// passed or `stop`, unless it is null, is up.
Outcome AcquireBlocking(Awaitable& object, Id self, os::Deadline deadline, const StopSign* stop);

}  // namespace mp::sync
