// An event loop for tests; see the header.
#include "support/event_loop.h"

#include <poll.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace mp::test {
namespace {

constexpr size_t kMostKeys = 64;

void Need(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "event loop: %s failed\n", what);
  std::abort();
}

timespec Left(os::Deadline deadline) {
  const int64_t ns = deadline.ns - os::MonotonicNs();
  return ns > 0 ? timespec{ns / 1'000'000'000, ns % 1'000'000'000} : timespec{};
}

}  // namespace

EventLoop::EventLoop(const sync::Segment& segment, sync::Id id, Bell bell)
    : slot_(segment.SlotOfLiving(id)) {
  Need(slot_ != nullptr, "an id");
  Need(bell_.Create().ok() && posts_.Create().ok(), "pipe");
  if (bell == Bell::kNone) return;
  slot_->bell_identity.store(bell_.identity(), std::memory_order_relaxed);
  slot_->bell.store(static_cast<uint32_t>(bell_.ring_descriptor()) + 1, std::memory_order_release);
}

EventLoop::~EventLoop() { slot_->bell.store(0, std::memory_order_release); }

void EventLoop::Post(uint64_t ticket) {
  // A full pipe means that the loop has thousands of posts before it, and will look anyway.
  (void)os::RingDoorbell(posts_.ring_descriptor(), ticket);
}

bool EventLoop::Turn(os::Deadline deadline) {
  pollfd sources[] = {{bell_.poll_descriptor(), POLLIN, 0}, {posts_.poll_descriptor(), POLLIN, 0}};
  const timespec left = Left(deadline);
  if (ppoll(sources, 2, deadline.IsNever() ? nullptr : &left, nullptr) <= 0) return false;
  uint64_t keys[kMostKeys];
  const size_t rung = bell_.Drain(keys, kMostKeys);
  if (rung > 0) last_key_ = keys[rung - 1];
  const size_t posted = posts_.Drain(keys, kMostKeys);
  rings_ += rung;
  posts_taken_ += posted;
  return rung + posted > 0;
}

LoopWait::LoopWait(sync::WaitHub& hub, EventLoop& loop, std::unique_ptr<sync::Awaitable> object,
                   sync::Id self)
    : hub_(hub), loop_(loop), entry_(std::move(object), self, &loop, 1) {
  bool try_now = false;
  Need(hub_.Watch(&entry_, &try_now).ok(), "watch");
  if (try_now) Try();
}

LoopWait::~LoopWait() {
  if (!has_acquired_) hub_.Cancel(&entry_, true, false);
}

bool LoopWait::Try() {
  while (hub_.Attempt(&entry_) != sync::Outcome::kAcquired) {
    if (hub_.Rearm(&entry_)) return false;
  }
  hub_.Cancel(&entry_, false, false);
  has_acquired_ = true;
  return true;
}

bool LoopWait::Finish(os::Deadline deadline) {
  while (!has_acquired_ && !deadline.IsPast()) {
    if (loop_.Turn(deadline)) Try();
  }
  return has_acquired_;
}

}  // namespace mp::test
