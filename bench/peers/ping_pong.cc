// Two processes wake each other in turn through two semaphores: the price of a hand-off to a
// sleeping process. glibc's sem_wait does not spin, so every hand-off goes through the kernel.
#include <semaphore.h>

#include <atomic>

#include "cases.h"
#include "measure.h"
#include "shared.h"

namespace peer {
namespace {

struct Arena {
  sem_t ping;
  sem_t pong;
  std::atomic<bool> stop;
};

void Answer(Arena* arena) {
  for (;;) {
    sem_wait(&arena->ping);
    if (arena->stop.load(std::memory_order_relaxed)) return;
    sem_post(&arena->pong);
  }
}

// Appends the time of each batch of round trips, in ns for one trip, until `end_ns`.
void MeasureUntil(Arena* arena, int64_t end_ns, std::vector<double>* trip_ns) {
  constexpr int kBatch = 64;
  for (int64_t start = NowNs(); start < end_ns;) {
    for (int i = 0; i < kBatch; ++i) {
      sem_post(&arena->ping);
      sem_wait(&arena->pong);
    }
    const int64_t now = NowNs();
    trip_ns->push_back(static_cast<double>(now - start) / kBatch);
    start = now;
  }
}

}  // namespace

// `perSecond` is the mean rate; `halfTripP50Us` the one-way time of the median batch.
void SemaphorePingPong(const Options& options) {
  auto* arena = NewShared<Arena>();
  Require(sem_init(&arena->ping, 1, 0) == 0 && sem_init(&arena->pong, 1, 0) == 0, "sem_init");
  ChildProcess other([arena] { Answer(arena); });
  std::vector<double> trip_ns;
  MeasureUntil(arena, NowNs() + 100'000'000, &trip_ns);
  trip_ns.clear();
  MeasureUntil(arena, NowNs() + options.measured_ms * 1'000'000LL, &trip_ns);
  arena->stop.store(true);
  sem_post(&arena->ping);
  double total_ns = 0;
  for (const double one : trip_ns) total_ns += one;
  std::printf("{\"metrics\":{\"perSecond\":%.1f,\"halfTripP50Us\":%.3f}}\n",
              static_cast<double>(trip_ns.size()) * 1e9 / total_ns,
              Percentile(trip_ns, 0.5) / 2000);
}

}  // namespace peer
