// Forking this process as it is, for JavaScript. See fork/live.h.
#include "fork/live.h"

#include <uv.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "fork/descriptors.h"
#include "napi/after_fork.h"
#include "napi/arguments.h"
#include "napi/children.h"
#include "napi/objects.h"
#include "os/process.h"

namespace mp::napi {
namespace {

/// How long one try stands still to wait until the other threads are quiet.
constexpr unsigned kTryMs = 100;
constexpr int kProbeCode = 42;
constexpr int kProbeMs = 5000;

uv_loop_t* LoopOf(Napi::Env env) {
  uv_loop_s* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  return loop;
}

bool IsOurs(const uv_handle_t* handle) { return LoopPoll::Owns(handle) || LoopBell::Owns(handle); }

template <typename T>
T* NewHandle(uv_handle_type type) {
  // Sized by the libuv that runs, which may be newer than the one that this was compiled against.
  return static_cast<T*>(std::calloc(1, uv_handle_size(type)));
}

void FreeHandle(uv_handle_t* handle) { std::free(handle); }

template <typename T>
void CloseHandle(T* handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(handle), FreeHandle);
}

/// One fork that waits for its moment: the beginning of a turn of the event loop, when no
/// JavaScript is on the stack and no tick or promise job is left of the turn before. Deletes
/// itself.
class LiveFork {
 public:
  LiveFork(Napi::Env env, Equipment equipment, Napi::Function callback, os::Deadline patience)
      : env_(env),
        context_(env, "node-multiprocessing:fork"),
        equipment_(std::move(equipment)),
        callback_(Napi::Persistent(callback)),
        patience_(patience),
        prepare_(NewHandle<uv_prepare_t>(UV_PREPARE)),
        timer_(NewHandle<uv_timer_t>(UV_TIMER)) {
    uv_loop_t* loop = LoopOf(env);
    uv_prepare_init(loop, prepare_);
    uv_timer_init(loop, timer_);
    prepare_->data = this;
    uv_prepare_start(prepare_, OnTurn);
    // Turns come even if nothing else happens.
    uv_timer_start(timer_, OnTime, 0, 1);
  }
  LiveFork(const LiveFork&) = delete;
  LiveFork& operator=(const LiveFork&) = delete;

 private:
  ~LiveFork() {
    uv_prepare_stop(prepare_);
    uv_timer_stop(timer_);
    CloseHandle(prepare_);
    CloseHandle(timer_);
  }

  static void OnTime(uv_timer_t* /*timer*/) {}
  static void OnTurn(uv_prepare_t* prepare) { static_cast<LiveFork*>(prepare->data)->Try(); }

  void Try() {
    fork::LoopPlan plan;
    plan.loop = LoopOf(env_);
    plan.is_spared = IsOurs;
    fork::Verdict verdict = fork::CheckOtherLoops(plan.loop->backend_fd);
    const bool is_final = !verdict.ok();
    if (verdict.ok()) verdict = fork::CheckLoop(plan.loop);
    fork::Forked forked;
    if (verdict.ok()) forked = fork::ForkLive(plan, kTryMs, &verdict);
    if (!verdict.ok() && !is_final && !patience_.IsPast()) return;
    const std::unique_ptr<LiveFork, void (*)(LiveFork*)> end(this,
                                                             [](LiveFork* fork) { delete fork; });
    const Napi::HandleScope scope(env_);
    try {
      const Napi::Value result = !verdict.ok() ? Napi::String::New(env_, verdict.reason)
                                 : forked.side == fork::Side::kChild ? BecomeChild()
                                                                     : WatchChild(forked.pid);
      callback_.MakeCallback(env_.Global(), {result}, context_);
    } catch (const Napi::Error& error) {
      // libuv called, so nobody above catches: an uncaught exception.
      napi_fatal_exception(env_, error.Value());
    }
  }

  Napi::Value WatchChild(int pid) {
    os::Descriptor handle;
    const os::Status status = os::OpenProcess(pid, &handle);
    if (!status.ok()) return Napi::String::New(env_, "the new process cannot be watched");
    equipment_.child->process.Adopt(pid, std::move(handle));
    return Napi::Number::New(env_, Watch(env_, std::move(equipment_.child)));
  }

  Napi::Value BecomeChild() {
    fork::CloseInput();
    os::Descriptor mailbox;
    os::Descriptor parent;
    (void)os::Duplicate(equipment_.descriptors[4], &mailbox);
    (void)os::Duplicate(equipment_.descriptors[6], &parent);
    const int control = equipment_.control.Release();
    equipment_ = Equipment();
    ResetAfterFork(env_);
    Napi::Object self = Napi::Object::New(env_);
    self.Set("pid", os::ProcessId());
    self.Set("control", control);
    self.Set("mailbox", mailbox.Release());
    self.Set("parent", parent.Release());
    return self;
  }

  Napi::Env env_;
  Napi::AsyncContext context_;
  Equipment equipment_;
  Napi::FunctionReference callback_;
  os::Deadline patience_;
  uv_prepare_t* prepare_;
  uv_timer_t* timer_;
};

/// forkLive({ payload, isDaemon, arena }, patienceMs, callback): soon, on this thread's event loop,
/// callback(number of the child) in the parent, callback({ pid, control, mailbox, parent }) in the
/// child; callback(reason) when the process cannot be forked within the time
void ForkLive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Equipment equipment = Equip(env, info[0].As<Napi::Object>());
  // Ends by itself.
  [[maybe_unused]] const auto* const fork =
      new LiveFork(env, std::move(equipment), info[2].As<Napi::Function>(), DeadlineAt(info, 1));
}

/// forkLiveGate() → '' when system and Node are ones that can be forked live, else why not
Napi::Value ForkLiveGate(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), fork::LiveGate().reason);
}

int RunProbe(void* raw) {
  const auto& job = *static_cast<Napi::Function*>(raw);
  const Napi::Value result = job.Call({});
  return result.IsNumber() ? result.As<Napi::Number>().Int32Value() : 1;
}

/// forkProbe(job) → '' when a child that runs `job` ends with what it returns, 42; else what was
/// the matter. Undefined when this process cannot be forked just now.
Napi::Value ForkProbe(const Napi::CallbackInfo& info) {
  auto job = info[0].As<Napi::Function>();
  bool is_tried = false;
  const fork::Verdict verdict = fork::ProbeFork({RunProbe, &job, kProbeCode, kProbeMs}, &is_tried);
  if (!is_tried) return info.Env().Undefined();
  return Napi::String::New(info.Env(), verdict.reason);
}

}  // namespace

void ExportLiveFork(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("forkLive", Napi::Function::New<ForkLive>(env, "forkLive"));
  set("forkLiveGate", Napi::Function::New<ForkLiveGate>(env, "forkLiveGate"));
  set("forkProbe", Napi::Function::New<ForkProbe>(env, "forkProbe"));
}

}  // namespace mp::napi
