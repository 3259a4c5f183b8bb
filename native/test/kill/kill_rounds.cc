// Kills processes that contend, and looks whether the others go on.
//
//   kill_rounds [rounds] [--cpu N] [--blocked-ms N]
//
// Four processes contend for a lock (in every fourth round: for the two units of a semaphore), each
// in its own manner (kill/party.h). Each round kills a random one of them at a random moment and
// puts a new one in its place. Checked each round: the survivors go on within 2 s; nobody was inside
// together with another; an abandoned lock is acquired as abandoned, and only a holder's death
// makes one; no unit of the semaphore is lost but one that the dead held. Prints how long it took
// from the kill to the acquisition of the abandoned lock.
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
constexpr uint32_t kUnits = 2;

struct Options {
  int rounds = 300;
  int64_t blocked_ns = 200 * os::kNsPerMs;
};

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "kill_rounds: %s\n", what);
  kill(0, SIGTERM);  // the parties are in this process group
  std::_Exit(1);
}

class Killer {
 public:
  Killer(bool is_semaphore, const Options& options) {
    contest_.shared = &shared_;
    contest_.is_semaphore = is_semaphore;
    contest_.blocked_ns = is_semaphore ? os::kNsPerMs : options.blocked_ns;
    void* memory =
        mmap(nullptr, sizeof(Stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) Fail("no memory");
    contest_.stage = new (memory) Stage{};
    contest_.object = is_semaphore ? shared_.NewSemaphore(kUnits, kUnits) : shared_.NewLock();
    for (int i = 0; i < kParties; ++i) Start(i);
  }

  void Round() {
    Nap(Random(3 * os::kNsPerMs));
    const int victim = static_cast<int>(Random(kParties));
    const int64_t kill_ns = os::MonotonicNs();
    const uint64_t abandoned_before = stage().abandoned;
    kill(pids_[victim], SIGKILL);
    waitpid(pids_[victim], nullptr, 0);
    const Phase phase = stage().parties[victim].phase;
    RequireProgress(victim);
    if (contest_.is_semaphore) {
      SettleUnits(phase);
    } else {
      SettleOwner(victim, phase, kill_ns, abandoned_before);
    }
    if (stage().violations != 0) Fail("two were inside together, or a release was refused");
    Start(victim);
  }

  void Stop() {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) waitpid(pid, nullptr, 0);
  }

  void Report(const char* name, int rounds) {
    std::printf("%s: %d rounds", name, rounds);
    if (!recovery_ns_.empty()) {
      std::sort(recovery_ns_.begin(), recovery_ns_.end());
      const auto at = [&](double part) {
        const auto last = static_cast<double>(recovery_ns_.size() - 1);
        return static_cast<double>(recovery_ns_[static_cast<size_t>(last * part)]) / 1e6;
      };
      std::printf("; %zu holders died; to the next owner: median %.3f, p99 %.3f, max %.3f ms",
                  recovery_ns_.size(), at(0.5), at(0.99), at(1));
    }
    if (contest_.is_semaphore) std::printf("; %d units died with holders", units_lost_);
    std::printf("\n");
  }

 private:
  Stage& stage() { return *contest_.stage; }

  int64_t Random(int64_t below) {
    return std::uniform_int_distribution<int64_t>(0, below - 1)(random_);
  }

  void Start(int index) {
    stage().parties[index].phase = Phase::kIdle;
    stage().parties[index].is_paused = 0;
    const pid_t pid = fork();
    if (pid < 0) Fail("fork failed");
    if (pid == 0) RunParty(contest_, index);
    pids_[index] = pid;
  }

  /// The parties that neither block on purpose nor have just died acquire again.
  void RequireProgress(int victim) {
    uint64_t before[kParties];
    for (int i = 0; i < kParties; ++i) before[i] = stage().parties[i].acquired;
    const int64_t until_ns = os::MonotonicNs() + kProgressNs;
    for (int i = 0; i < kParties; ++i) {
      if (i == victim || static_cast<Manner>(i) == Manner::kBusyLoop) continue;
      while (stage().parties[i].acquired == before[i]) {
        if (os::MonotonicNs() > until_ns) {
          Describe();
          Fail("a survivor did not go on within 2 s");
        }
        Nap(20'000);
      }
    }
  }

  /// For whoever has to find out what went wrong.
  void Describe() {
    std::fprintf(stderr, "state %016lx, bell %x\n",
                 static_cast<unsigned long>(contest_.object->state.load()),
                 contest_.object->bell.load());
    for (const PartyRecord& party : stage().parties) {
      std::fprintf(stderr, "party: id %x, %s, phase %u, acquired %lu\n", party.id.load(),
                   shared_.segment().IsAlive(party.id) ? "alive" : "dead",
                   static_cast<unsigned>(party.phase.load()),
                   static_cast<unsigned long>(party.acquired.load()));
    }
  }

  void SettleOwner(int victim, Phase phase, int64_t kill_ns, uint64_t abandoned_before) {
    const uint64_t abandoned = stage().abandoned - abandoned_before;
    const bool must = phase == Phase::kHolding;
    const bool must_not = phase == Phase::kIdle;
    if (abandoned > 1 || (abandoned == 1 && must_not)) Fail("abandoned without a holder's death");
    if (abandoned == 0 && must) Fail("a holder's death was not told");
    if (abandoned == 1) recovery_ns_.push_back(stage().abandoned_ns - kill_ns);
    const sync::Id dead = stage().parties[victim].id;
    if (sync::Lock(shared_.segment(), contest_.object).IsOwnedBy(dead)) Fail("the dead own it");
  }

  /// With everybody at rest the units must add up; one that the dead had is made anew.
  void SettleUnits(Phase phase) {
    stage().pause = 1;
    const int64_t until_ns = os::MonotonicNs() + kProgressNs;
    for (const int i : Survivors()) {
      while (stage().parties[i].is_paused == 0) {
        if (os::MonotonicNs() > until_ns) Fail("a survivor did not come to rest within 2 s");
        Nap(20'000);
      }
    }
    stage().holders = 0;
    const uint64_t state = contest_.object->state;
    const bool granted = (state >> 32 & layout::kBoxMask) == layout::kBoxGranted;
    const uint32_t units = static_cast<uint32_t>(state) + (granted ? 1 : 0);
    const bool may_be_lost = phase != Phase::kIdle;
    const bool must_be_lost = phase == Phase::kHolding;
    if (units > kUnits || (must_be_lost && units == kUnits)) Fail("a unit too many");
    if (units < kUnits - (may_be_lost ? 1 : 0)) Fail("a unit is lost that nobody held");
    if (units < kUnits) {
      ++units_lost_;
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
  int units_lost_ = 0;
};

void Pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) Fail("cannot pin to that CPU");
}

Options Parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const bool has_value = i + 1 < count;
    if (std::strcmp(words[i], "--cpu") == 0 && has_value) {
      Pin(std::atoi(words[++i]));
    } else if (std::strcmp(words[i], "--blocked-ms") == 0 && has_value) {
      options.blocked_ns = std::atoll(words[++i]) * os::kNsPerMs;
    } else {
      options.rounds = std::atoi(words[i]);
    }
  }
  return options;
}

void Run(const char* name, bool is_semaphore, int rounds, const Options& options) {
  Killer killer(is_semaphore, options);
  for (int i = 0; i < rounds; ++i) killer.Round();
  killer.Stop();
  killer.Report(name, rounds);
}

}  // namespace
}  // namespace mp::test

int main(int argc, char** argv) {
  setpgid(0, 0);
  const mp::test::Options options = mp::test::Parse(argc, argv);
  const int semaphore_rounds = options.rounds / 4;
  mp::test::Run("lock", false, options.rounds - semaphore_rounds, options);
  mp::test::Run("semaphore", true, semaphore_rounds, options);
  return 0;
}
