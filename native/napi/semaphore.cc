// Semaphore for JavaScript: the calls that the fast path could not answer. See sync/semaphore.h.
#include "sync/semaphore.h"

#include <algorithm>

#include "napi/arguments.h"
#include "napi/objects.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;

/// semaphoreTryAcquire(address) → Outcome
Napi::Value TryAcquire(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kSemaphore);
  sync::Semaphore semaphore(target.mapped->segment, target.object);
  return OutcomeValue(info, semaphore.TryAcquire(target.self));
}

/// semaphoreAcquire(address, timeoutMs) → Outcome; blocks the thread
Napi::Value Acquire(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kSemaphore);
  sync::Semaphore semaphore(target.mapped->segment, target.object);
  const WorkerEnd stop(info.Env());
  return OutcomeValue(info, semaphore.Acquire(target.self, DeadlineAt(info, 1), &stop));
}

/// semaphoreRelease(address, count) → Outcome
Napi::Value Release(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kSemaphore);
  const uint64_t count = std::min<uint64_t>(WholeAt(info, 1), 1ULL << 31);
  sync::Semaphore semaphore(target.mapped->segment, target.object);
  return OutcomeValue(info, semaphore.Release(static_cast<uint32_t>(count)));
}

/// semaphoreNotify(address)
void Notify(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kSemaphore);
  sync::Semaphore(target.mapped->segment, target.object).Notify();
}

}  // namespace

void ExportSemaphore(Napi::Env env, Napi::Object exports) {
  exports.Set("semaphoreTryAcquire", Napi::Function::New<TryAcquire>(env, "semaphoreTryAcquire"));
  exports.Set("semaphoreAcquire", Napi::Function::New<Acquire>(env, "semaphoreAcquire"));
  exports.Set("semaphoreRelease", Napi::Function::New<Release>(env, "semaphoreRelease"));
  exports.Set("semaphoreNotify", Napi::Function::New<Notify>(env, "semaphoreNotify"));
}

}  // namespace mp::napi
