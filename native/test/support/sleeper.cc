// Sleeping threads for tests; see the header.
#include "support/sleeper.h"

#include <cstdio>
#include <utility>

#include "os/process.h"
#include "support/watchdog.h"

namespace mp::test {

Sleeper::Sleeper(std::vector<os::WaitPoint> points)
    : points_(std::move(points)), thread_([this] {
        const os::Deadline deadline = os::Deadline::After(kWatchdogMs);
        thread_id_.store(os::ThreadId());
        os::Wait(points_.data(), points_.size(), deadline);
        timed_out_.store(deadline.IsPast());
        is_awake_.store(true);
      }) {}

Sleeper::~Sleeper() {
  while (!is_awake_.load()) {  // a test that failed, or counted sleepers that nobody wakes
    os::Wake(points_[0], os::kWakeAll);
    Nap(100'000);
  }
  thread_.join();
}

bool Sleeper::FallsAsleep() const {
  return Eventually([&] {
    const uint32_t thread_id = thread_id_.load();
    return thread_id != 0 && IsAsleep(thread_id);
  });
}

bool Sleeper::WakesUp() const {
  return Eventually([&] { return is_awake_.load(); }) && !timed_out_.load();
}

bool IsAsleep(uint32_t thread_id) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%u/stat", thread_id);
  FILE* file = std::fopen(path, "re");
  if (file == nullptr) return false;
  char state = '?';
  const int got = std::fscanf(file, "%*d (%*[^)]) %c", &state);
  std::fclose(file);
  return got == 1 && state == 'S';
}

}  // namespace mp::test
