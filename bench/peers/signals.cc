// What Event and Condition are held against: a load, compare-and-swaps, pthread_cond_t, a futex.
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "cases.h"
#include "measure.h"
#include "shared.h"

namespace peer {
namespace {

/// As a library's call would be: not inlined, so that it is made each time.
__attribute__((noinline)) uint32_t Load(const std::atomic<uint32_t>* word) {
  return word->load(std::memory_order_seq_cst);
}

struct Signal {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  int turn;
  bool stop;
};

Signal* NewSignal() {
  auto* signal = NewShared<Signal>();
  InitMutex(&signal->mutex, MutexKind::kNormal);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  Require(pthread_cond_init(&signal->condition, &attributes) == 0, "pthread_cond_init");
  return signal;
}

/// Adds 1 when the turn has this parity; false when all is over.
bool Take(Signal* signal, int parity) {
  pthread_mutex_lock(&signal->mutex);
  while (signal->turn % 2 != parity && !signal->stop) {
    pthread_cond_wait(&signal->condition, &signal->mutex);
  }
  const bool stopped = signal->stop;
  ++signal->turn;
  pthread_cond_signal(&signal->condition);
  pthread_mutex_unlock(&signal->mutex);
  return !stopped;
}

void FutexWait(std::atomic<uint32_t>* word, uint32_t expected) {
  while (word->load(std::memory_order_acquire) == expected) {
    syscall(SYS_futex, word, FUTEX_WAIT, expected, nullptr, nullptr, 0);
  }
}

void FutexSet(std::atomic<uint32_t>* word, uint32_t value) {
  word->store(value, std::memory_order_release);
  syscall(SYS_futex, word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

template <typename Trip>
void PrintRate(const Options& options, Trip trip) {
  const auto run_until = [&](int64_t end_ns) {
    int64_t trips = 0;
    while (NowNs() < end_ns) {
      for (int i = 0; i < 64; ++i) trip();
      trips += 64;
    }
    return trips;
  };
  run_until(NowNs() + 100'000'000);
  const int64_t start_ns = NowNs();
  const int64_t trips = run_until(start_ns + options.measured_ms * 1'000'000LL);
  std::printf("{\"metrics\":{\"perSecond\":%.1f}}\n",
              static_cast<double>(trips) * 1e9 / static_cast<double>(NowNs() - start_ns));
}

}  // namespace

void LoadCall(const Options& options) {
  auto* word = NewShared<std::atomic<uint32_t>>();
  PrintBatches(options.measured_ms, [word](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      if (Load(word) != 0) std::abort();
    }
  });
}

void ExchangePair(const Options& options) {
  auto* word = NewShared<std::atomic<uint32_t>>();
  PrintBatches(options.measured_ms, [word](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      uint32_t seen = 0;
      word->compare_exchange_strong(seen, 1);
      seen = 1;
      word->compare_exchange_strong(seen, 0);
    }
  });
}

void ConditionSignal(const Options& options) {
  Signal* signal = NewSignal();
  pthread_mutex_lock(&signal->mutex);
  PrintBatches(options.measured_ms, [signal](int64_t count) {
    for (int64_t i = 0; i < count; ++i) pthread_cond_signal(&signal->condition);
  });
  pthread_mutex_unlock(&signal->mutex);
}

void ConditionPingPong(const Options& options) {
  Signal* signal = NewSignal();
  ChildProcess other([signal] {
    while (Take(signal, 1)) {
    }
  });
  PrintRate(options, [signal] { Take(signal, 0); });
  pthread_mutex_lock(&signal->mutex);
  signal->stop = true;
  pthread_cond_broadcast(&signal->condition);
  pthread_mutex_unlock(&signal->mutex);
}

void FutexPingPong(const Options& options) {
  struct Words {
    std::atomic<uint32_t> ping;
    std::atomic<uint32_t> pong;
  };
  auto* words = NewShared<Words>();
  constexpr uint32_t kStop = 2;
  ChildProcess other([words] {
    for (;;) {
      FutexWait(&words->ping, 0);
      if (words->ping.exchange(0) == kStop) return;
      FutexSet(&words->pong, 1);
    }
  });
  PrintRate(options, [words] {
    FutexSet(&words->ping, 1);
    FutexWait(&words->pong, 0);
    words->pong.store(0);
  });
  FutexSet(&words->ping, kStop);
}

}  // namespace peer
