// Semaphore for JavaScript: the calls that the fast path could not answer. See sync/semaphore.h;
// for those that survive their holders, sync/robust_semaphore.h.
#include "napi/semaphore.h"

#include <algorithm>

#include "napi/objects.h"
#include "sync/semaphore.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;

Target SemaphoreTarget(const Napi::CallbackInfo& info) {
  return TargetAt(info, ObjectKind::kSemaphore);
}

/// semaphoreTryAcquire(address) → Outcome
Napi::Value TryAcquire(const Napi::CallbackInfo& info) {
  const Target target = SemaphoreTarget(info);
  const sync::Id self = target.self;
  if (IsRobust(target)) return OutcomeValue(info, RobustOf(info, target).TryAcquire(self));
  sync::Semaphore semaphore(target.mapped->segment, target.object);
  return OutcomeValue(info, semaphore.TryAcquire(self));
}

/// semaphoreAcquire(address, timeoutMs) → Outcome; blocks the thread
Napi::Value Acquire(const Napi::CallbackInfo& info) {
  const Target target = SemaphoreTarget(info);
  const sync::Id self = target.self;
  const os::Deadline deadline = DeadlineAt(info, 1);
  const WorkerEnd stop(info.Env());
  if (IsRobust(target)) {
    return OutcomeValue(info, RobustOf(info, target).Acquire(self, deadline, &stop));
  }
  sync::Semaphore semaphore(target.mapped->segment, target.object);
  return OutcomeValue(info, semaphore.Acquire(self, deadline, &stop));
}

/// semaphoreRelease(address, count) → Outcome
Napi::Value Release(const Napi::CallbackInfo& info) {
  const Target target = SemaphoreTarget(info);
  const auto count = static_cast<uint32_t>(std::min<uint64_t>(WholeAt(info, 1), 1ULL << 31));
  if (IsRobust(target)) {
    return OutcomeValue(info, RobustOf(info, target).Release(target.self, count));
  }
  sync::Semaphore semaphore(target.mapped->segment, target.object);
  return OutcomeValue(info, semaphore.Release(count));
}

/// semaphoreNotify(address)
void Notify(const Napi::CallbackInfo& info) {
  const Target target = SemaphoreTarget(info);
  if (IsRobust(target)) {
    RobustOf(info, target).Notify(1);
  } else {
    sync::Semaphore(target.mapped->segment, target.object).Notify();
  }
}

/// semaphoreFree(address) → free units of a robust one, counting those of the dead
Napi::Value Free(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), RobustOf(info, SemaphoreTarget(info)).Free());
}

}  // namespace

bool IsRobust(const Target& target) { return (target.object->flags & layout::kRobust) != 0; }

sync::RobustSemaphore RobustOf(const Napi::CallbackInfo& info, const Target& target) {
  // The units lie behind the object.
  const uint64_t bytes = layout::RobustSemaphoreBytes(target.object->maximum);
  const bool is_whole =
      sync::AddressSpace::Instance().Resolve(WholeAt(info, 0), bytes).mapped != nullptr;
  if (!IsRobust(target) || target.object->maximum == 0 || !is_whole) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: the semaphore is damaged");
  }
  return {target.mapped->segment, target.object};
}

void ExportSemaphore(Napi::Env env, Napi::Object exports) {
  exports.Set("semaphoreTryAcquire", Napi::Function::New<TryAcquire>(env, "semaphoreTryAcquire"));
  exports.Set("semaphoreAcquire", Napi::Function::New<Acquire>(env, "semaphoreAcquire"));
  exports.Set("semaphoreRelease", Napi::Function::New<Release>(env, "semaphoreRelease"));
  exports.Set("semaphoreNotify", Napi::Function::New<Notify>(env, "semaphoreNotify"));
  exports.Set("semaphoreFree", Napi::Function::New<Free>(env, "semaphoreFree"));
}

}  // namespace mp::napi
