// What each child gets from this process, however it is made.
#include <utility>

#include "napi/children.h"
#include "napi/env_state.h"
#include "napi/errors.h"
#include "os/process.h"

namespace mp::napi {
namespace {

void ThrowUnlessOk(Napi::Env env, os::Status status, const char* what) {
  if (!status.ok()) ThrowSystem(env, status, what);
}

/// This process, for its children to watch: opened once, never closed.
int ThisProcess(Napi::Env env) {
  static os::Descriptor self;
  static int pid = 0;
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  const int now = static_cast<int>(os::ProcessId());
  if (pid != now) {
    ThrowUnlessOk(env, os::OpenProcess(now, &self), "this process cannot be watched");
    pid = now;
  }
  return self.number();
}

}  // namespace

std::vector<std::string> StringsOf(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  strings.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    strings.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  }
  return strings;
}

Equipment Equip(Napi::Env env, Napi::Object options) {
  constexpr char kWhat[] = "a process cannot be started";
  const auto payload = options.Get("payload").As<Napi::Uint8Array>();
  Equipment equipment;
  Child& child = *equipment.child;
  ThrowUnlessOk(env, os::OpenMessagePair(&child.control, &equipment.control), kWhat);
  ThrowUnlessOk(env, os::OpenNull(&equipment.null), kWhat);
  ThrowUnlessOk(env, child.mailbox.Create(), kWhat);
  ThrowUnlessOk(env, child.mailbox.Write(payload.Data(), payload.ByteLength()), kWhat);
  child.is_daemon = options.Get("isDaemon").ToBoolean();
  const int null = equipment.null.number();
  equipment.descriptors = {null,
                           1,
                           2,
                           equipment.control.number(),
                           child.mailbox.descriptor(),
                           options.Get("arena").As<Napi::Number>().Int32Value(),
                           ThisProcess(env)};
  // An output that this process has closed is nothing in the child.
  for (const size_t output : {size_t{1}, size_t{2}}) {
    if (!os::IsOpen(equipment.descriptors[output])) equipment.descriptors[output] = null;
  }
  return equipment;
}

uint32_t Watch(Napi::Env env, std::shared_ptr<Child> child) {
  Children::Instance().Add(child);
  return EnvState::Of(env)->children().Add(std::move(child));
}

}  // namespace mp::napi
