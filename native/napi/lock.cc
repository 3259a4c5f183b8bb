// Lock for JavaScript: the calls that the fast path could not answer. See sync/lock.h.
#include "sync/lock.h"

#include "napi/arguments.h"
#include "napi/objects.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;

/// lockTryAcquire(address) → Outcome
Napi::Value TryAcquire(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kLock);
  sync::Lock lock(target.mapped->segment, target.object);
  return OutcomeValue(info, lock.TryAcquire(target.self));
}

/// lockAcquire(address, timeoutMs) → Outcome; blocks the thread
Napi::Value Acquire(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kLock);
  sync::Lock lock(target.mapped->segment, target.object);
  const WorkerEnd stop(info.Env());
  return OutcomeValue(info, lock.Acquire(target.self, DeadlineAt(info, 1), &stop));
}

/// lockRelease(address) → Outcome
Napi::Value Release(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kLock);
  return OutcomeValue(info, sync::Lock(target.mapped->segment, target.object).Release());
}

/// lockOwner(address, kind: Lock or RLock) → pid of its owner; 0: nobody, -1: one that has ended
Napi::Value Owner(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, static_cast<ObjectKind>(WholeAt(info, 1)));
  const sync::Segment& segment = target.mapped->segment;
  const sync::Id owner = static_cast<uint32_t>(target.object->state.load()) & layout::kIdMask;
  const layout::Slot* slot = owner == 0 ? nullptr : segment.SlotOf(owner);
  const auto pid = slot == nullptr ? 0 : static_cast<int32_t>(slot->pid.load());
  return Napi::Number::New(info.Env(), pid == 0 || segment.IsAlive(owner) ? pid : -1);
}

}  // namespace

void ExportLock(Napi::Env env, Napi::Object exports) {
  exports.Set("lockTryAcquire", Napi::Function::New<TryAcquire>(env, "lockTryAcquire"));
  exports.Set("lockAcquire", Napi::Function::New<Acquire>(env, "lockAcquire"));
  exports.Set("lockOwner", Napi::Function::New<Owner>(env, "lockOwner"));
  exports.Set("lockRelease", Napi::Function::New<Release>(env, "lockRelease"));
}

}  // namespace mp::napi
