// sync/condition.h: every row of its tables, whom a notify grants, and what becomes of the grants
// of those who leave or die.
#include "sync/condition.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "support/child.h"
#include "support/condition_world.h"
#include "support/event_loop.h"
#include "support/sleeper.h"
#include "support/watchdog.h"
#include "sync/references.h"
#include "sync/wait_hub.h"

namespace {

using mp::layout::kBlockTickets;
using mp::layout::Ticket;
using mp::os::Deadline;
using mp::sync::ConditionWait;
using mp::sync::Outcome;
using mp::test::ConditionWorld;
using mp::test::Eventually;
using mp::test::Party;
using mp::test::Sleeper;

struct TicketWorld : ConditionWorld {
  Party first{shared};
  Party second{shared};
  Party third{shared};

  void Notify(uint32_t count) { condition.Notify(self.id(), count); }
  [[nodiscard]] Ticket* EnterAndDie() {
    Party doomed(shared);
    return Enter(doomed.id());
  }
};

TEST_SUITE("a notify") {
  TEST_CASE_FIXTURE(TicketWorld, "grants the waits that began first, and no more than asked") {
    Ticket* a = Enter(first.id());
    Ticket* b = Enter(second.id());
    Ticket* c = Enter(third.id());
    CHECK(HasWaiters());
    Notify(1);
    CHECK(IsGranted(a));
    CHECK_FALSE(IsGranted(b));
    Notify(2);
    CHECK(IsGranted(b));
    CHECK(IsGranted(c));
  }

  TEST_CASE_FIXTURE(TicketWorld, "keeps the order when tickets are used again") {
    Ticket* a = Enter(first.id());
    Ticket* b = Enter(second.id());
    condition.Abandon(first.id(), a);
    Ticket* c = Enter(third.id());
    CHECK(c == a);
    Notify(1);
    CHECK(IsGranted(b));
    CHECK_FALSE(IsGranted(c));
  }

  TEST_CASE_FIXTURE(TicketWorld, "keeps the order when the sequence begins again") {
    object->head.state.store(uint64_t{UINT32_MAX} << 32);
    Ticket* a = Enter(first.id());
    Ticket* b = Enter(second.id());
    Notify(1);
    CHECK(IsGranted(a));
    CHECK_FALSE(IsGranted(b));
  }

  TEST_CASE_FIXTURE(TicketWorld, "of all grants all, and says that nobody waits any more") {
    Ticket* a = Enter(first.id());
    Ticket* b = Enter(second.id());
    Notify(UINT32_MAX);
    CHECK(IsGranted(a));
    CHECK(IsGranted(b));
    CHECK_FALSE(HasWaiters());
  }

  TEST_CASE_FIXTURE(TicketWorld, "of nobody changes nothing, not even for whoever comes later") {
    Notify(3);
    Ticket* a = Enter(first.id());
    CHECK_FALSE(IsGranted(a));
    CHECK(HasWaiters());
  }

  TEST_CASE_FIXTURE(TicketWorld, "passes over those who died while they waited") {
    Party doomed(shared);
    Ticket* dead = Enter(doomed.id());
    Ticket* b = Enter(second.id());
    doomed.End();
    Notify(1);
    CHECK(StateOf(dead) == mp::layout::kTicketFree);
    CHECK(IsGranted(b));
  }

  TEST_CASE_FIXTURE(TicketWorld, "grants one more for each who died after it was notified") {
    Party doomed(shared);
    Ticket* dead = Enter(doomed.id());
    Ticket* b = Enter(second.id());
    Ticket* c = Enter(third.id());
    Notify(1);
    REQUIRE(IsGranted(dead));
    doomed.End();
    Notify(1);
    CHECK(StateOf(dead) == mp::layout::kTicketFree);
    CHECK(IsGranted(b));
    CHECK(IsGranted(c));
  }

  TEST_CASE_FIXTURE(TicketWorld, "wakes whom it grants and nobody else") {
    Ticket* a = Enter(first.id());
    Ticket* b = Enter(second.id());
    Sleeper granted(condition.PointOf(a));
    Sleeper other(condition.PointOf(b));
    REQUIRE(granted.FallsAsleep());
    REQUIRE(other.FallsAsleep());
    Notify(1);
    CHECK(granted.WakesUp());
    CHECK_FALSE(other.is_awake());
    Notify(1);
    CHECK(other.WakesUp());
  }

  TEST_CASE_FIXTURE(TicketWorld, "reaches more waiters than an object has tickets") {
    std::vector<Ticket*> tickets;
    for (uint32_t i = 0; i < 3 * kBlockTickets; ++i) tickets.push_back(Enter(first.id()));
    Notify(3 * kBlockTickets - 1);
    for (Ticket* ticket : tickets) CHECK(IsGranted(ticket) == (ticket != tickets.back()));
    const uint64_t used = shared.segment().header()->used_bytes.load();
    for (Ticket* ticket : tickets) condition.Leave(first.id(), ticket);
    // The blocks stay, and are used again; they end with the object.
    for (uint32_t i = 0; i < 3 * kBlockTickets; ++i) CHECK(Enter(first.id()) != nullptr);
    CHECK(shared.segment().header()->used_bytes.load() == used);
  }
}

TEST_CASE_FIXTURE(TicketWorld, "the blocks of tickets end with their object") {
  mp::sync::References references(shared.allocator());
  const uint64_t used = shared.segment().header()->used_bytes.load();
  const mp::sync::Allocation made =
      references.Create(self.id(), sizeof(mp::layout::ConditionObject));
  REQUIRE(made.ok());
  auto* other =
      reinterpret_cast<mp::layout::ConditionObject*>(shared.segment().base() + made.offset);
  other->head.kind = static_cast<uint32_t>(mp::layout::ObjectKind::kCondition);
  mp::sync::Condition crowded(shared.segment(), other);
  for (uint32_t i = 0; i < 3 * kBlockTickets; ++i) {
    CHECK(crowded.Enter(first.id(), shared.allocator()).ticket != nullptr);
  }
  CHECK(shared.segment().header()->used_bytes.load() ==
        used + sizeof(mp::layout::ConditionObject) + 2 * sizeof(mp::layout::TicketBlock));
  CHECK(references.Drop(self.id(), made.offset));
  CHECK(shared.segment().header()->used_bytes.load() == used);
}

TEST_SUITE("a ticket") {
  TEST_CASE_FIXTURE(TicketWorld, "that is left by a timeout is free, and the flag with it") {
    Ticket* a = Enter(first.id());
    CHECK(condition.Block(first.id(), a, Deadline::After(1)) == Outcome::kBusy);
    CHECK(StateOf(a) == mp::layout::kTicketFree);
    CHECK_FALSE(HasWaiters());
  }

  TEST_CASE_FIXTURE(TicketWorld, "that was granted and is left goes to the next") {
    Ticket* a = Enter(first.id());
    Ticket* b = Enter(second.id());
    Notify(1);
    ConditionWait(condition, a).Withdraw(first.id());
    CHECK(StateOf(a) == mp::layout::kTicketFree);
    CHECK(IsGranted(b));
  }

  TEST_CASE_FIXTURE(TicketWorld, "that was granted stays so when its loop is busy") {
    Ticket* a = Enter(first.id());
    Notify(1);
    ConditionWait wait(condition, a);
    wait.PassOn(first.id());
    CHECK(IsGranted(a));
    mp::sync::Waiter waiter(0);
    CHECK(wait.Attempt(first.id(), waiter) == Outcome::kAcquired);
  }

  TEST_CASE_FIXTURE(TicketWorld, "whose waiter died waiting is used again") {
    Ticket* dead = EnterAndDie();
    CHECK(Enter(first.id()) == dead);
  }

  TEST_CASE_FIXTURE(TicketWorld, "whose waiter died notified is not used before it is passed on") {
    Party doomed(shared);
    Ticket* dead = Enter(doomed.id());
    Notify(1);
    doomed.End();
    Ticket* a = Enter(first.id());
    CHECK(a != dead);
    condition.LookForDead(second.id());
    CHECK(StateOf(dead) == mp::layout::kTicketFree);
    CHECK(IsGranted(a));
  }

  TEST_CASE_FIXTURE(TicketWorld, "is looked after by one of the waiters, not by all at once") {
    Party doomed(shared);
    condition.LookForDead(second.id());
    Ticket* dead = Enter(doomed.id());
    Notify(1);
    doomed.End();
    Ticket* a = Enter(first.id());
    condition.LookForDead(third.id());
    const bool is_early = !IsGranted(a);  // unless this machine took 25 ms for it
    CHECK((is_early || StateOf(dead) == mp::layout::kTicketFree));
    CHECK(Eventually([&] {
      condition.LookForDead(third.id());
      return IsGranted(a);
    }));
  }

  TEST_CASE_FIXTURE(TicketWorld, "that somebody died passing on is passed on by the next") {
    Ticket* a = Enter(first.id());
    Ticket* passing = Enter(second.id());
    // As it is between the taking over and the grant of the next.
    Party passer(shared);
    const uint64_t sequence = passing->word.load() & UINT32_MAX;
    passing->word.store(uint64_t{mp::layout::kTicketGranted | passer.id()} << 32 | sequence);
    condition.LookForDead(third.id());
    CHECK_FALSE(IsGranted(a));
    passer.End();
    CHECK(Eventually([&] {
      condition.LookForDead(third.id());
      return IsGranted(a);
    }));
    CHECK(StateOf(passing) == mp::layout::kTicketFree);
  }
}

TEST_SUITE("a wait for a condition") {
  TEST_CASE_FIXTURE(TicketWorld, "ends with the notify and with its deadline") {
    REQUIRE(lock.TryAcquire(first.id()) == Outcome::kAcquired);
    CHECK_FALSE(Wait(condition, first.id(), Deadline::After(5)));
    CHECK(lock.IsOwnedBy(first.id()));
    std::thread notifier([&] {
      REQUIRE(Eventually([&] { return HasWaiters(); }));
      REQUIRE(lock.Acquire(self.id(), Deadline::Never()) == Outcome::kAcquired);
      Notify(1);
      CHECK(lock.Release() == Outcome::kReleased);
    });
    CHECK(Wait(condition, first.id(), Deadline::After(mp::test::kWatchdogMs)));
    CHECK(lock.IsOwnedBy(first.id()));
    CHECK(lock.Release() == Outcome::kReleased);
    notifier.join();
    CHECK_FALSE(HasWaiters());
  }

  TEST_CASE_FIXTURE(TicketWorld, "of an event loop ends by its doorbell, or else by the hub") {
    signal(SIGPIPE, SIG_IGN);
    for (const mp::test::Bell bell : {mp::test::Bell::kPublished, mp::test::Bell::kNone}) {
      mp::test::EventLoop loop(shared.segment(), first.id(), bell);
      Ticket* ticket = Enter(first.id());
      mp::test::LoopWait wait(mp::sync::WaitHub::Instance(), loop,
                              std::make_unique<ConditionWait>(condition, ticket), first.id());
      CHECK_FALSE(wait.has_acquired());
      Notify(1);
      CHECK(wait.Finish(Deadline::After(mp::test::kWatchdogMs)));
      condition.Leave(first.id(), ticket);
    }
  }

  TEST_CASE_FIXTURE(TicketWorld, "gets what another was killed with") {
    mp::test::Child doomed([&]() -> int {
      const mp::sync::Id id = shared.segment().Enter();
      (void)Enter(id);
      mp::test::SleepForEver();
    });
    REQUIRE(Eventually([&] { return HasWaiters(); }));
    Ticket* mine = Enter(first.id());
    Notify(1);
    REQUIRE_FALSE(IsGranted(mine));
    doomed.Kill();
    CHECK(condition.Block(first.id(), mine, Deadline::After(mp::test::kWatchdogMs)) ==
          Outcome::kAcquired);
  }
}

/// Threads that put and take, with timeouts, under one lock with two conditions.
TEST_CASE_FIXTURE(ConditionWorld, "a bounded list loses nothing, whoever waits how long") {
  constexpr int kItems = 3000;
  constexpr int kRoom = 4;
  int stored = 0;  // these are not atomic: the lock orders them
  int made = 0;
  int taken = 0;
  mp::sync::Condition has_room(shared.segment(), NewCondition());
  mp::sync::Condition has_items(shared.segment(), NewCondition());
  std::vector<std::thread> threads;
  const auto work = [&](uint32_t seed, bool is_producer) {
    const Party party(shared);
    std::mt19937 dice(seed);
    const auto is_over = [&] { return is_producer ? made == kItems : taken == kItems; };
    mp::sync::Condition& mine = is_producer ? has_room : has_items;
    mp::sync::Condition& theirs = is_producer ? has_items : has_room;
    (void)lock.Acquire(party.id(), Deadline::Never());
    while (!is_over()) {
      const bool can = is_producer ? stored < kRoom : stored > 0;
      if (!can) {
        const bool is_timed = dice() % 4 == 0;
        (void)Wait(mine, party.id(),
                   is_timed ? Deadline::After((dice() % 1000) / 1000.0)
                            : Deadline::After(mp::test::kWatchdogMs));
        continue;
      }
      stored += is_producer ? 1 : -1;
      ++(is_producer ? made : taken);
      theirs.Notify(party.id(), 1);
      if (is_over()) mine.Notify(party.id(), UINT32_MAX);
      if (dice() % 3 != 0) continue;
      (void)lock.Release();
      std::this_thread::yield();
      (void)lock.Acquire(party.id(), Deadline::Never());
    }
    (void)lock.Release();
  };
  for (uint32_t i = 0; i < 6; ++i) threads.emplace_back(work, i, i % 2 == 0);
  for (std::thread& thread : threads) thread.join();
  CHECK(made == kItems);
  CHECK(taken == kItems);
  CHECK(stored == 0);
}

}  // namespace
