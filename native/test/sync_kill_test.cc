// Every primitive: a party is killed after any of the instructions of what it does. Whatever it
// leaves, the others go on, and nobody loses what it was given.
//
// The states are those of support/stepper.h: the party is single-stepped, and each state that its
// memory had is tried out on a copy in which it is dead.
#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "layout/barrier.h"
#include "layout/robust_semaphore.h"
#include "layout/rwlock.h"
#include "support/condition_world.h"
#include "support/stepper.h"
#include "sync/barrier.h"
#include "sync/event.h"
#include "sync/robust_semaphore.h"
#include "sync/rwlock.h"
#include "sync/semaphore.h"

namespace {

using mp::layout::ObjectKind;
using mp::layout::SyncObject;
using mp::layout::Ticket;
using mp::sync::Barrier;
using mp::sync::BarrierResult;
using mp::sync::BarrierTurn;
using mp::sync::Condition;
using mp::sync::Id;
using mp::sync::Outcome;
using mp::test::ConditionWorld;
using mp::test::Party;
using mp::test::SegmentImage;
using mp::test::SharedSegment;

/// One state of the memory, seen by the survivors.
class Left {
 public:
  Left(SharedSegment& original, const SegmentImage& image)
      : original_(original.segment().base()), copy_(image) {}
  ~Left() { mp::os::Unmap(copy_.segment().base(), copy_.segment().header()->capacity); }
  Left(const Left&) = delete;
  Left& operator=(const Left&) = delete;

  [[nodiscard]] const mp::sync::Segment& segment() { return copy_.segment(); }
  [[nodiscard]] mp::sync::Allocator allocator() const { return copy_.allocator(); }
  /// What is at this place of the original.
  template <typename T>
  [[nodiscard]] T* At(T* place) {
    return reinterpret_cast<T*>(copy_.segment().base() +
                                (reinterpret_cast<uint8_t*>(place) - original_));
  }

 private:
  uint8_t* original_;
  SharedSegment copy_;
};

/// `look` is called for each state that `run` can leave, in their order.
void KillAtEveryStep(SharedSegment& shared, const std::function<void(Id)>& run,
                     const std::function<void(Left&)>& look) {
  const std::vector<SegmentImage> states = mp::test::StatesOf(shared, run);
  if (states.empty()) {
    WARN_MESSAGE(false, "this system forbids ptrace: nothing was checked");
    return;
  }
  CHECK(states.size() >= 2);
  for (const SegmentImage& state : states) {
    Left left(shared, state);
    look(left);
  }
}

/// A sleeper that looks for what has become of those it sleeps beside.
mp::sync::Waiter SleptWaiter() {
  mp::sync::Waiter waiter(mp::os::MonotonicNs());
  waiter.MarkSlept();
  return waiter;
}

template <uint64_t kBytes>
SyncObject* NewSized(SharedSegment& shared, ObjectKind kind, uint32_t maximum) {
  struct Bytes {
    uint8_t bytes[kBytes];
  };
  auto* object = reinterpret_cast<SyncObject*>(shared.New<Bytes>());
  object->kind = static_cast<uint32_t>(kind);
  object->flags = mp::layout::kRobust;
  object->maximum = maximum;
  return object;
}

TEST_SUITE("killed at any step") {
  TEST_CASE("of holding a Lock: the next one has it, and is told of a holder's death") {
    SharedSegment shared;
    const Party self(shared);
    SyncObject* object = shared.NewLock();
    bool was_held = false;
    KillAtEveryStep(
        shared,
        [&](Id id) {
          mp::sync::Lock lock(shared.segment(), object);
          (void)lock.TryAcquire(id);
          (void)lock.Release();
        },
        [&](Left& left) {
          mp::sync::Lock lock(left.segment(), left.At(object));
          const bool is_held = left.At(object)->state.load() != 0;
          was_held = was_held || is_held;
          REQUIRE(lock.TryAcquire(self.id()) == Outcome::kAcquired);
          REQUIRE(lock.IsAbandoned() == is_held);
          REQUIRE(lock.Release() == Outcome::kReleased);
        });
    CHECK(was_held);
  }

  TEST_CASE("of holding a Semaphore's unit: at most that unit is gone") {
    SharedSegment shared;
    SyncObject* object = shared.NewSemaphore(2, 2);
    uint32_t least = 2;
    KillAtEveryStep(
        shared,
        [&](Id id) {
          mp::sync::Semaphore semaphore(shared.segment(), object);
          (void)semaphore.Acquire(id, mp::os::Deadline::Never());
          (void)semaphore.Release(1);
        },
        [&](Left& left) {
          const auto units = static_cast<uint32_t>(left.At(object)->state.load());
          REQUIRE(units >= 1);
          REQUIRE(units <= 2);
          least = units < least ? units : least;
        });
    CHECK(least == 1);
  }

  TEST_CASE("of holding a robust Semaphore's units: all of them come back") {
    SharedSegment shared;
    const Party self(shared);
    SyncObject* object =
        NewSized<mp::layout::RobustSemaphoreBytes(4)>(shared, ObjectKind::kSemaphore, 3);
    KillAtEveryStep(
        shared,
        [&](Id id) {
          mp::sync::RobustSemaphore semaphore(shared.segment(), object);
          (void)semaphore.TryAcquire(id);
          (void)semaphore.TryAcquire(id);
          (void)semaphore.Release(id, 2);
        },
        [&](Left& left) {
          mp::sync::RobustSemaphore semaphore(left.segment(), left.At(object));
          REQUIRE(semaphore.Free() == 3);
          for (int i = 0; i < 3; ++i) {
            REQUIRE(semaphore.TryAcquire(self.id()) == Outcome::kAcquired);
          }
          REQUIRE(semaphore.TryAcquire(self.id()) != Outcome::kAcquired);
          REQUIRE(semaphore.Release(self.id(), 3) == Outcome::kReleased);
        });
  }

  TEST_CASE("of reading and writing under an RWLock: a writer gets in, then a reader") {
    SharedSegment shared;
    const Party self(shared);
    SyncObject* object = NewSized<mp::layout::RWLockBytes(8)>(shared, ObjectKind::kRWLock, 8);
    bool was_abandoned = false;
    KillAtEveryStep(
        shared,
        [&](Id id) {
          mp::sync::RWLockBody body(shared.segment(), object);
          mp::sync::ReadLock reader(shared.segment(), object, body.CellOf(id));
          (void)reader.TryAcquire(id);
          (void)reader.TryAcquire(id);
          (void)reader.Release();
          (void)reader.Release();
          mp::sync::WriteLock writer(shared.segment(), object);
          (void)writer.TryAcquire(id);
          (void)writer.Release(id);
        },
        [&](Left& left) {
          mp::sync::WriteLock writer(left.segment(), left.At(object));
          const bool is_held = (left.At(object)->state.load() & mp::layout::kIdMask) != 0;
          REQUIRE(writer.Readers() == 0);
          REQUIRE(writer.TryAcquire(self.id()) == Outcome::kAcquired);
          REQUIRE(writer.IsAbandoned() == is_held);
          was_abandoned = was_abandoned || is_held;
          REQUIRE(writer.Release(self.id()) == Outcome::kReleased);
          mp::sync::ReadLock reader(left.segment(), left.At(object), writer.CellOf(self.id()));
          REQUIRE(reader.TryAcquire(self.id()) == Outcome::kAcquired);
          REQUIRE_FALSE(reader.IsAbandoned());
          REQUIRE(reader.Release() == Outcome::kReleased);
        });
    CHECK(was_abandoned);
  }

  TEST_CASE("of reading under an RWLock after a dead writer: it stays abandoned until one writes") {
    SharedSegment shared;
    const Party self(shared);
    SyncObject* object = NewSized<mp::layout::RWLockBytes(8)>(shared, ObjectKind::kRWLock, 8);
    REQUIRE(mp::sync::WriteLock(shared.segment(), object).TryAcquire(mp::test::DeadId(shared)) ==
            Outcome::kAcquired);
    KillAtEveryStep(
        shared,
        [&](Id id) {
          mp::sync::RWLockBody body(shared.segment(), object);
          mp::sync::ReadLock reader(shared.segment(), object, body.CellOf(id));
          (void)reader.TryAcquire(id);
          (void)reader.Release();
        },
        [&](Left& left) {
          mp::sync::RWLockBody body(left.segment(), left.At(object));
          mp::sync::ReadLock reader(left.segment(), left.At(object), body.CellOf(self.id()));
          REQUIRE(reader.TryAcquire(self.id()) == Outcome::kAcquired);
          REQUIRE(reader.IsAbandoned());
          REQUIRE(reader.Release() == Outcome::kReleased);
          mp::sync::WriteLock writer(left.segment(), left.At(object));
          REQUIRE(writer.TryAcquire(self.id()) == Outcome::kAcquired);
          REQUIRE(writer.IsAbandoned());
          REQUIRE(writer.Release(self.id()) == Outcome::kReleased);
          REQUIRE_FALSE(writer.IsAbandoned());
        });
  }

  TEST_CASE("of setting and clearing an Event: its waiters are let go once it was set") {
    SharedSegment shared;
    const Party self(shared);
    SyncObject* object = shared.NewObject(ObjectKind::kEvent);
    mp::sync::Event wait(shared.segment(), object);
    mp::sync::Waiter waiter(mp::os::MonotonicNs());
    mp::sync::SleepPlan plan;
    REQUIRE(wait.PrepareSleep(self.id(), waiter, &plan));
    bool was_set = false;
    KillAtEveryStep(
        shared,
        [&](Id) {
          mp::sync::Event(shared.segment(), object).Set();
          mp::sync::Event(shared.segment(), object).Clear();
        },
        [&](Left& left) {
          mp::sync::Event seen(left.segment(), left.At(object), 0);
          const bool is_over = seen.Attempt(self.id(), waiter) == Outcome::kAcquired;
          REQUIRE(is_over >= was_set);
          was_set = is_over;
          mp::sync::Event late(left.segment(), left.At(object));
          late.Set();
          REQUIRE(late.Attempt(self.id(), waiter) == Outcome::kAcquired);
          mp::sync::Event older(left.segment(), left.At(object), 0);
          REQUIRE(older.Attempt(self.id(), waiter) == Outcome::kAcquired);
        });
    CHECK(was_set);
  }
}

/// Waits of survivors, and of the party that is killed.
struct NotifiedWorld : ConditionWorld {
  Party first{shared};
  Party second{shared};

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
    Ticket* a = nullptr;
    Ticket* b = nullptr;
    Ticket* granted = nullptr;
    // Before the party's own wait they could not be younger; so it makes them, at known places.
    a = &object->block.tickets[1];
    b = &object->block.tickets[2];
    granted = &object->block.tickets[0];
    bool had_it = false;
    bool has_left = false;
    KillAtEveryStep(
        shared,
        [&](Id id) {
          Ticket* mine = Enter(id);
          (void)Enter(first.id());
          (void)Enter(second.id());
          condition.Notify(self.id(), 1);
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
          Ticket* mine = Enter(id);
          (void)Enter(first.id());
          (void)Enter(second.id());
          condition.Notify(self.id(), 1);
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
