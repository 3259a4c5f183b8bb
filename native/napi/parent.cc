// Being a child, for JavaScript: its task, its result, and its parent's death.
#include <algorithm>
#include <utility>
#include <vector>

#include "napi/arguments.h"
#include "napi/descriptor_office.h"
#include "napi/objects.h"
#include "os/child_process.h"
#include "os/process.h"
#include "os/shared_file.h"
#include "os/stream.h"

namespace mp::napi {
namespace {

/// How long a child whose parent is gone may still work, for it may want to tell somebody, and how
/// long it may take to end when it is told to.
constexpr int kOrphanWorkMs = 300;
constexpr int kOrphanEndMs = 300;

constexpr uint32_t kMostGifts = 64;

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

/// Gives the parent what waits behind the tickets, before it can ask: this process may be gone by
/// then. Of very many the rest waits here; the socket must have room for the word that is to come.
void GiveDeposits(const Napi::Array& tickets, std::vector<uint8_t>* given) {
  const uint32_t count = std::min(tickets.Length(), kMostGifts);
  for (uint32_t i = 0; i < count; ++i) {
    const auto bytes = tickets.Get(i).As<Napi::Uint8Array>();
    Ticket ticket{};
    std::copy_n(bytes.Data(), std::min(bytes.ByteLength(), ticket.size()), ticket.begin());
    DescriptorOffice& office = DescriptorOffice::Instance();
    os::Descriptor gift = office.Withdraw(ticket);
    const int control = ThisTask().control.number();
    if (os::SendDescriptor(control, 'D', gift.number()).progress == os::Progress::kMoved) {
      given->insert(given->end(), ticket.begin(), ticket.end());
    } else {
      office.Keep(ticket, std::move(gift));
    }
  }
}

/// leaveResult(Uint8Array, tickets): the result, and the tickets of descriptors that are in it
void LeaveResult(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Uint8Array>();
  std::vector<uint8_t> all(bytes.Data(), bytes.Data() + bytes.ByteLength());
  GiveDeposits(info[1].As<Napi::Array>(), &all);
  const os::Status written = ThisTask().mailbox.Write(all.data(), all.size());
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
