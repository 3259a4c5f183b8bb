// One lock and the parties of the tables in sync/lock.h, for tests that write its word by hand.
#pragma once

#include "os/clock.h"
#include "support/shared_segment.h"
#include "sync/lock.h"

namespace mp::test {

/// Its state as numbers: `low` is an owner and flags.
[[nodiscard]] inline uint64_t LockWord(uint32_t low, sync::Id request = 0) {
  return uint64_t{request} << 32 | low;
}

/// A waiter that came so long ago that it starves, or one that came now.
[[nodiscard]] inline sync::Waiter StarvingWaiter() {
  return sync::Waiter(os::MonotonicNs() - 2 * sync::kStarvingNs);
}
/// A waiter that will not starve while the test runs, however slow that is.
[[nodiscard]] inline sync::Waiter FreshWaiter() {
  return sync::Waiter(os::MonotonicNs() + 3600'000 * os::kNsPerMs);
}

struct LockWorld {
  explicit LockWorld(uint32_t flags = layout::kRobust) : object(shared.NewLock(flags)) {}

  SharedSegment shared;
  Party self{shared};
  Party other{shared};
  Party third{shared};
  sync::Id dead = DeadId(shared);
  layout::SyncObject* object;
  sync::Lock lock{shared.segment(), object};
  sync::Waiter waiter = FreshWaiter();

  [[nodiscard]] uint64_t word() const { return object->state.load(); }
  void Set(uint32_t low, sync::Id request = 0) { object->state.store(LockWord(low, request)); }
  [[nodiscard]] sync::Outcome Attempt() { return lock.Attempt(self.id(), waiter); }
  [[nodiscard]] os::WaitPoint LowPoint() const {
    auto* low = reinterpret_cast<std::atomic<uint32_t>*>(&object->state);
    return shared_segment().PointAt(low, low->load());
  }
  [[nodiscard]] const sync::Segment& shared_segment() const {
    return const_cast<LockWorld*>(this)->shared.segment();
  }
};

struct NonRobustLockWorld : LockWorld {
  NonRobustLockWorld() : LockWorld(0) {}
};

}  // namespace mp::test
