// Kills processes that contend, and looks whether the others go on.
//
//   kill_rounds [rounds] [--cpu N] [--blocked-ms N] [--median-ms N]
//
// Four processes contend for a lock (in every fourth round: for the two units of a semaphore), each
// in its own manner (kill/party.h). Each round kills a random one of them and puts a new one in its
// place: half of them at a random moment, half of them within 20 µs after they have begun to
// acquire or to release.
//
// Checked each round: the survivors go on within 2 s; nobody was inside together with another; an
// abandoned lock is acquired as abandoned, and only a holder's death makes one; no unit of the
// semaphore is lost but one that the dead held. Prints where the victims were and how long it took
// from the kill to the acquisition of the abandoned lock; fails when the median of that is above
// --median-ms.
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "kill/party.h"
#include "support/watchdog.h"
#include "sync/lock.h"
#include "sync/semaphore.h"

namespace mp::test {
namespace {

constexpr int64_t kProgressNs = 2'000 * os::kNsPerMs;
/// An aimed kill misses when the victim does not come to the point; then it is killed like others.
constexpr int64_t kAimedNs = 5 * os::kNsPerMs;
const char* const kPhaseNames[kPhases] = {"idle", "acquiring", "holding", "releasing"};

struct Options {
  int rounds = 300;
  int64_t blocked_ns = 200 * os::kNsPerMs;
  double median_ms = 0;  // 0: whatever it is
};

/// The parties die with this process.
[[noreturn]] void Exit(const char* what) {
  std::fprintf(stderr, "kill_rounds: %s\n", what);
  std::_Exit(1);
}

/// As in ps: R runs or waits for a processor, S sleeps; ? is gone.
char KernelState(pid_t pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE* file = std::fopen(path, "re");
  if (file == nullptr) return '?';
  char state = '?';
  if (std::fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = '?';
  std::fclose(file);
  return state;
}

class Killer {
 public:
  Killer(bool is_semaphore, const Options& options) {
    contest_.shared = &shared_;
    contest_.is_semaphore = is_semaphore;
    // Its units are counted with everybody at rest, so no loop may keep the others waiting.
    contest_.blocked_ns = is_semaphore ? 10 * os::kNsPerMs : options.blocked_ns;
    void* memory =
        mmap(nullptr, sizeof(Stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) Exit("no memory");
    contest_.stage = new (memory) Stage{};
    contest_.object = is_semaphore ? shared_.NewSemaphore(kUnits, kUnits) : shared_.NewLock();
    for (int i = 0; i < kParties; ++i) Start(i);
  }

  void Round() {
    Nap(Random(3 * os::kNsPerMs));
    const int victim = static_cast<int>(Random(kParties));
    const uint64_t abandoned_before = stage().abandoned;
    Kill(victim);
    const Phase phase = stage().parties[victim].phase;
    ++deaths_[static_cast<int>(phase)];
    RequireProgress(victim);
    if (contest_.is_semaphore) {
      SettleUnits(victim, phase);
    } else {
      SettleOwner(victim, phase, abandoned_before);
    }
    if (stage().violations != 0) Fail("two were inside together, or a release was refused");
    Start(victim);
  }

  void Stop() {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) waitpid(pid, nullptr, 0);
  }

  /// False when recovery took longer than is promised.
  [[nodiscard]] bool Report(const char* name, int rounds, double median_ms) {
    std::printf("%s: %d rounds; victims were", name, rounds);
    for (int i = 0; i < kPhases; ++i) std::printf(" %s %d,", kPhaseNames[i], deaths_[i]);
    std::printf(" %d of them aimed at; all went on within %.1f ms", hits_,
                static_cast<double>(longest_ns_) / 1e6);
    if (contest_.is_semaphore) std::printf("; %d units died with their holders", units_lost_);
    std::printf("\n");
    if (recovery_ns_.empty()) return true;
    std::sort(recovery_ns_.begin(), recovery_ns_.end());
    std::printf(
        "  %zu owners died; to the next owner: median %.3f, p90 %.3f, p99 %.3f, max %.3f ms\n",
        recovery_ns_.size(), RecoveryMs(0.5), RecoveryMs(0.9), RecoveryMs(0.99), RecoveryMs(1));
    return median_ms == 0 || RecoveryMs(0.5) <= median_ms;
  }

 private:
  Stage& stage() { return *contest_.stage; }

  int64_t Random(int64_t below) {
    return std::uniform_int_distribution<int64_t>(0, below - 1)(random_);
  }

  [[nodiscard]] double RecoveryMs(double part) const {
    const auto last = static_cast<double>(recovery_ns_.size() - 1);
    return static_cast<double>(recovery_ns_[static_cast<size_t>(last * part)]) / 1e6;
  }

  void Kill(int victim) {
    const bool is_aimed = Random(2) == 0;
    const bool has_hit = is_aimed && KillsItself(victim);
    if (has_hit) ++hits_;
    stage().aim = 0;
    if (has_hit) return;
    stage().kill_ns = os::MonotonicNs();
    kill(pids_[victim], SIGKILL);
    waitpid(pids_[victim], nullptr, 0);
  }

  [[nodiscard]] bool KillsItself(int victim) {
    stage().aim_phase = Random(2) == 0 ? Phase::kAcquiring : Phase::kReleasing;
    stage().aim = static_cast<uint32_t>(victim) + 1;
    const int64_t until_ns = os::MonotonicNs() + kAimedNs;
    while (waitpid(pids_[victim], nullptr, WNOHANG) == 0) {
      if (os::MonotonicNs() > until_ns) return false;
      Nap(20'000);
    }
    return true;
  }

  void Start(int index) {
    stage().parties[index].phase = Phase::kIdle;
    stage().parties[index].is_paused = 0;
    stage().parties[index].is_blocked = 0;
    const pid_t pid = fork();
    if (pid < 0) Exit("fork failed");
    if (pid == 0) RunParty(contest_, index);
    pids_[index] = pid;
  }

  /// All but the victim, and but who blocks on purpose, acquire again.
  void RequireProgress(int victim) {
    uint64_t before[kParties];
    for (int i = 0; i < kParties; ++i) before[i] = stage().parties[i].acquired;
    const int64_t start_ns = os::MonotonicNs();
    for (int i = 0; i < kParties; ++i) {
      if (i != victim) RequireProgressOf(i, before[i], start_ns);
    }
  }

  void RequireProgressOf(int index, uint64_t before, int64_t start_ns) {
    const PartyRecord& party = stage().parties[index];
    const os::Deadline watchdog = os::Deadline::After(kWatchdogMs);
    while (party.acquired == before && party.is_blocked == 0) {
      const int64_t now_ns = os::MonotonicNs();
      const bool is_late = now_ns > start_ns + kProgressNs;
      // Idle, or able to run, it does not wait for the lock but for a processor.
      if (party.phase == Phase::kIdle || (is_late && KernelState(pids_[index]) == 'R')) {
        start_ns = now_ns;
      } else if (is_late) {
        Fail("a survivor did not go on within 2 s");
      }
      if (watchdog.IsPast()) Fail("a survivor runs and does not go on");
      Nap(20'000);
    }
    longest_ns_ = std::max(longest_ns_, os::MonotonicNs() - start_ns);
  }

  /// For whoever has to find out what went wrong.
  [[noreturn]] void Fail(const char* what) {
    std::fprintf(stderr, "state %016lx, bell %x\n",
                 static_cast<unsigned long>(contest_.object->state.load()),
                 contest_.object->bell.load());
    for (int i = 0; i < kParties; ++i) {
      const PartyRecord& party = stage().parties[i];
      std::fprintf(stderr, "party: id %x, %s, phase %s, acquired %lu, in the kernel: %s%c\n",
                   party.id.load(), shared_.segment().IsAlive(party.id) ? "alive" : "dead",
                   kPhaseNames[static_cast<int>(party.phase.load())],
                   static_cast<unsigned long>(party.acquired.load()),
                   party.is_blocked != 0 ? "blocks on purpose, " : "", KernelState(pids_[i]));
    }
    Exit(what);
  }

  void SettleOwner(int victim, Phase phase, uint64_t abandoned_before) {
    const uint64_t abandoned = stage().abandoned - abandoned_before;
    const bool must = phase == Phase::kHolding;
    const bool must_not = phase == Phase::kIdle;
    if (abandoned > 1 || (abandoned == 1 && must_not)) Fail("abandoned without a holder's death");
    if (abandoned == 0 && must) Fail("a holder's death was not told");
    if (abandoned == 1) recovery_ns_.push_back(stage().abandoned_ns - stage().kill_ns);
    const sync::Id dead = stage().parties[victim].id;
    if (sync::Lock(shared_.segment(), contest_.object).IsOwnedBy(dead)) Fail("the dead own it");
  }

  /// With everybody at rest the units must add up; one that the dead had is made anew.
  void SettleUnits(int victim, Phase phase) {
    // First their flags: one that leaves the last pause right now may still show it.
    for (PartyRecord& party : stage().parties) party.is_paused = 0;
    stage().pause = 1;
    for (const int i : Survivors()) {
      if (!Eventually([&] { return stage().parties[i].is_paused != 0; })) {
        Fail("a survivor did not come to rest");
      }
    }
    const uint64_t state = contest_.object->state;
    const bool granted = (state >> 32 & layout::kBoxMask) == layout::kBoxGranted;
    const uint32_t units = static_cast<uint32_t>(state) + (granted ? 1 : 0);
    const bool may_be_lost = phase != Phase::kIdle;
    const bool must_be_lost = phase == Phase::kHolding;
    if (units > kUnits || (must_be_lost && units == kUnits)) Fail("a unit too many");
    if (units < kUnits - (may_be_lost ? 1 : 0)) Fail("a unit is lost that nobody held");
    if (units < kUnits) {
      ++units_lost_;
      stage().parties[victim].phase = Phase::kIdle;  // before another has its unit
      sync::Semaphore(shared_.segment(), contest_.object).Release(1);
    }
    stage().pause = 0;
  }

  std::vector<int> Survivors() {
    std::vector<int> alive;
    for (int i = 0; i < kParties; ++i) {
      if (waitpid(pids_[i], nullptr, WNOHANG) == 0) alive.push_back(i);
    }
    return alive;
  }

  SharedSegment shared_{{SharedSegment::kCapacity, layout::kMaxSlots}};
  Contest contest_;
  pid_t pids_[kParties]{};
  std::mt19937_64 random_{std::random_device{}()};
  std::vector<int64_t> recovery_ns_;
  int64_t longest_ns_ = 0;
  int deaths_[kPhases]{};
  int hits_ = 0;
  int units_lost_ = 0;
};

void Pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) Exit("cannot pin to that CPU");
}

Options Parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const bool has_value = i + 1 < count;
    if (std::strcmp(words[i], "--cpu") == 0 && has_value) {
      Pin(std::atoi(words[++i]));
    } else if (std::strcmp(words[i], "--blocked-ms") == 0 && has_value) {
      options.blocked_ns = std::atoll(words[++i]) * os::kNsPerMs;
    } else if (std::strcmp(words[i], "--median-ms") == 0 && has_value) {
      options.median_ms = std::atof(words[++i]);
    } else {
      options.rounds = std::atoi(words[i]);
    }
  }
  return options;
}

bool Run(const char* name, bool is_semaphore, int rounds, const Options& options) {
  Killer killer(is_semaphore, options);
  for (int i = 0; i < rounds; ++i) killer.Round();
  killer.Stop();
  return killer.Report(name, rounds, options.median_ms);
}

}  // namespace
}  // namespace mp::test

int main(int argc, char** argv) {
  const mp::test::Options options = mp::test::Parse(argc, argv);
  const int semaphore_rounds = options.rounds / 4;
  const bool is_fast = mp::test::Run("lock", false, options.rounds - semaphore_rounds, options);
  (void)mp::test::Run("semaphore", true, semaphore_rounds, options);
  if (!is_fast) std::fprintf(stderr, "kill_rounds: the median is above what is promised\n");
  return is_fast ? 0 : 1;
}
