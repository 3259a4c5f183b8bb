// Many processes at one barrier, and many that read under one lock.
// The procedures are those of bench/cases/barrier-rounds.ts and rwlock-readers.ts.
#include <atomic>
#include <memory>
#include <vector>

#include "cases.h"
#include "measure.h"
#include "shared.h"

namespace peer {
namespace {

constexpr int64_t kLeadInNs = 100'000'000;

struct Place {
  pthread_barrier_t barrier;
  std::atomic<bool> stop;
};

void Meet(Place* place, int times) {
  for (int i = 0; i < times; ++i) pthread_barrier_wait(&place->barrier);
}

constexpr int kBurst = 64;

int64_t MeetUntil(Place* place, int64_t end_ns, bool is_last) {
  for (int64_t rounds = 0;;) {
    Meet(place, kBurst - 1);
    rounds += kBurst;
    const bool is_over = NowNs() >= end_ns;
    if (is_over && is_last) place->stop.store(true);
    Meet(place, 1);
    if (is_over) return rounds;
  }
}

struct Library {
  pthread_rwlock_t lock;
  std::atomic<int> ready;
  std::atomic<int64_t> start_ns;
  double per_second[8];
};

int64_t ReadUntil(Library* library, int64_t end_ns) {
  int64_t count = 0;
  while (NowNs() < end_ns) {
    for (int i = 0; i < 256; ++i) {
      pthread_rwlock_rdlock(&library->lock);
      pthread_rwlock_unlock(&library->lock);
    }
    count += 256;
  }
  return count;
}

void Read(Library* library, int party, int measured_ms) {
  PinParty(party);
  ++library->ready;
  while (library->start_ns.load() == 0) usleep(100);
  const int64_t measured_from = library->start_ns.load() + kLeadInNs;
  ReadUntil(library, measured_from);
  const int64_t start = NowNs();
  const auto count =
      static_cast<double>(ReadUntil(library, measured_from + measured_ms * 1'000'000LL));
  library->per_second[party] = count * 1e9 / static_cast<double>(NowNs() - start);
}

using Children = std::vector<std::unique_ptr<ChildProcess>>;

void PrintMeetings(const Options& options, unsigned parties) {
  auto* place = NewShared<Place>();
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  Require(pthread_barrier_init(&place->barrier, &attributes, parties) == 0, "pthread_barrier_init");
  Children others;
  for (unsigned i = 1; i < parties; ++i) {
    others.push_back(std::make_unique<ChildProcess>([place] {
      do Meet(place, kBurst);
      while (!place->stop.load());
    }));
  }
  MeetUntil(place, NowNs() + kLeadInNs, false);
  const int64_t start = NowNs();
  const int64_t rounds = MeetUntil(place, start + options.measured_ms * 1'000'000LL, true);
  std::printf("{\"metrics\":{\"perSecond\":%.1f}}\n",
              static_cast<double>(rounds) * 1e9 / static_cast<double>(NowNs() - start));
}

void PrintReaders(const Options& options, int parties) {
  auto* library = NewShared<Library>();
  InitReadWriteLock(&library->lock);
  {
    Children others;
    for (int party = 1; party < parties; ++party) {
      others.push_back(std::make_unique<ChildProcess>(
          [library, party, &options] { Read(library, party, options.measured_ms); }));
    }
    while (library->ready.load() < parties - 1) usleep(100);
    library->start_ns.store(NowNs());
    Read(library, 0, options.measured_ms);
  }
  double per_second = 0;
  for (int party = 0; party < parties; ++party) per_second += library->per_second[party];
  std::printf("{\"metrics\":{\"perSecond\":%.1f}}\n", per_second);
}

}  // namespace

void BarrierOf2(const Options& options) { PrintMeetings(options, 2); }
void BarrierOf4(const Options& options) { PrintMeetings(options, 4); }
void BarrierOf8(const Options& options) { PrintMeetings(options, 8); }

void ReadersOf1(const Options& options) { PrintReaders(options, 1); }
void ReadersOf2(const Options& options) { PrintReaders(options, 2); }
void ReadersOf4(const Options& options) { PrintReaders(options, 4); }

}  // namespace peer
