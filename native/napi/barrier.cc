// Barrier for JavaScript: there is no fast path, for almost every wait has to wait. See
// sync/barrier.h.
#include "sync/barrier.h"

#include "napi/arguments.h"
#include "napi/objects.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;

Target BarrierTarget(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kBarrier);
  // The arrivals lie behind the object: a number of parties that was tampered with must not lead
  // out of the memory.
  const uint64_t bytes = layout::BarrierBytes(target.object->maximum);
  if (sync::AddressSpace::Instance().Resolve(WholeAt(info, 0), bytes).mapped == nullptr) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: the barrier is damaged");
  }
  return target;
}

sync::Barrier BarrierAt(const Target& target, sync::BarrierTurn turn = {}) {
  return {target.mapped->segment, target.object, turn};
}

sync::BarrierTurn NewTurn(bool can_act) {
  sync::BarrierTurn turn;
  turn.can_act = can_act;
  return turn;
}

Napi::Value ResultValue(const Napi::CallbackInfo& info, sync::BarrierResult result) {
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(result));
}

/// barrierWait(address, canAct, timeoutMs) → result + 8 × (index + 65536 × round); blocks
Napi::Value Wait(const Napi::CallbackInfo& info) {
  const Target target = BarrierTarget(info);
  sync::Barrier barrier = BarrierAt(target, NewTurn(info[1].ToBoolean()));
  const WorkerEnd stop(info.Env());
  const sync::BarrierResult result = barrier.Wait(target.self, DeadlineAt(info, 2), &stop);
  const uint64_t where = barrier.turn().index + (uint64_t{barrier.turn().round} << 16);
  return Napi::Number::New(info.Env(),
                           static_cast<double>(static_cast<uint64_t>(result) + 8 * where));
}

/// barrierArrive(address, canAct) → [result, index, round, resets, is inside]
Napi::Value Arrive(const Napi::CallbackInfo& info) {
  const Target target = BarrierTarget(info);
  sync::Barrier barrier = BarrierAt(target, NewTurn(info[1].ToBoolean()));
  const sync::BarrierResult result = barrier.Arrive(target.self);
  const sync::BarrierTurn& turn = barrier.turn();
  Napi::Array array = Napi::Array::New(info.Env(), 5);
  array.Set(0U, static_cast<uint32_t>(result));
  array.Set(1U, turn.index);
  array.Set(2U, turn.round);
  array.Set(3U, turn.resets);
  array.Set(4U, Napi::Boolean::New(info.Env(), turn.is_inside));
  return array;
}

/// barrierLook(address, canAct, index, round, resets) → result, for one who has arrived
Napi::Value Look(const Napi::CallbackInfo& info) {
  const Target target = BarrierTarget(info);
  sync::BarrierTurn turn = NewTurn(info[1].ToBoolean());
  turn.index = static_cast<uint32_t>(WholeAt(info, 2));
  turn.round = static_cast<uint32_t>(WholeAt(info, 3));
  turn.resets = static_cast<uint32_t>(WholeAt(info, 4));
  turn.is_inside = true;
  return ResultValue(info, BarrierAt(target, turn).Look());
}

/// barrierComplete(address, round) → result
Napi::Value Complete(const Napi::CallbackInfo& info) {
  const auto round = static_cast<uint32_t>(WholeAt(info, 1));
  return ResultValue(info, BarrierAt(BarrierTarget(info)).Complete(round));
}

/// barrierBreak(address, round) → whether that broke it
Napi::Value Break(const Napi::CallbackInfo& info) {
  const auto round = static_cast<uint32_t>(WholeAt(info, 1));
  return Napi::Boolean::New(info.Env(), BarrierAt(BarrierTarget(info)).Break(round));
}

/// barrierAbort(address)
void Abort(const Napi::CallbackInfo& info) { BarrierAt(BarrierTarget(info)).Abort(); }

/// barrierReset(address)
void Reset(const Napi::CallbackInfo& info) { BarrierAt(BarrierTarget(info)).Reset(); }

}  // namespace

void ExportBarrier(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("barrierWait", Napi::Function::New<Wait>(env, "barrierWait"));
  set("barrierArrive", Napi::Function::New<Arrive>(env, "barrierArrive"));
  set("barrierLook", Napi::Function::New<Look>(env, "barrierLook"));
  set("barrierComplete", Napi::Function::New<Complete>(env, "barrierComplete"));
  set("barrierBreak", Napi::Function::New<Break>(env, "barrierBreak"));
  set("barrierAbort", Napi::Function::New<Abort>(env, "barrierAbort"));
  set("barrierReset", Napi::Function::New<Reset>(env, "barrierReset"));
}

}  // namespace mp::napi
