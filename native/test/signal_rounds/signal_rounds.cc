// Kills waiters, notifiers and setters at random moments, and looks whether the others go on.
//
//   signal_rounds [rounds]
//
// Condition: a notifier puts one item under the lock and notifies one; it puts the next when that
// is taken. So any notification that is lost stops everything. Event: a setter sets and clears at
// once, as soon as all waiters have begun to wait; all of them must come back.
//
// Three processes wait, one notifies or sets; each round kills one of them, half of the time within
// 20 µs of a step that it has just begun, and puts a new one in its place.
//
// A waiter that is killed after its wait was over took its notification along, as any program may,
// and a notifier may have put its item without a notify: then, and only then, the killer notifies
// in its place.
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include "support/condition_world.h"
#include "support/watchdog.h"
#include "sync/event.h"

namespace mp::test {
namespace {

constexpr int kParties = 4;
constexpr int kSender = 0;
constexpr int64_t kStuckNs = 5'000 * os::kNsPerMs;
constexpr int64_t kAimNs = 20'000;

enum class Phase : uint32_t { kOutside, kWaiting, kOver };

struct Stage {
  std::atomic<Phase> phase[kParties];
  std::atomic<uint64_t> turns[kParties];
  std::atomic<uint32_t> aim;  // 1 + index of the party that is to kill itself soon
  std::atomic<uint64_t> items;
  std::atomic<uint32_t> lives[kParties];  // how often a party was put in this place
};

struct World : ConditionWorld {
  layout::SyncObject* event_object = shared.NewObject(layout::ObjectKind::kEvent);
  Stage* stage = shared.New<Stage>();
};

class Actor {
 public:
  Actor(World& world, int index)
      : world_(world), index_(index), self_(world.shared.segment().Enter()), dice_(Seed()) {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    timer_create(CLOCK_MONOTONIC, &event, &death_);
  }

  void TakeItems() {
    for (;;) {
      (void)world_.lock.Acquire(self_, os::Deadline::Never());
      while (world_.stage->items == 0) WaitOnce();
      --world_.stage->items;
      Count();
      (void)world_.lock.Release();
      To(Phase::kOutside);
    }
  }

  void PutItems() {
    for (;;) {
      Obey();
      (void)world_.lock.Acquire(self_, os::Deadline::Never());
      // Half of them are told by nobody: they find the item without a wait.
      if (world_.stage->items == 0) {
        ++world_.stage->items;
        world_.condition.Notify(self_, 1);
      }
      (void)world_.lock.Release();
      while (world_.stage->items != 0) Nap(5'000);
      Count();
    }
  }

  void AwaitEvent() {
    for (;;) {
      sync::Event event(world_.shared.segment(), world_.event_object);
      To(Phase::kWaiting);
      Obey();
      (void)event.Wait(self_, os::Deadline::Never());
      // In this order: the setter must not take this wait for the next one.
      To(Phase::kOutside);
      Count();
    }
  }

  void SetEvent() {
    sync::Event event(world_.shared.segment(), world_.event_object);
    event.Clear();  // the last setter may have died before it could
    for (;;) {
      Wait waits[kParties];
      for (int i = 1; i < kParties; ++i) waits[i] = CurrentWait(i);
      Obey();
      event.Set();
      event.Clear();
      for (int i = 1; i < kParties; ++i) {
        while (!IsOver(i, waits[i])) Nap(5'000);
      }
      Count();
    }
  }

 private:
  /// One wait of one process.
  struct Wait {
    uint32_t life = 0;
    uint64_t turn = 0;
  };

  /// The wait that a party has begun.
  Wait CurrentWait(int index) {
    const Stage& stage = *world_.stage;
    for (;; Nap(5'000)) {
      const Wait wait{stage.lives[index], stage.turns[index]};
      if (stage.phase[index] == Phase::kWaiting && stage.turns[index] == wait.turn) return wait;
    }
  }
  bool IsOver(int index, const Wait& wait) {
    return world_.stage->turns[index] != wait.turn || world_.stage->lives[index] != wait.life;
  }

  static uint32_t Seed() { return std::random_device{}(); }

  void WaitOnce() {
    layout::Ticket* ticket = world_.Enter(self_);
    To(Phase::kWaiting);
    (void)world_.lock.Release();
    Obey();
    (void)world_.condition.Block(self_, ticket, os::Deadline::Never());
    // Just woken, and nothing done yet: too short a moment to be hit by chance.
    if (IsAimedAt() && dice_() % 2 == 0) raise(SIGKILL);
    Obey();
    (void)world_.lock.Acquire(self_, os::Deadline::Never());
    To(Phase::kOver);
    world_.condition.Leave(self_, ticket);
  }

  void To(Phase phase) { world_.stage->phase[index_] = phase; }
  void Count() { ++world_.stage->turns[index_]; }

  [[nodiscard]] bool IsAimedAt() const {
    return world_.stage->aim == static_cast<uint32_t>(index_) + 1;
  }

  /// Dies soon, when the killer wants that.
  void Obey() {
    if (!IsAimedAt()) return;
    itimerspec time{};
    time.it_value.tv_nsec = 1 + static_cast<long>(dice_() % kAimNs);
    timer_settime(death_, 0, &time, nullptr);
  }

  World& world_;
  int index_;
  sync::Id self_;
  std::mt19937 dice_;
  timer_t death_{};
};

class Game {
 public:
  explicit Game(bool is_event) : is_event_(is_event) {
    for (int i = 0; i < kParties; ++i) Start(i);
  }

  void Round() {
    Nap(static_cast<int64_t>(dice_() % 3) * os::kNsPerMs);
    const int victim = static_cast<int>(dice_() % kParties);
    Kill(victim);
    const Phase phase = world_.stage->phase[victim];
    if (!is_event_ && phase != Phase::kWaiting) NotifyInItsPlace();
    world_.stage->phase[victim] = Phase::kOutside;
    ++world_.stage->lives[victim];
    // A new taker would find the item without being told: first the others have to.
    if (!is_event_ && victim != kSender) RequireProgress();
    Start(victim);
    RequireProgress();
  }

  void Stop() {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) waitpid(pid, nullptr, 0);
    std::printf("%s: %d aimed kills, all went on within %.1f ms\n",
                is_event_ ? "event" : "condition", hits_, static_cast<double>(longest_ns_) / 1e6);
    std::fflush(stdout);
  }

 private:
  void Start(int index) {
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      Actor actor(world_, index);
      if (is_event_) index == kSender ? actor.SetEvent() : actor.AwaitEvent();
      index == kSender ? actor.PutItems() : actor.TakeItems();
    }
    pids_[index] = pid;
  }

  void Kill(int victim) {
    if (dice_() % 2 == 0) {
      world_.stage->aim = static_cast<uint32_t>(victim) + 1;
      const os::Deadline deadline = os::Deadline::After(5);
      while (!deadline.IsPast()) {
        if (waitpid(pids_[victim], nullptr, WNOHANG) == pids_[victim]) {
          world_.stage->aim = 0;
          ++hits_;
          return;
        }
        Nap(20'000);
      }
      world_.stage->aim = 0;
    }
    kill(pids_[victim], SIGKILL);
    waitpid(pids_[victim], nullptr, 0);
  }

  void NotifyInItsPlace() {
    const sync::Id self = world_.self.id();
    (void)world_.lock.Acquire(self, os::Deadline::Never());
    world_.condition.Notify(self, 1);
    (void)world_.lock.Release();
  }

  /// The sender has another turn, which it only has when its last was received.
  void RequireProgress() {
    const uint64_t before = world_.stage->turns[kSender];
    const int64_t start_ns = os::MonotonicNs();
    while (world_.stage->turns[kSender] < before + 2) {
      if (os::MonotonicNs() - start_ns > kStuckNs) {
        std::fprintf(stderr, "signal_rounds: nobody goes on; items %lu, state %016lx\n",
                     static_cast<unsigned long>(world_.stage->items.load()),
                     static_cast<unsigned long>(world_.object->head.state.load()));
        std::_Exit(1);
      }
      Nap(20'000);
    }
    longest_ns_ = std::max(longest_ns_, os::MonotonicNs() - start_ns);
  }

  bool is_event_;
  World world_;
  pid_t pids_[kParties]{};
  std::mt19937 dice_{std::random_device{}()};
  int64_t longest_ns_ = 0;
  int hits_ = 0;
};

void Play(bool is_event, int rounds) {
  Game game(is_event);
  for (int i = 0; i < rounds; ++i) game.Round();
  game.Stop();
}

}  // namespace
}  // namespace mp::test

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 200;
  mp::test::Play(false, rounds);
  mp::test::Play(true, rounds);
  return 0;
}
