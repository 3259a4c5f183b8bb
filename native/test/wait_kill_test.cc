// Conditions and barriers: a party is killed after any of the instructions of what it does.
// Whatever it leaves, no notification is lost, and nobody is left waiting.
#include <doctest/doctest.h>

#include <functional>

#include "layout/barrier.h"
#include "support/condition_world.h"
#include "support/kill_steps.h"
#include "sync/barrier.h"

namespace {

using mp::layout::ObjectKind;
using mp::layout::SyncObject;
using mp::layout::Ticket;
using mp::sync::Barrier;
using mp::sync::BarrierResult;
using mp::sync::Condition;
using mp::sync::Id;
using mp::test::ConditionWorld;
using mp::test::KillAtEveryStep;
using mp::test::Left;
using mp::test::NewSized;
using mp::test::Party;
using mp::test::SharedSegment;

/// A sleeper that looks for what has become of those it sleeps beside.
mp::sync::Waiter SleptWaiter() {
  mp::sync::Waiter waiter(mp::os::MonotonicNs());
  waiter.MarkSlept();
  return waiter;
}

/// Waits of survivors, and of the party that is killed.
struct NotifiedWorld : ConditionWorld {
  Party first{shared};
  Party second{shared};

  /// The party begins to wait, then the others; one is notified: the party, which is the oldest.
  Ticket* EnterNotified(Id id) {
    Ticket* mine = Enter(id);
    (void)Enter(first.id());
    (void)Enter(second.id());
    condition.Notify(self.id(), 1);
    return mine;
  }
  /// What a look of a survivor, as each sleeper has it, makes of a state.
  struct Seen {
    bool first;
    bool second;
  };
  [[nodiscard]] Seen LookAt(Left& left, Ticket* of_first, Ticket* of_second) {
    Condition survivor(left.segment(), left.At(object));
    survivor.LookForDead(first.id());
    return {IsGranted(left.At(of_first)), IsGranted(left.At(of_second))};
  }
  /// Both are there, granted or not: two more notifications let them go on, and then nobody waits.
  void EndAll(Left& left, Ticket* of_first, Ticket* of_second) {
    Condition survivor(left.segment(), left.At(object));
    survivor.Notify(first.id(), 2);
    for (Ticket* ticket : {of_first, of_second}) REQUIRE(IsGranted(left.At(ticket)));
    survivor.Leave(first.id(), left.At(of_first));
    survivor.Leave(second.id(), left.At(of_second));
    Ticket* late = survivor.Enter(first.id(), left.allocator()).ticket;
    survivor.Notify(second.id(), 1);
    REQUIRE(IsGranted(late));
    survivor.Leave(first.id(), late);
    REQUIRE((left.At(object)->head.state.load() & mp::layout::kWaiters) == 0);
  }
};

TEST_SUITE("killed at any step of a Condition") {
  TEST_CASE_FIXTURE(NotifiedWorld, "as its notifier: one is notified, or none, and once for ever") {
    Ticket* a = Enter(first.id());
    Ticket* b = Enter(second.id());
    bool was_granted = false;
    KillAtEveryStep(
        shared, [&](Id id) { condition.Notify(id, 1); },
        [&](Left& left) {
          const Seen seen = LookAt(left, a, b);
          REQUIRE(seen.first >= was_granted);
          REQUIRE_FALSE(seen.second);
          was_granted = seen.first;
          EndAll(left, a, b);
        });
    CHECK(was_granted);
  }

  TEST_CASE_FIXTURE(NotifiedWorld, "as a notifier that passes on what a dead one was granted") {
    Ticket* dead = nullptr;
    {
      Party doomed(shared);
      dead = Enter(doomed.id());
      condition.Notify(self.id(), 1);
      REQUIRE(IsGranted(dead));
    }
    Ticket* a = Enter(first.id());
    Ticket* b = Enter(second.id());
    bool both = false;
    KillAtEveryStep(
        shared, [&](Id id) { condition.Notify(id, 1); },
        [&](Left& left) {
          const Seen seen = LookAt(left, a, b);
          REQUIRE(seen.first);
          REQUIRE(seen.second >= both);
          both = seen.second;
          EndAll(left, a, b);
        });
    CHECK(both);
  }

  TEST_CASE_FIXTURE(NotifiedWorld, "as a waiter that begins: it keeps nothing from the others") {
    Ticket* a = Enter(first.id());
    KillAtEveryStep(
        shared, [&](Id id) { (void)Enter(id); },
        [&](Left& left) {
          Condition survivor(left.segment(), left.At(object));
          Ticket* b = survivor.Enter(second.id(), left.allocator()).ticket;
          survivor.Notify(self.id(), 2);
          REQUIRE(IsGranted(left.At(a)));
          REQUIRE(IsGranted(b));
        });
  }

  TEST_CASE_FIXTURE(NotifiedWorld, "as the one that was notified: the next one is, until it left") {
    Ticket* a = &object->block.tickets[1];
    Ticket* b = &object->block.tickets[2];
    Ticket* granted = &object->block.tickets[0];
    bool had_it = false;
    bool has_left = false;
    KillAtEveryStep(
        shared,
        [&](Id id) {
          Ticket* mine = EnterNotified(id);
          condition.Leave(id, mine);
        },
        [&](Left& left) {
          const bool has_it = IsGranted(left.At(granted));
          had_it = had_it || has_it;
          has_left = had_it && !has_it;
          if (!had_it) return;
          const Seen seen = LookAt(left, a, b);
          REQUIRE(seen.first == !has_left);
          REQUIRE_FALSE(seen.second);
          EndAll(left, a, b);
        });
    CHECK(had_it);
    CHECK(has_left);
  }

  TEST_CASE_FIXTURE(NotifiedWorld,
                    "as one that gives up what it was granted: the next one has it") {
    Ticket* a = &object->block.tickets[1];
    Ticket* b = &object->block.tickets[2];
    Ticket* granted = &object->block.tickets[0];
    bool was_granted = false;
    KillAtEveryStep(
        shared,
        [&](Id id) {
          Ticket* mine = EnterNotified(id);
          condition.Abandon(id, mine);
        },
        [&](Left& left) {
          was_granted = was_granted || IsGranted(left.At(granted));
          if (!was_granted) return;
          // Killed between granting the next and freeing its own ticket, it is granted twice.
          REQUIRE(LookAt(left, a, b).first);
          EndAll(left, a, b);
        });
    CHECK(was_granted);
  }
}

/// Two survivors at a barrier of three, in round 0.
struct MeetingWorld {
  SharedSegment shared;
  Party one{shared};
  Party two{shared};
  Party three{shared};
  SyncObject* object = NewSized<mp::layout::BarrierBytes(8)>(shared, ObjectKind::kBarrier, 3);

  [[nodiscard]] Barrier New() { return {shared.segment(), object}; }

  /// A wait of a survivor that has arrived, in a copy.
  [[nodiscard]] Barrier In(Left& left, const Barrier& wait) {
    return {left.segment(), left.At(object), wait.turn()};
  }

  /// After a look round, as each sleeper has it.
  [[nodiscard]] static BarrierResult Ends(Barrier& wait, Id self) {
    mp::sync::Waiter waiter = SleptWaiter();
    mp::sync::SleepPlan plan;
    (void)wait.PrepareSleep(self, waiter, &plan);
    return wait.Look();
  }

  /// Once reset, three meet as if nothing had been.
  void MeetAgain(Left& left) {
    Barrier any(left.segment(), left.At(object));
    any.Reset();
    Barrier a(left.segment(), left.At(object));
    Barrier b(left.segment(), left.At(object));
    Barrier c(left.segment(), left.At(object));
    REQUIRE(a.Arrive(one.id()) == BarrierResult::kWaiting);
    REQUIRE(b.Arrive(two.id()) == BarrierResult::kWaiting);
    REQUIRE(c.Arrive(three.id()) == BarrierResult::kPassed);
    REQUIRE(a.Look() == BarrierResult::kPassed);
    REQUIRE(b.Look() == BarrierResult::kPassed);
  }
};

TEST_SUITE("killed at any step of a Barrier") {
  TEST_CASE_FIXTURE(MeetingWorld, "as the last to come: all pass, or it is broken for all") {
    Barrier a = New();
    Barrier b = New();
    REQUIRE(a.Arrive(one.id()) == BarrierResult::kWaiting);
    REQUIRE(b.Arrive(two.id()) == BarrierResult::kWaiting);
    bool passed = false;
    KillAtEveryStep(
        shared, [&](Id id) { (void)New().Arrive(id); },
        [&](Left& left) {
          Barrier first = In(left, a);
          Barrier second = In(left, b);
          BarrierResult result = Ends(first, one.id());
          if (result == BarrierResult::kWaiting) {
            // It had not come at all: another one may.
            Barrier other(left.segment(), left.At(object));
            result = other.Arrive(three.id()) == BarrierResult::kWaiting ? Ends(first, one.id())
                                                                         : first.Look();
          }
          const bool is_over = result == BarrierResult::kPassed || result == BarrierResult::kBroken;
          REQUIRE(is_over);
          REQUIRE(second.Look() == result);
          passed = result == BarrierResult::kPassed;
          MeetAgain(left);
        });
    CHECK(passed);
  }

  TEST_CASE_FIXTURE(MeetingWorld, "as one that waits: it is broken for the others") {
    bool came = false;
    KillAtEveryStep(
        shared, [&](Id id) { (void)New().Arrive(id); },
        [&](Left& left) {
          Barrier a(left.segment(), left.At(object));
          REQUIRE(a.Arrive(one.id()) == BarrierResult::kWaiting);
          came = Ends(a, one.id()) == BarrierResult::kBroken;
          MeetAgain(left);
        });
    CHECK(came);
  }

  TEST_CASE_FIXTURE(MeetingWorld, "as the one that breaks or resets it: nobody is left waiting") {
    const auto breaks = [&](Id) { New().Abort(); };
    const auto resets = [&](Id) { New().Reset(); };
    for (const std::function<void(Id)>& run : {std::function<void(Id)>(breaks), {resets}}) {
      Barrier fresh = New();
      fresh.Reset();
      Barrier a = New();
      REQUIRE(a.Arrive(one.id()) == BarrierResult::kWaiting);
      BarrierResult last = BarrierResult::kWaiting;
      KillAtEveryStep(shared, run, [&](Left& left) {
        Barrier wait = In(left, a);
        const BarrierResult result = wait.Look();
        // Once it is broken it stays so.
        if (last == BarrierResult::kBroken) REQUIRE(result == BarrierResult::kBroken);
        last = result;
        Barrier(left.segment(), left.At(object)).Reset();
        REQUIRE(wait.Look() == BarrierResult::kBroken);
        MeetAgain(left);
      });
      CHECK(last == BarrierResult::kBroken);
    }
  }
}

}  // namespace
