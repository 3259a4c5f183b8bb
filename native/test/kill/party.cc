// A party's life; see the header.
#include "kill/party.h"

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include <memory>
#include <optional>
#include <random>

#include "support/event_loop.h"
#include "support/own_death.h"
#include "support/watchdog.h"
#include "sync/lock.h"
#include "sync/semaphore.h"

namespace mp::test {
namespace {

using sync::Outcome;

/// About how long a slow acquire or release runs before it sleeps or is done.
constexpr int64_t kAimNs = 20'000;

class Contender {
 public:
  Contender(const Contest& contest, int index)
      : contest_(contest),
        me_(contest.stage->parties[index]),
        mark_(static_cast<uint32_t>(index) + 1),
        manner_(static_cast<Manner>(index)),
        segment_(contest.shared->segment()),
        self_(segment_.Enter()),
        lock_(segment_, contest.object),
        semaphore_(segment_, contest.object),
        random_(std::random_device{}()) {
    me_.id = self_;
    if (manner_ == Manner::kRung) loop_.emplace(segment_, self_, Bell::kPublished);
    if (manner_ == Manner::kBusyLoop) loop_.emplace(segment_, self_, Bell::kNone);
  }

  void Round() {
    PauseIfAsked();
    Begin(Phase::kAcquiring);
    const bool acquired = Acquire();
    if (acquired) {
      Hold();
      Release();
    }
    me_.phase = Phase::kIdle;
    Linger(20'000);
  }

 private:
  int64_t Random(int64_t below) {
    return std::uniform_int_distribution<int64_t>(0, below - 1)(random_);
  }

  void Begin(Phase phase) {
    Stage& stage = *contest_.stage;
    me_.phase = phase;
    if (stage.aim != mark_ || stage.aim_phase != phase) return;
    const int64_t left_ns = Random(kAimNs) + 1;
    stage.kill_ns = os::MonotonicNs() + left_ns;
    death_.After(left_ns);
  }

  /// Busy most of the time, so that kills hit every line; asleep now and then.
  void Linger(int64_t most_ns) {
    const int64_t until_ns = os::MonotonicNs() + Random(most_ns);
    if (Random(8) == 0) Nap(Random(most_ns) + 1);
    while (os::MonotonicNs() < until_ns) {
    }
  }

  void PauseIfAsked() {
    while (contest_.stage->pause.load() != 0) {
      me_.is_paused = 1;
      Nap(50'000);
    }
    me_.is_paused = 0;
  }

  std::unique_ptr<sync::Awaitable> Awaited() {
    if (contest_.is_semaphore) {
      return std::make_unique<sync::Semaphore>(segment_, contest_.object);
    }
    return std::make_unique<sync::Lock>(segment_, contest_.object);
  }

  Outcome AcquireSync(os::Deadline deadline) {
    return contest_.is_semaphore ? semaphore_.Acquire(self_, deadline)
                                 : lock_.Acquire(self_, deadline);
  }

  bool Acquire() {
    switch (manner_) {
      case Manner::kBlocking:
        return AcquireSync(os::Deadline::Never()) == Outcome::kAcquired;
      case Manner::kTimed:
        return AcquireSync(os::Deadline::After(Random(2000) / 1000.0)) == Outcome::kAcquired;
      case Manner::kRung:
        return Await(Random(3) == 0 ? os::Deadline::After(Random(1000) / 1000.0)
                                    : os::Deadline::Never());
      case Manner::kBusyLoop:
        return Await(os::Deadline::Never());
    }
    return false;
  }

  bool Await(os::Deadline deadline) {
    LoopWait wait(sync::WaitHub::Instance(), *loop_, Awaited(), self_);
    const bool blocks = manner_ == Manner::kBusyLoop && Random(50) == 0;
    if (blocks && !wait.has_acquired()) {
      me_.is_blocked = 1;
      Nap(contest_.blocked_ns);
      me_.is_blocked = 0;
    }
    return wait.Finish(deadline);
  }

  void Check(bool holds) {
    if (!holds) ++contest_.stage->violations;
  }

  void Hold() {
    me_.phase = Phase::kHolding;
    ++me_.acquired;
    if (contest_.is_semaphore) {
      HoldUnit();
    } else {
      HoldLock();
    }
  }

  void HoldUnit() {
    uint32_t holders = 0;
    for (const PartyRecord& party : contest_.stage->parties) {
      if (party.phase == Phase::kHolding) ++holders;
    }
    Check(holders <= kUnits);
    Linger(30'000);
  }

  void HoldLock() {
    Stage& stage = *contest_.stage;
    const bool abandoned = lock_.IsAbandoned();
    if (abandoned) {
      stage.abandoned_ns = os::MonotonicNs();
      ++stage.abandoned;
    }
    // A dead owner may have left its mark, or died just beside setting or clearing it.
    const uint32_t before = stage.inside.exchange(mark_);
    Check(before == 0 || abandoned);
    Linger(30'000);
    Check(stage.inside.exchange(0) == mark_);
  }

  void Release() {
    Begin(Phase::kReleasing);
    const Outcome outcome = contest_.is_semaphore ? semaphore_.Release(1) : lock_.Release();
    Check(outcome == Outcome::kReleased);
  }

  const Contest& contest_;
  PartyRecord& me_;
  uint32_t mark_;
  Manner manner_;
  sync::Segment& segment_;
  sync::Id self_;
  sync::Lock lock_;
  sync::Semaphore semaphore_;
  std::mt19937_64 random_;
  std::optional<EventLoop> loop_;
  OwnDeath death_;
};

}  // namespace

void RunParty(const Contest& contest, int index) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody is left behind
  signal(SIGPIPE, SIG_IGN);          // as Node does
  Contender contender(contest, index);
  for (;;) contender.Round();
}

}  // namespace mp::test
