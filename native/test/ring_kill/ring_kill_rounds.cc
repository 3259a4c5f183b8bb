// Kills producers and consumers of a ring, and accounts for every message.
//
//   ring_kill_rounds [rounds] [--cpu N]
//
// Three producers and three consumers, each in its own manner: blocking, with random timeouts, as
// an event loop with random cancellations. Each round kills a random one of them and puts a new one
// in its place: half of them at a random moment, half of them within 20 µs after they have begun to
// wait for the ring, or to put or get.
//
// Checked each round: messages go on within 2 s. At the end every message that was acknowledged
// came exactly once, whole, and after its predecessors, but for at most one in the hand of each
// consumer that was killed; one that its killed producer had begun came once or not; no chunk of
// the ring's memory is lost.
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>

#include "ring_kill/stage.h"
#include "support/watchdog.h"

namespace mp::test {
namespace {

constexpr int64_t kProgressNs = 2'000 * os::kNsPerMs;
/// An aimed kill misses when the victim does not come to the point; then it is killed like others.
constexpr int64_t kAimedNs = 5 * os::kNsPerMs;
constexpr uint32_t kMostItems = 256;
constexpr uint32_t kMostBytes = 1U << 20;
const char* const kPhaseNames[kPhases] = {"idle", "waiting", "moving"};

/// The parties die with this process.
[[noreturn]] void Exit(const char* what) {
  std::fprintf(stderr, "ring_kill_rounds: %s\n", what);
  std::_Exit(1);
}

class RingKiller {
 public:
  RingKiller() {
    contest_.shared = &shared_;
    void* memory = mmap(nullptr, sizeof(RingStage), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) Exit("no memory");
    contest_.stage = static_cast<RingStage*>(memory);  // zero is its initial value
    const sync::Allocation made =
        shared_.allocator().Allocate(self_.id(), sync::MessageRing::kBytes);
    if (made.fault != sync::AllocationFault::kNone) Exit("no memory for the ring");
    contest_.ring = reinterpret_cast<layout::Ring*>(shared_.segment().base() + made.offset);
    sync::MessageRing::Format(contest_.ring, kMostItems, kMostBytes);
    used_at_start_ = UsedBytes();
    for (int i = 0; i < kParties; ++i) Start(i);
  }

  void Round() {
    Nap(Random(3 * os::kNsPerMs));
    const int victim = static_cast<int>(Random(kParties));
    Kill(victim);
    Settle(victim);
    Start(victim);
    RequireProgress();
  }

  /// Lets the producers end, and the consumers when they have got everything.
  void Stop() {
    stage().stops = 1;
    for (int i = 0; i < kSeats; ++i) RequireEnd(i);
    ring().ShutDown(self_.id(), false);
    for (int i = kSeats; i < kParties; ++i) RequireEnd(i);
    RequireMemory();
  }

  void Account() {
    uint64_t total = 0;
    for (uint64_t seat = 0; seat < kSeats; ++seat) {
      const uint32_t began = stage().began[seat];
      total += began;
      for (uint32_t number = 0; number < began; ++number) {
        const uint64_t message = seat * kMostMessages + number;
        const uint8_t times = stage().seen[message];
        if (times == 1) continue;
        if (times > 1) Exit("a message came twice");
        const bool was_in_hand = in_hands_.count(message) != 0;
        if (!was_in_hand && unacknowledged_.count(message) == 0) Exit("a message is lost");
        ++(was_in_hand ? lost_ : not_put_);
      }
    }
    if (stage().doubled != 0) Exit("a message came twice");
    std::printf("%d rounds; victims were", rounds_);
    for (int i = 0; i < kPhases; ++i) std::printf(" %s %d,", kPhaseNames[i], deaths_[i]);
    std::printf(
        " %d of them aimed at; %lu messages: %d lost in the hands of %d killed consumers, %d of "
        "%zu "
        "not acknowledged never came; all went on within %.1f ms\n",
        hits_, static_cast<unsigned long>(total), lost_, consumers_killed_, not_put_,
        unacknowledged_.size(), static_cast<double>(longest_ns_) / 1e6);
  }

 private:
  RingStage& stage() { return *contest_.stage; }
  sync::MessageRing ring() { return {shared_.segment(), shared_.allocator(), contest_.ring}; }
  uint64_t UsedBytes() { return shared_.segment().header()->used_bytes.load(); }

  int64_t Random(int64_t below) {
    return std::uniform_int_distribution<int64_t>(0, below - 1)(random_);
  }

  void Start(int index) {
    stage().parties[index].phase = Phase::kIdle;
    stage().parties[index].in_hand = 0;
    const pid_t pid = fork();
    if (pid < 0) Exit("fork failed");
    if (pid == 0) RunRingParty(contest_, index);
    pids_[index] = pid;
  }

  void Kill(int victim) {
    const bool has_hit = Random(2) == 0 && KillsItself(victim);
    stage().aim = 0;
    hits_ += has_hit ? 1 : 0;
    if (has_hit) return;
    kill(pids_[victim], SIGKILL);
    int status = 0;
    waitpid(pids_[victim], &status, 0);
    if (!WIFSIGNALED(status)) Fail("a party ended by itself");
  }

  [[nodiscard]] bool KillsItself(int victim) {
    stage().aim_phase = Random(2) == 0 ? Phase::kWaiting : Phase::kMoving;
    stage().aim = static_cast<uint32_t>(victim) + 1;
    const int64_t until_ns = os::MonotonicNs() + kAimedNs;
    int status = 0;
    while (waitpid(pids_[victim], &status, WNOHANG) == 0) {
      if (os::MonotonicNs() > until_ns) return false;
      Nap(20'000);
    }
    if (!WIFSIGNALED(status)) Fail("a party ended by itself");
    return true;
  }

  /// What the victim leaves uncertain.
  void Settle(int victim) {
    const PartyRecord& party = stage().parties[victim];
    ++deaths_[static_cast<int>(party.phase.load())];
    ++rounds_;
    if (victim < kSeats) {
      const uint32_t began = stage().began[victim];
      if (stage().acknowledged[victim] == began) return;
      unacknowledged_.insert(static_cast<uint64_t>(victim) * kMostMessages + began - 1);
      return;
    }
    ++consumers_killed_;
    if (party.in_hand != 0) in_hands_.insert(party.in_hand - 1);
  }

  /// Others put and get.
  void RequireProgress() {
    const uint64_t before = stage().consumed;
    const int64_t start_ns = os::MonotonicNs();
    while (stage().consumed < before + 3) {
      if (os::MonotonicNs() > start_ns + kProgressNs) Fail("nothing was got for 2 s");
      Nap(20'000);
    }
    longest_ns_ = std::max(longest_ns_, os::MonotonicNs() - start_ns);
    if (stage().torn != 0) Fail("a message was not whole");
    if (stage().disordered != 0) Fail("a message came after its successor");
  }

  void RequireEnd(int index) {
    int status = 0;
    const bool ended =
        Eventually([&] { return waitpid(pids_[index], &status, WNOHANG) == pids_[index]; });
    if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) != 0) Fail("a party did not end well");
  }

  /// All that it has grown by is a chunk that is in use.
  void RequireMemory() {
    const os::Deadline now = os::Deadline::After(0);
    // Mends what the last victims left.
    if (ring().BeginGet(self_.id(), now) == sync::RingResult::kShutDown) ring().CancelGet();
    ring().MendPut(self_.id());
    const layout::Ring& left = *contest_.ring;
    const bool has_grown = left.put_chunk != offsetof(layout::Ring, first_chunk);
    const uint64_t chunk = has_grown ? left.grown_bytes + sizeof(layout::Chunk) : 0;
    if (left.growing != 0 || left.retired != 0) Fail("a chunk is neither used nor freed");
    if (UsedBytes() != used_at_start_ + chunk) Fail("a chunk is lost");
  }

  /// For whoever has to find out what went wrong.
  [[noreturn]] void Fail(const char* what) {
    const layout::Ring& ring = *contest_.ring;
    std::fprintf(stderr, "put_lock %016lx get_lock %016lx head %016lx tail %016lx\n",
                 static_cast<unsigned long>(ring.put_lock),
                 static_cast<unsigned long>(ring.get_lock), static_cast<unsigned long>(ring.head),
                 static_cast<unsigned long>(ring.tail));
    std::fprintf(stderr, "used %lu, at start %lu, grown %u\n",
                 static_cast<unsigned long>(UsedBytes()),
                 static_cast<unsigned long>(used_at_start_), ring.grown_bytes);
    for (int i = 0; i < kParties; ++i) {
      std::fprintf(stderr, "party %d: %s\n", i,
                   kPhaseNames[static_cast<int>(stage().parties[i].phase.load())]);
    }
    Exit(what);
  }

  SharedSegment shared_{{64ULL << 20, layout::kMaxSlots}};
  Party self_{shared_};
  RingContest contest_;
  pid_t pids_[kParties]{};
  std::mt19937_64 random_{std::random_device{}()};
  std::set<uint64_t> unacknowledged_;
  std::set<uint64_t> in_hands_;
  uint64_t used_at_start_ = 0;
  int64_t longest_ns_ = 0;
  int deaths_[kPhases]{};
  int rounds_ = 0;
  int hits_ = 0;
  int consumers_killed_ = 0;
  int lost_ = 0;
  int not_put_ = 0;
};

void Pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) Exit("cannot pin to that CPU");
}

}  // namespace
}  // namespace mp::test

int main(int argc, char** argv) {
  int rounds = 300;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--cpu") == 0 && i + 1 < argc) {
      mp::test::Pin(std::atoi(argv[++i]));
    } else {
      rounds = std::atoi(argv[i]);
    }
  }
  mp::test::RingKiller killer;
  for (int i = 0; i < rounds; ++i) killer.Round();
  killer.Stop();
  killer.Account();
  return 0;
}
