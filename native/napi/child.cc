// Starting processes and waiting for them, for JavaScript.
#include <algorithm>
#include <utility>

#include "napi/arguments.h"
#include "napi/children.h"
#include "napi/descriptor_office.h"
#include "napi/objects.h"
#include "os/process.h"

namespace mp::napi {
namespace {

/// Longest that a blocking wait goes without asking whether its thread is to end.
constexpr int64_t kStopCheckNs = 50 * os::kNsPerMs;

ChildWatches& Watches(const Napi::CallbackInfo& info) {
  return EnvState::Of(info.Env())->children();
}

uint32_t NumberOf(const Napi::CallbackInfo& info) {
  return static_cast<uint32_t>(WholeAt(info, 0));
}

Child& ChildAt(const Napi::CallbackInfo& info) {
  Child* child = Watches(info).Find(NumberOf(info));
  if (child == nullptr) Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no such child");
  return *child;
}

void ThrowUnlessOk(Napi::Env env, os::Status status, const char* what) {
  if (!status.ok()) ThrowSystem(env, status, what);
}

/// nextChildNumber() → 1, 2, 3 … for the names of this process's children
Napi::Value NextChildNumber(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Children::Instance().NextNumber());
}

/// spawn({ program, arguments, environment, directory, arena, payload, isDaemon }) → number
Napi::Value Spawn(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  Equipment equipment = Equip(env, options);
  os::SpawnRequest request;
  request.program = options.Get("program").As<Napi::String>();
  request.arguments = StringsOf(options.Get("arguments"));
  request.environment = StringsOf(options.Get("environment"));
  request.directory = options.Get("directory").As<Napi::String>();
  request.descriptors = equipment.descriptors;
  ThrowUnlessOk(env, equipment.child->process.Spawn(request), "a process cannot be started");
  return Napi::Number::New(env, Watch(env, std::move(equipment.child)));
}

/// onChild(callback): callback(number) runs when there is news of a child
void OnChild(const Napi::CallbackInfo& info) {
  Watches(info).SetCallback(info[0].As<Napi::Function>());
}

/// childPid(number)
Napi::Value ChildPid(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), ChildAt(info).process.pid());
}

/// childStatus(number) → { code, signal }, or undefined while it runs
Napi::Value ChildStatus(const Napi::CallbackInfo& info) {
  Child& child = ChildAt(info);
  const auto status = Watches(info).Poll(NumberOf(info));
  if (!status.has_value()) return info.Env().Undefined();
  Children::Instance().Remove(&child);
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("code", status->code);
  result.Set("signal", status->signal);
  return result;
}

/// childWait(number, timeoutMs): blocks until the child has ended or the time is over
void ChildWait(const Napi::CallbackInfo& info) {
  Child& child = ChildAt(info);
  const os::Deadline deadline = DeadlineAt(info, 1);
  const WorkerEnd stop(info.Env());
  while (!os::IsReadable(child.process.descriptor(), 0)) {
    if (deadline.IsPast() || stop.IsUp()) return;
    child.process.Wait(deadline.OrEarlier(os::MonotonicNs() + kStopCheckNs));
  }
}

/// childSignal(number, signal)
void ChildSignal(const Napi::CallbackInfo& info) {
  const os::Status sent = ChildAt(info).process.Signal(static_cast<int>(WholeAt(info, 1)));
  ThrowUnlessOk(info.Env(), sent, "the process cannot be signalled");
}

/// childSentinel(number) → a descriptor that is readable once the child has ended
Napi::Value ChildSentinel(const Napi::CallbackInfo& info) {
  Child& child = ChildAt(info);
  if (child.process.descriptor() < 0 && !child.sentinel.is_open()) {
    ThrowUnlessOk(info.Env(), os::OpenAlwaysReadable(&child.sentinel), "no sentinel can be made");
  }
  // From now on somebody may watch the number: it must not become another file's.
  child.process.KeepDescriptor();
  const int running = child.process.descriptor();
  return Napi::Number::New(info.Env(), running >= 0 ? running : child.sentinel.number());
}

/// childNews(number) → { hasStarted, hasResult }
Napi::Value ChildNews(const Napi::CallbackInfo& info) {
  Child& child = ChildAt(info);
  const std::lock_guard<std::mutex> lock(child.mutex);
  child.Drain();
  Napi::Object news = Napi::Object::New(info.Env());
  news.Set("hasStarted", child.has_started);
  news.Set("hasResult", child.has_result);
  return news;
}

/// Takes the descriptors that came with a result; their tickets are its last bytes. Returns how
/// many are before them.
size_t TakeGifts(Child& child, const uint8_t* bytes, size_t size) {
  const size_t before = size - child.gifts.size() * sizeof(Ticket);
  const uint8_t* next = bytes + before;
  for (os::Descriptor& gift : child.gifts) {
    Ticket ticket{};
    std::copy_n(next, ticket.size(), ticket.begin());
    next += ticket.size();
    if (gift.is_open()) DescriptorOffice::Instance().Keep(ticket, std::move(gift));
  }
  child.gifts.clear();
  return before;
}

/// childResult(number) → what the child left in its mailbox, once it has told so
Napi::Value ChildResult(const Napi::CallbackInfo& info) {
  Child& child = ChildAt(info);
  const std::lock_guard<std::mutex> lock(child.mutex);
  uint64_t size = 0;
  ThrowUnlessOk(info.Env(), child.mailbox.Size(&size), "the result cannot be read");
  auto buffer = Napi::ArrayBuffer::New(info.Env(), size);
  auto* data = static_cast<uint8_t*>(buffer.Data());
  ThrowUnlessOk(info.Env(), child.mailbox.Read(data, size), "the result cannot be read");
  child.mailbox = os::SharedFile();
  return Napi::Uint8Array::New(info.Env(), TakeGifts(child, data, size), buffer, 0);
}

/// childKeepLoop(number, keep)
void ChildKeepLoop(const Napi::CallbackInfo& info) {
  Watches(info).KeepLoop(NumberOf(info), info[1].ToBoolean());
}

/// childForget(number): nobody here has an interest in it; it runs on
void ChildForget(const Napi::CallbackInfo& info) { Watches(info).Remove(NumberOf(info)); }

}  // namespace

void ExportChild(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("nextChildNumber", Napi::Function::New<NextChildNumber>(env, "nextChildNumber"));
  set("spawn", Napi::Function::New<Spawn>(env, "spawn"));
  set("onChild", Napi::Function::New<OnChild>(env, "onChild"));
  set("childPid", Napi::Function::New<ChildPid>(env, "childPid"));
  set("childStatus", Napi::Function::New<ChildStatus>(env, "childStatus"));
  set("childWait", Napi::Function::New<ChildWait>(env, "childWait"));
  set("childSignal", Napi::Function::New<ChildSignal>(env, "childSignal"));
  set("childSentinel", Napi::Function::New<ChildSentinel>(env, "childSentinel"));
  set("childNews", Napi::Function::New<ChildNews>(env, "childNews"));
  set("childResult", Napi::Function::New<ChildResult>(env, "childResult"));
  set("childKeepLoop", Napi::Function::New<ChildKeepLoop>(env, "childKeepLoop"));
  set("childForget", Napi::Function::New<ChildForget>(env, "childForget"));
}

}  // namespace mp::napi
