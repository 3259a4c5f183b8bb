// A home-made event loop, told as Node's is: by its doorbell and by the hub's posts. And one wait
// on it, with the steps of ts/sync/wait-queue.ts.
#pragma once

#include <memory>

#include "os/clock.h"
#include "os/doorbell.h"
#include "sync/wait_hub.h"

namespace mp::test {

enum class Bell { kPublished, kNone };

class EventLoop final : public sync::HubSink {
 public:
  /// The loop of the thread that has `id`. Its process must ignore SIGPIPE, as Node does.
  EventLoop(const sync::Segment& segment, sync::Id id, Bell bell);
  ~EventLoop() override;

  /// By the hub.
  void Post(uint64_t ticket) override;
  /// One turn: sleeps until told something, or until the deadline. What it was told last is kept.
  bool Turn(os::Deadline deadline);

  [[nodiscard]] const os::Doorbell& doorbell() const { return bell_; }
  [[nodiscard]] uint64_t last_key() const { return last_key_; }
  [[nodiscard]] size_t rings() const { return rings_; }
  [[nodiscard]] size_t posts() const { return posts_taken_; }

 private:
  layout::Slot* slot_;
  os::Doorbell bell_;
  os::Doorbell posts_;
  uint64_t last_key_ = 0;
  size_t rings_ = 0;
  size_t posts_taken_ = 0;
};

/// One wait of a loop for one object, from Watch to Cancel. All on the loop's thread.
class LoopWait {
 public:
  LoopWait(sync::WaitHub& hub, EventLoop& loop, std::unique_ptr<sync::Awaitable> object,
           sync::Id self);
  /// Cancels unless it has acquired.
  ~LoopWait();
  LoopWait(const LoopWait&) = delete;
  LoopWait& operator=(const LoopWait&) = delete;

  /// Whatever the loop was told: tries, and waits on if that fails.
  bool Try();
  /// Turns until acquired, or gives up at the deadline.
  bool Finish(os::Deadline deadline);
  [[nodiscard]] bool has_acquired() const { return has_acquired_; }
  [[nodiscard]] sync::HubEntry& entry() { return entry_; }

 private:
  sync::WaitHub& hub_;
  EventLoop& loop_;
  sync::HubEntry entry_;
  bool has_acquired_ = false;
};

}  // namespace mp::test
