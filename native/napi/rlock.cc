// RLock for JavaScript: the calls that the fast path could not answer. See sync/lock.h.
#include "napi/arguments.h"
#include "napi/objects.h"
#include "sync/lock.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;

/// rlockTryAcquire(address) → Outcome
Napi::Value TryAcquire(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRLock);
  sync::RLock lock(target.mapped->segment, target.object);
  return OutcomeValue(info, lock.TryAcquire(target.self));
}

/// rlockAcquire(address, timeoutMs) → Outcome; blocks the thread
Napi::Value Acquire(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRLock);
  sync::RLock lock(target.mapped->segment, target.object);
  const WorkerEnd stop(info.Env());
  return OutcomeValue(info, lock.Acquire(target.self, DeadlineAt(info, 1), &stop));
}

/// rlockRelease(address) → Outcome
Napi::Value Release(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRLock);
  sync::RLock lock(target.mapped->segment, target.object);
  return OutcomeValue(info, lock.Release(target.self));
}

}  // namespace

void ExportRLock(Napi::Env env, Napi::Object exports) {
  exports.Set("rlockTryAcquire", Napi::Function::New<TryAcquire>(env, "rlockTryAcquire"));
  exports.Set("rlockAcquire", Napi::Function::New<Acquire>(env, "rlockAcquire"));
  exports.Set("rlockRelease", Napi::Function::New<Release>(env, "rlockRelease"));
}

}  // namespace mp::napi
