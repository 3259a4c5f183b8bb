// Event for JavaScript: the calls that the fast path could not answer. See sync/event.h.
#include "sync/event.h"

#include "napi/arguments.h"
#include "napi/objects.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;

sync::Event EventAt(const Target& target) { return {target.mapped->segment, target.object}; }

/// eventSet(address)
void Set(const Napi::CallbackInfo& info) { EventAt(TargetAt(info, ObjectKind::kEvent)).Set(); }

/// eventWait(address, timeoutMs) → Outcome; blocks the thread
Napi::Value Wait(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kEvent);
  const WorkerEnd stop(info.Env());
  return OutcomeValue(info, EventAt(target).Wait(target.self, DeadlineAt(info, 1), &stop));
}

}  // namespace

void ExportEvent(Napi::Env env, Napi::Object exports) {
  exports.Set("eventSet", Napi::Function::New<Set>(env, "eventSet"));
  exports.Set("eventWait", Napi::Function::New<Wait>(env, "eventWait"));
}

}  // namespace mp::napi
