// Two processes fight for one mutex and count under it; the count is checked.
// The procedure is that of bench/cases/lock-contended.ts: each party on a CPU of its own, a common
// start, a lead-in that is not counted, and the clock read once in 256 acquisitions.
#include <atomic>

#include "cases.h"
#include "measure.h"
#include "shared.h"

namespace peer {
namespace {

struct Arena {
  pthread_mutex_t mutex;
  int64_t counter;
  int64_t count[2];
  int64_t elapsed_ns[2];
  std::atomic<int> ready;
  std::atomic<int64_t> start_ns;
};

int64_t CountUntil(Arena* arena, int64_t end_ns) {
  int64_t count = 0;
  while (NowNs() < end_ns) {
    for (int i = 0; i < 256; ++i) {
      pthread_mutex_lock(&arena->mutex);
      ++arena->counter;
      pthread_mutex_unlock(&arena->mutex);
    }
    count += 256;
  }
  return count;
}

void Fight(Arena* arena, int party, int measured_ms) {
  PinParty(party);
  constexpr int64_t kLeadInNs = 100'000'000;
  ++arena->ready;
  while (arena->start_ns.load() == 0) usleep(100);
  const int64_t measured_from = arena->start_ns.load() + kLeadInNs;
  const int64_t led_in = CountUntil(arena, measured_from);
  const int64_t start = NowNs();
  const int64_t measured = CountUntil(arena, measured_from + measured_ms * 1'000'000LL);
  arena->elapsed_ns[party] = NowNs() - start;
  arena->count[party] = measured;
  // The lead-in was counted in shared memory too, and is taken out so that the sum must match.
  pthread_mutex_lock(&arena->mutex);
  arena->counter -= led_in;
  pthread_mutex_unlock(&arena->mutex);
}

}  // namespace

void MutexContended(const Options& options) {
  auto* arena = NewShared<Arena>();
  InitMutex(&arena->mutex);
  {
    ChildProcess other([&] { Fight(arena, 1, options.measured_ms); });
    while (arena->ready.load() == 0) usleep(100);
    arena->start_ns.store(NowNs());
    Fight(arena, 0, options.measured_ms);
  }
  Require(arena->counter == arena->count[0] + arena->count[1], "a count was lost");
  double per_second = 0;
  for (int party = 0; party < 2; ++party) {
    per_second += static_cast<double>(arena->count[party]) * 1e9 /
                  static_cast<double>(arena->elapsed_ns[party]);
  }
  const double smaller = static_cast<double>(std::min(arena->count[0], arena->count[1]));
  std::printf("{\"metrics\":{\"perSecond\":%.1f,\"smallerShare\":%.4f}}\n", per_second,
              smaller / static_cast<double>(arena->counter));
}

}  // namespace peer
