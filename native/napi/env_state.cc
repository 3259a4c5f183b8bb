// Per-thread state of the addon; see the header for the order of its end.
#include "napi/env_state.h"

#include "napi/errors.h"

namespace mp::napi {

namespace {

void End(void* state) { delete static_cast<EnvState*>(state); }

}  // namespace

EnvState::EnvState(Napi::Env env) {
  // The hook runs on this thread, before its isolate goes: only here can life tokens be released.
  napi_add_env_cleanup_hook(env, End, this);
}

EnvState::~EnvState() {
  auto& hub = sync::WaitHub::Instance();
  for (auto& [ticket, entry] : entries_) hub.Cancel(entry.get(), true);
  auto& space = sync::AddressSpace::Instance();
  for (uint32_t i = 0; i < space.count(); ++i) {
    if (ids_[i] != 0) space.At(i)->segment.Leave(ids_[i]);
  }
  if (window_ != nullptr) space.RemoveWindow(window_);
  // The references die with the environment; resetting them this late would touch freed handles.
  error_factory.SuppressDestruct();
}

EnvState* EnvState::Of(Napi::Env env) { return env.GetInstanceData<EnvState>(); }

sync::Id EnvState::IdIn(Napi::Env env, uint32_t segment_index) {
  sync::Id& id = ids_[segment_index];
  if (id == 0) id = sync::AddressSpace::Instance().At(segment_index)->segment.Enter();
  if (id == 0) {
    Throw(env, "ERR_MP_TOO_MANY_THREADS",
          "too many threads share this memory: all 4095 slots are taken by living threads");
  }
  return id;
}

void EnvState::UseWindow(Napi::Env env, uint8_t* base) {
  ThrowUnlessAttached(env, sync::AddressSpace::Instance().AddWindow(base));
  window_ = base;
}

void EnvState::CallReady(Napi::Env env, Napi::Function callback, std::nullptr_t*, void* data) {
  if (env == nullptr) return;  // the loop is closing
  callback.Call({Napi::Number::New(env, static_cast<double>(reinterpret_cast<uintptr_t>(data)))});
}

void EnvState::SetReadyCallback(Napi::Env env, Napi::Function callback) {
  if (has_ready_) ready_.Release();
  ready_ = Ready::New(env, callback, "node-multiprocessing:ready", 0, 1);
  ready_.Unref(env);
  has_ready_ = true;
  // Hooks run last in, first out: ours must end all waits before the function that they call goes.
  napi_remove_env_cleanup_hook(env, End, this);
  napi_add_env_cleanup_hook(env, End, this);
}

void EnvState::Watch(Napi::Env env, std::unique_ptr<sync::HubEntry> entry) {
  if (os::Status status = sync::WaitHub::Instance().Watch(entry.get()); !status.ok()) {
    ThrowSystem(env, status, "a thread that waits for locks cannot be started");
  }
  if (entries_.empty()) ready_.Ref(env);
  const uint64_t ticket = entry->ticket;
  entries_.emplace(ticket, std::move(entry));
}

sync::HubEntry* EnvState::Entry(uint64_t ticket) {
  const auto found = entries_.find(ticket);
  return found == entries_.end() ? nullptr : found->second.get();
}

void EnvState::Cancel(Napi::Env env, uint64_t ticket, bool withdraw) {
  const auto found = entries_.find(ticket);
  if (found == entries_.end()) return;
  sync::WaitHub::Instance().Cancel(found->second.get(), withdraw);
  entries_.erase(found);
  if (entries_.empty()) ready_.Unref(env);
}

void EnvState::Post(uint64_t ticket) {
  // Never blocks: the queue is unbounded. A closing loop refuses, and its end withdraws the wait.
  (void)ready_.NonBlockingCall(reinterpret_cast<void*>(static_cast<uintptr_t>(ticket)));
}

}  // namespace mp::napi
