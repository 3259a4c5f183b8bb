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

int64_t RoundTripsUntil(Arena* arena, int64_t end_ns) {
  int64_t rounds = 0;
  while (NowNs() < end_ns) {
    for (int i = 0; i < 64; ++i) {
      sem_post(&arena->ping);
      sem_wait(&arena->pong);
    }
    rounds += 64;
  }
  return rounds;
}

}  // namespace

void SemaphorePingPong(const Options& options) {
  auto* arena = NewShared<Arena>();
  Require(sem_init(&arena->ping, 1, 0) == 0 && sem_init(&arena->pong, 1, 0) == 0, "sem_init");
  ChildProcess other([arena] { Answer(arena); });
  RoundTripsUntil(arena, NowNs() + 100'000'000);
  const int64_t start = NowNs();
  const int64_t rounds = RoundTripsUntil(arena, start + options.measured_ms * 1'000'000LL);
  const int64_t elapsed = NowNs() - start;
  arena->stop.store(true);
  sem_post(&arena->ping);
  std::printf("{\"metrics\":{\"perSecond\":%.1f}}\n",
              static_cast<double>(rounds) * 1e9 / static_cast<double>(elapsed));
}

}  // namespace peer
