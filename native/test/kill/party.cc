// A party's life; see the header.
#include "kill/party.h"

#include <signal.h>

#include <memory>
#include <optional>
#include <random>

#include "support/event_loop.h"
#include "support/watchdog.h"
#include "sync/lock.h"
#include "sync/semaphore.h"

namespace mp::test {
namespace {

using sync::Outcome;

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
    me_.phase = Phase::kAcquiring;
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
    if (blocks) Nap(contest_.blocked_ns);
    return wait.Finish(deadline);
  }

  void Check(bool holds) {
    if (!holds) ++contest_.stage->violations;
  }

  void Hold() {
    Stage& stage = *contest_.stage;
    me_.phase = Phase::kHolding;
    ++me_.acquired;
    if (contest_.is_semaphore) {
      ++stage.holders;
      Linger(30'000);
      --stage.holders;
      return;
    }
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
    me_.phase = Phase::kReleasing;
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
};

}  // namespace

void RunParty(const Contest& contest, int index) {
  signal(SIGPIPE, SIG_IGN);  // as Node does
  Contender contender(contest, index);
  for (;;) contender.Round();
}

}  // namespace mp::test
