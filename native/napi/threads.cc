// The threads that have names, for JavaScript.
#include "napi/threads.h"

#include <utility>

#include "napi/arguments.h"
#include "napi/objects.h"
#include "os/process.h"

namespace mp::napi {

// Leaks, for threads may end while the process's static objects are destroyed.
Threads& Threads::Instance() {
  static auto* const instance = new Threads;
  return *instance;
}

uint32_t Threads::NextNumber() {
  const std::lock_guard<std::mutex> held(mutex_);
  return ++last_number_;
}

void Threads::Enter(uint32_t ident, ThreadEntry entry) {
  const std::lock_guard<std::mutex> held(mutex_);
  entries_[ident] = std::move(entry);
}

void Threads::Leave(uint32_t ident) {
  const std::lock_guard<std::mutex> held(mutex_);
  entries_.erase(ident);
}

bool Threads::Rename(uint32_t ident, std::string name) {
  const std::lock_guard<std::mutex> held(mutex_);
  const auto found = entries_.find(ident);
  if (found == entries_.end()) return false;
  found->second.name = std::move(name);
  return true;
}

std::map<uint32_t, ThreadEntry> Threads::List() {
  const std::lock_guard<std::mutex> held(mutex_);
  return entries_;
}

void Threads::ResetAfterFork() {
  const std::lock_guard<std::mutex> held(mutex_);
  entries_.clear();
  last_number_ = 0;
}

namespace {

uint32_t IdentAt(const Napi::CallbackInfo& info) { return static_cast<uint32_t>(WholeAt(info, 0)); }

std::string TextAt(const Napi::CallbackInfo& info, size_t index) { return info[index].ToString(); }

/// threadNextNumber() → 1, 2, 3 … for the names of this process's threads
Napi::Value NextNumber(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Threads::Instance().NextNumber());
}

/// threadEnter(ident, name, isDaemon): this thread is listed until it ends
void Enter(const Napi::CallbackInfo& info) {
  const uint32_t ident = IdentAt(info);
  const bool is_daemon = info[2].ToBoolean();
  Threads::Instance().Enter(ident, {TextAt(info, 1), os::ThreadId(), is_daemon});
  info.Env().AddCleanupHook([ident] { Threads::Instance().Leave(ident); });
}

/// threadRename(ident, name) → whether it is listed
Napi::Value Rename(const Napi::CallbackInfo& info) {
  const bool is_listed = Threads::Instance().Rename(IdentAt(info), TextAt(info, 1));
  return Napi::Boolean::New(info.Env(), is_listed);
}

/// threadList() → [{ ident, name, nativeId, daemon }], the longest-lived first
Napi::Value List(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  for (const auto& [ident, entry] : Threads::Instance().List()) {
    Napi::Object item = Napi::Object::New(env);
    item.Set("ident", ident);
    item.Set("name", entry.name);
    item.Set("nativeId", entry.native_id);
    item.Set("daemon", entry.is_daemon);
    list.Set(list.Length(), item);
  }
  return list;
}

/// nativeThreadId() → what the system calls this thread
Napi::Value NativeId(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), os::ThreadId());
}

}  // namespace

void ExportThreads(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("threadNextNumber", Napi::Function::New<NextNumber>(env, "threadNextNumber"));
  set("threadEnter", Napi::Function::New<Enter>(env, "threadEnter"));
  set("threadRename", Napi::Function::New<Rename>(env, "threadRename"));
  set("threadList", Napi::Function::New<List>(env, "threadList"));
  set("nativeThreadId", Napi::Function::New<NativeId>(env, "nativeThreadId"));
}

}  // namespace mp::napi
