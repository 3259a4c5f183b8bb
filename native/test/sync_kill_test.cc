// Locks of all kinds and events: a party is killed after any of the instructions of what it does.
// Whatever it leaves, the others go on, and nobody loses what it was given.
#include <doctest/doctest.h>

#include "layout/robust_semaphore.h"
#include "layout/rwlock.h"
#include "support/kill_steps.h"
#include "sync/event.h"
#include "sync/robust_semaphore.h"
#include "sync/rwlock.h"
#include "sync/semaphore.h"

namespace {

using mp::layout::ObjectKind;
using mp::layout::SyncObject;
using mp::sync::Id;
using mp::sync::Outcome;
using mp::test::KillAtEveryStep;
using mp::test::Left;
using mp::test::NewSized;
using mp::test::Party;
using mp::test::SharedSegment;

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

}  // namespace
