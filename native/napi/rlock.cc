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

/// rlockTryAwaited(address) → Outcome; for an awaited owner
Napi::Value TryAwaited(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRLock);
  sync::RLock lock(target.mapped->segment, target.object);
  sync::Waiter waiter(os::MonotonicNs());
  return OutcomeValue(info, lock.Attempt(target.self, waiter));
}

/// rlockReleaseAwaited(address) → Outcome
Napi::Value ReleaseAwaited(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRLock);
  sync::RLock lock(target.mapped->segment, target.object);
  return OutcomeValue(info, lock.ReleaseAwaited(target.self));
}

/// rlockReleaseAll(address) → how often this thread held it; 0: not at all
Napi::Value ReleaseAll(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRLock);
  sync::RLock lock(target.mapped->segment, target.object);
  return Napi::Number::New(info.Env(), lock.ReleaseAll(target.self));
}

uint32_t DepthAt(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<uint32_t>(WholeAt(info, index)) & ~layout::kAwaited;
}

/// rlockAcquireAll(address, depth) → Outcome; blocks the thread
Napi::Value AcquireAll(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRLock);
  sync::RLock lock(target.mapped->segment, target.object);
  const WorkerEnd stop(info.Env());
  return OutcomeValue(info, lock.AcquireAll(target.self, DepthAt(info, 1), &stop));
}

/// rlockTakeOver(address, depth) → Outcome; after a successful attempt
Napi::Value TakeOver(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRLock);
  sync::RLock lock(target.mapped->segment, target.object);
  return OutcomeValue(info, lock.TakeOver(target.self, DepthAt(info, 1)));
}

}  // namespace

void ExportRLock(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("rlockTryAcquire", Napi::Function::New<TryAcquire>(env, "rlockTryAcquire"));
  set("rlockAcquire", Napi::Function::New<Acquire>(env, "rlockAcquire"));
  set("rlockRelease", Napi::Function::New<Release>(env, "rlockRelease"));
  set("rlockTryAwaited", Napi::Function::New<TryAwaited>(env, "rlockTryAwaited"));
  set("rlockReleaseAwaited", Napi::Function::New<ReleaseAwaited>(env, "rlockReleaseAwaited"));
  set("rlockReleaseAll", Napi::Function::New<ReleaseAll>(env, "rlockReleaseAll"));
  set("rlockAcquireAll", Napi::Function::New<AcquireAll>(env, "rlockAcquireAll"));
  set("rlockTakeOver", Napi::Function::New<TakeOver>(env, "rlockTakeOver"));
}

}  // namespace mp::napi
