// Awaiting for JavaScript: the event loop's side of the wait hub. See sync/wait_hub.h.
#include <algorithm>
#include <memory>

#include "napi/arguments.h"
#include "napi/condition.h"
#include "napi/objects.h"
#include "napi/ring.h"
#include "napi/rwlock.h"
#include "napi/semaphore.h"
#include "sync/barrier.h"
#include "sync/event.h"
#include "sync/lock.h"
#include "sync/semaphore.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;

/// Of a Barrier: round + 2^28 × index + 2^44 × can act + 2^45 × is inside.
sync::BarrierTurn TurnOf(uint64_t detail) {
  sync::BarrierTurn turn;
  turn.round = static_cast<uint32_t>(detail) & layout::kRoundMask;
  turn.index = static_cast<uint32_t>(detail >> 28) & layout::kMaxParties;
  turn.can_act = (detail >> 44 & 1) != 0;
  turn.is_inside = (detail >> 45 & 1) != 0;
  return turn;
}

std::unique_ptr<sync::Awaitable> AwaitableOf(const Napi::CallbackInfo& info, const Target& target,
                                             uint64_t detail) {
  const sync::Segment& segment = target.mapped->segment;
  switch (static_cast<ObjectKind>(target.object->kind)) {
    case ObjectKind::kSemaphore:
      if (IsRobust(target)) {
        return std::make_unique<sync::RobustSemaphore>(RobustOf(info, target));
      }
      return std::make_unique<sync::Semaphore>(segment, target.object);
    case ObjectKind::kQueue:
      return RingAwaitable(target, static_cast<uint32_t>(detail));
    case ObjectKind::kEvent:
      return std::make_unique<sync::Event>(segment, target.object, static_cast<uint32_t>(detail));
    case ObjectKind::kCondition:
      return ConditionWaitOf(info, target, detail);
    case ObjectKind::kBarrier:
      return std::make_unique<sync::Barrier>(segment, target.object, TurnOf(detail));
    case ObjectKind::kRWLock:
      if (detail != 0) return std::make_unique<sync::WriteLock>(segment, target.object);
      return std::make_unique<sync::ReadLock>(ReaderOf(info, target));
    case ObjectKind::kRLock:
      return std::make_unique<sync::RLock>(segment, target.object);
    default:
      return std::make_unique<sync::Lock>(segment, target.object);
  }
}

sync::HubEntry* EntryAt(const Napi::CallbackInfo& info) {
  sync::HubEntry* entry = EnvState::Of(info.Env())->Entry(WholeAt(info, 0));
  if (entry == nullptr) Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no such wait");
  return entry;
}

/// onReady(callback): callback(ticket) runs when a watched object is worth a try
void OnReady(const Napi::CallbackInfo& info) {
  EnvState::Of(info.Env())->SetReadyCallback(info.Env(), info[0].As<Napi::Function>());
}

/// watch(address, kind, ticket, detail) → false: try now, then rearm or cancel. Keeps the event
/// loop alive until cancel(ticket). `detail` of an Event: its low half when the wait began; of a
/// Barrier: see TurnOf; of a Condition: the address of the wait's ticket there; of an RWLock: 0 to
/// read, 1 to write.
Napi::Value Watch(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, static_cast<ObjectKind>(WholeAt(info, 1)));
  EnvState* state = EnvState::Of(info.Env());
  const bool try_now = state->Watch(
      info.Env(), std::make_unique<sync::HubEntry>(AwaitableOf(info, target, WholeAt(info, 3)),
                                                   target.self, state, WholeAt(info, 2)));
  return Napi::Boolean::New(info.Env(), !try_now);
}

/// attempt(ticket) → Outcome
Napi::Value Attempt(const Napi::CallbackInfo& info) {
  return OutcomeValue(info, sync::WaitHub::Instance().Attempt(EntryAt(info)));
}

/// rearm(ticket) → false: try again now
Napi::Value Rearm(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), sync::WaitHub::Instance().Rearm(EntryAt(info)));
}

/// cancel(ticket, withdraw)
void Cancel(const Napi::CallbackInfo& info) {
  EnvState::Of(info.Env())->Cancel(info.Env(), WholeAt(info, 0), info[1].ToBoolean());
}

/// hubThreads() → number of threads that wait for event loops of this process
Napi::Value HubThreads(const Napi::CallbackInfo& info) {
  const size_t count = sync::WaitHub::Instance().ThreadCount();
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

}  // namespace

void ExportWait(Napi::Env env, Napi::Object exports) {
  exports.Set("onReady", Napi::Function::New<OnReady>(env, "onReady"));
  exports.Set("watch", Napi::Function::New<Watch>(env, "watch"));
  exports.Set("attempt", Napi::Function::New<Attempt>(env, "attempt"));
  exports.Set("rearm", Napi::Function::New<Rearm>(env, "rearm"));
  exports.Set("cancel", Napi::Function::New<Cancel>(env, "cancel"));
  exports.Set("hubThreads", Napi::Function::New<HubThreads>(env, "hubThreads"));
}

}  // namespace mp::napi
