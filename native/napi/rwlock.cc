// RWLock for JavaScript: the calls that the fast path could not answer. See sync/rwlock.h.
#include "napi/rwlock.h"

#include "napi/objects.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;

Target RWLockTarget(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kRWLock);
  // The cells lie behind the object.
  const uint64_t bytes = layout::RWLockBytes(target.object->maximum);
  if (sync::AddressSpace::Instance().Resolve(WholeAt(info, 0), bytes).mapped == nullptr) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: the lock is damaged");
  }
  return target;
}

sync::RWLockBody Body(const Target& target) { return {target.mapped->segment, target.object}; }

/// rwlockCell(address) → address of this thread's cell
Napi::Value Cell(const Napi::CallbackInfo& info) {
  const Target target = RWLockTarget(info);
  auto* cell = reinterpret_cast<uint8_t*>(CellOf(info, target));
  const auto offset = static_cast<double>(cell - target.mapped->segment.base());
  return Napi::Number::New(info.Env(), static_cast<double>(target.mapped->window_base) + offset);
}

/// rwlockReadTry(address) → Outcome
Napi::Value ReadTry(const Napi::CallbackInfo& info) {
  const Target target = RWLockTarget(info);
  return OutcomeValue(info, ReaderOf(info, target).TryAcquire(target.self));
}

/// rwlockReadAcquire(address, timeoutMs) → Outcome; blocks the thread
Napi::Value ReadAcquire(const Napi::CallbackInfo& info) {
  const Target target = RWLockTarget(info);
  const WorkerEnd stop(info.Env());
  return OutcomeValue(info,
                      ReaderOf(info, target).Acquire(target.self, DeadlineAt(info, 1), &stop));
}

/// rwlockReadRelease(address) → Outcome
Napi::Value ReadRelease(const Napi::CallbackInfo& info) {
  const Target target = RWLockTarget(info);
  return OutcomeValue(info, ReaderOf(info, target).Release());
}

/// rwlockNudge(address): after the fast path has taken a count back
void Nudge(const Napi::CallbackInfo& info) { Body(RWLockTarget(info)).Nudge(); }

/// rwlockReaders(address) → how many holds readers have
Napi::Value Readers(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Body(RWLockTarget(info)).Readers());
}

/// rwlockWriteTry(address, reserved by the fast path) → Outcome
Napi::Value WriteTry(const Napi::CallbackInfo& info) {
  const Target target = RWLockTarget(info);
  sync::WriteLock lock(target.mapped->segment, target.object, info[1].ToBoolean());
  return OutcomeValue(info, lock.TryAcquire(target.self));
}

/// rwlockWriteAcquire(address, reserved by the fast path, timeoutMs) → Outcome; blocks the thread
Napi::Value WriteAcquire(const Napi::CallbackInfo& info) {
  const Target target = RWLockTarget(info);
  sync::WriteLock lock(target.mapped->segment, target.object, info[1].ToBoolean());
  const WorkerEnd stop(info.Env());
  return OutcomeValue(info, lock.Acquire(target.self, DeadlineAt(info, 2), &stop));
}

/// rwlockWriteRelease(address) → Outcome
Napi::Value WriteRelease(const Napi::CallbackInfo& info) {
  const Target target = RWLockTarget(info);
  sync::WriteLock lock(target.mapped->segment, target.object);
  return OutcomeValue(info, lock.Release(target.self));
}

}  // namespace

std::atomic<uint64_t>* CellOf(const Napi::CallbackInfo& info, const Target& target) {
  std::atomic<uint64_t>* cell =
      sync::RWLockBody(target.mapped->segment, target.object).CellOf(target.self);
  if (cell != nullptr) return cell;
  Throw(info.Env(), "ERR_MP_TOO_MANY_READERS",
        "more threads read this RWLock than it was made for (" +
            std::to_string(target.object->maximum) + "): make it with { readers: more }");
}

sync::ReadLock ReaderOf(const Napi::CallbackInfo& info, const Target& target) {
  return {target.mapped->segment, target.object, CellOf(info, target)};
}

void ExportRWLock(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("rwlockCell", Napi::Function::New<Cell>(env, "rwlockCell"));
  set("rwlockReadTry", Napi::Function::New<ReadTry>(env, "rwlockReadTry"));
  set("rwlockReadAcquire", Napi::Function::New<ReadAcquire>(env, "rwlockReadAcquire"));
  set("rwlockReadRelease", Napi::Function::New<ReadRelease>(env, "rwlockReadRelease"));
  set("rwlockNudge", Napi::Function::New<Nudge>(env, "rwlockNudge"));
  set("rwlockReaders", Napi::Function::New<Readers>(env, "rwlockReaders"));
  set("rwlockWriteTry", Napi::Function::New<WriteTry>(env, "rwlockWriteTry"));
  set("rwlockWriteAcquire", Napi::Function::New<WriteAcquire>(env, "rwlockWriteAcquire"));
  set("rwlockWriteRelease", Napi::Function::New<WriteRelease>(env, "rwlockWriteRelease"));
}

}  // namespace mp::napi
