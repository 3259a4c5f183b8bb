// A thread that sleeps once, on points of os/wait.h: for counting who is woken.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "os/wait.h"

namespace mp::test {

class Sleeper {
 public:
  explicit Sleeper(std::vector<os::WaitPoint> points);
  explicit Sleeper(const os::WaitPoint& point) : Sleeper(std::vector<os::WaitPoint>{point}) {}
  ~Sleeper();
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  /// Waits until the thread sleeps in the kernel.
  [[nodiscard]] bool FallsAsleep() const;
  [[nodiscard]] bool is_awake() const { return is_awake_.load(); }
  /// Waits until the thread was woken (and not by its deadline).
  [[nodiscard]] bool WakesUp() const;

 private:
  std::vector<os::WaitPoint> points_;
  std::atomic<uint32_t> thread_id_{0};
  std::atomic<bool> is_awake_{false};
  std::atomic<bool> timed_out_{false};
  std::thread thread_;
};

/// Whether thread `thread_id` of this process sleeps in the kernel.
[[nodiscard]] bool IsAsleep(uint32_t thread_id);

}  // namespace mp::test
