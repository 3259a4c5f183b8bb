// Two processes hammer a mutex while a third asks for it now and then: how long it waits.
// A reference only: glibc's mutex makes no promise here.
#include <atomic>

#include "cases.h"
#include "measure.h"
#include "shared.h"

namespace peer {
namespace {

struct Arena {
  pthread_mutex_t mutex;
  std::atomic<int> ready;
  std::atomic<bool> stop;
};

void Hammer(Arena* arena) {
  ++arena->ready;
  while (!arena->stop.load(std::memory_order_relaxed)) {
    for (int i = 0; i < 256; ++i) {
      pthread_mutex_lock(&arena->mutex);
      pthread_mutex_unlock(&arena->mutex);
    }
  }
}

}  // namespace

void MutexFairness(const Options& options) {
  // A waiter that is left to starve shall not stop the whole benchmark.
  constexpr int64_t kGiveUpNs = 20'000'000'000;
  const size_t waits = options.measured_ms >= 300 ? 300 : 100;
  auto* arena = NewShared<Arena>();
  InitMutex(&arena->mutex);
  std::vector<double> waited_us;
  {
    ChildProcess first([arena] { Hammer(arena); });
    ChildProcess second([arena] { Hammer(arena); });
    while (arena->ready.load() < 2) usleep(100);
    for (const int64_t end = NowNs() + kGiveUpNs; waited_us.size() < waits && NowNs() < end;) {
      const int64_t start = NowNs();
      pthread_mutex_lock(&arena->mutex);
      waited_us.push_back(static_cast<double>(NowNs() - start) / 1e3);
      pthread_mutex_unlock(&arena->mutex);
      usleep(1000);
    }
    arena->stop.store(true);
  }
  std::printf("{\"metrics\":{\"p50Us\":%.2f,\"p99Us\":%.2f,\"maxUs\":%.2f}}\n",
              Percentile(waited_us, 0.5), Percentile(waited_us, 0.99), Percentile(waited_us, 1));
}

}  // namespace peer
