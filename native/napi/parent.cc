// Being a child, for JavaScript: its task, its result, and its parent's death.
#include "napi/arguments.h"
#include "napi/objects.h"
#include "os/child_process.h"
#include "os/process.h"
#include "os/shared_file.h"

namespace mp::napi {
namespace {

/// How long a child whose parent is gone may still work, for it may want to tell somebody, and how
/// long it may take to end when it is told to.
constexpr int kOrphanWorkMs = 300;
constexpr int kOrphanEndMs = 300;

/// This process as a child; empty in a main process. Never destroyed: a thread uses it to the end.
struct Task {
  os::Descriptor control;
  os::SharedFile mailbox;
  os::Descriptor parent;
};

Task& ThisTask() {
  static auto* task = new Task();
  return *task;
}

void ThrowUnlessOk(Napi::Env env, os::Status status, const char* what) {
  if (!status.ok()) ThrowSystem(env, status, what);
}

int DescriptorAt(const Napi::CallbackInfo& info, size_t index) {
  const int descriptor = static_cast<int>(WholeAt(info, index));
  os::StopInheritance(descriptor);
  return descriptor;
}

void EndWithParent(void* /*unused*/) {
  while (!os::IsReadable(ThisTask().parent.number(), -1)) {
  }
  os::SleepMs(kOrphanWorkMs);
  os::EndThisProcess(kOrphanEndMs);
}

/// The parent was gone before this process had learnt what to do.
void EndUnlessParentLives() {
  if (os::IsReadable(ThisTask().parent.number(), 0)) os::EndThisProcess(0);
}

/// takeTask(control, mailbox, parent) → the bytes of the task. From now on this process is the
/// child of the process behind the descriptor `parent`, and ends when that one does, even while
/// its JavaScript loops.
Napi::Value TakeTask(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Task& task = ThisTask();
  task.control = os::Descriptor(DescriptorAt(info, 0));
  task.mailbox.Adopt(DescriptorAt(info, 1));
  task.parent = os::Descriptor(DescriptorAt(info, 2));
  EndUnlessParentLives();
  ThrowUnlessOk(env, os::StartThread(EndWithParent, nullptr), "the parent cannot be watched");
  constexpr char kWhat[] = "the task of this process cannot be read";
  uint64_t size = 0;
  ThrowUnlessOk(env, task.mailbox.Size(&size), kWhat);
  auto bytes = Napi::Uint8Array::New(env, size);
  ThrowUnlessOk(env, task.mailbox.Read(bytes.Data(), size), kWhat);
  ThrowUnlessOk(env, task.mailbox.Write(nullptr, 0), kWhat);
  return bytes;
}

/// tellStarted(): the task is taken, and what came with it is this process's own
void TellStarted(const Napi::CallbackInfo& /*info*/) {
  os::SendByte(ThisTask().control.number(), 'S');
}

/// leaveResult(Uint8Array)
void LeaveResult(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const os::Status written = ThisTask().mailbox.Write(bytes.Data(), bytes.ByteLength());
  ThrowUnlessOk(info.Env(), written, "the result cannot be left for the parent");
  os::SendByte(ThisTask().control.number(), 'R');
}

/// watchParent(pid) → a number, as of a child, with which childStatus() and the others tell of the
/// parent's end
Napi::Value WatchParent(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  os::Descriptor copy;
  ThrowUnlessOk(env, os::Duplicate(ThisTask().parent.number(), &copy), "no parent to watch");
  auto parent = std::make_shared<Child>();
  parent->process.Adopt(static_cast<int>(WholeAt(info, 0)), std::move(copy));
  ChildWatches& watches = EnvState::Of(env)->children();
  const uint32_t number = watches.Add(std::move(parent));
  watches.KeepLoop(number, false);
  return Napi::Number::New(env, number);
}

}  // namespace

void ExportParent(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("takeTask", Napi::Function::New<TakeTask>(env, "takeTask"));
  set("tellStarted", Napi::Function::New<TellStarted>(env, "tellStarted"));
  set("leaveResult", Napi::Function::New<LeaveResult>(env, "leaveResult"));
  set("watchParent", Napi::Function::New<WatchParent>(env, "watchParent"));
}

}  // namespace mp::napi
