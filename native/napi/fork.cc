// Forking for JavaScript: the server's and the child's side. See fork/serve.h.
#include <uv.h>

#include <string>

#include "fork/event_loop.h"
#include "fork/serve.h"
#include "napi/after_fork.h"
#include "napi/arguments.h"
#include "napi/objects.h"
#include "os/process.h"
#include "os/shared_file.h"

namespace mp::napi {
namespace {

/// In the child, before its other threads go on: this thread's event loop gets its own descriptors.
bool PrepareLoop(void* raw) { return fork::RenewLoop(static_cast<uv_loop_t*>(raw)); }

uv_loop_t* LoopOf(Napi::Env env) {
  uv_loop_s* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  return loop;
}

Napi::Value TakeTask(Napi::Env env, int descriptor) {
  os::SharedFile file;
  file.Adopt(descriptor);
  uint64_t size = 0;
  os::Status status = file.Size(&size);
  std::string text(size, '\0');
  if (status.ok()) status = file.Read(text.data(), size);
  if (!status.ok()) ThrowSystem(env, status, "the task of a forked process cannot be read");
  return Napi::String::New(env, text);
}

/// forkGate() → '' when this system is one on which processes can be forked, else why not
Napi::Value ForkGate(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), fork::Gate().reason);
}

/// forkServe(socket) → { pid, task }, in each child: its own id, and the text of its task. In the
/// server it returns only when it cannot be forked: with a text that says why.
Napi::Value ForkServe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  fork::ForkPlan plan;
  plan.as_sibling = true;
  plan.prepare_child = PrepareLoop;
  plan.argument = LoopOf(env);
  fork::Assignment assignment;
  const fork::Verdict verdict = fork::Serve(static_cast<int>(WholeAt(info, 0)), plan, &assignment);
  if (!verdict.ok()) return Napi::String::New(env, verdict.reason);
  ResetAfterFork(env);
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", os::ProcessId());
  result.Set("task", TakeTask(env, assignment.task_descriptor));
  return result;
}

/// forkRefuse(socket, reason): tells the client that this process cannot be forked
void ForkRefuse(const Napi::CallbackInfo& info) {
  const std::string reason = info[1].As<Napi::String>();
  fork::Reply reply;
  reply.kind = fork::ReplyKind::kRefused;
  reason.copy(reply.text, sizeof reply.text - 1);
  fork::SendReply(static_cast<int>(WholeAt(info, 0)), reply);
}

/// What a loop is busy with that two processes cannot share.
struct Obstacle {
  const uv_handle_t* bell = nullptr;
  const char* name = "";
};

void FindObstacle(uv_handle_t* handle, void* raw) {
  auto* obstacle = static_cast<Obstacle*>(raw);
  if (uv_is_closing(handle) != 0 || uv_is_active(handle) == 0 || handle == obstacle->bell) return;
  uv_os_fd_t descriptor = -1;
  const bool is_standard = uv_fileno(handle, &descriptor) == 0 && descriptor <= 2;
  switch (uv_handle_get_type(handle)) {
    case UV_TCP:
    case UV_UDP:
      obstacle->name = "a socket";
      break;
    case UV_NAMED_PIPE:
      if (!is_standard) obstacle->name = "a pipe";
      break;
    case UV_POLL:
      obstacle->name = "a watched descriptor";
      break;
    case UV_PROCESS:
      obstacle->name = "a child process";
      break;
    case UV_FS_EVENT:
    case UV_FS_POLL:
      obstacle->name = "a watched file";
      break;
    default:
      break;
  }
}

/// forkObstacle() → what this thread's event loop has open that children could not share; or ''
Napi::Value ForkObstacle(const Napi::CallbackInfo& info) {
  uv_loop_t* loop = LoopOf(info.Env());
  Obstacle obstacle;
  obstacle.bell = EnvState::Of(info.Env())->bell_handle();
  uv_walk(loop, FindObstacle, &obstacle);
  if (loop->active_reqs.count > 0) obstacle.name = "a request of the event loop";
  return Napi::String::New(info.Env(), obstacle.name);
}

/// forkSockets() → two connected ends
Napi::Value ForkSockets(const Napi::CallbackInfo& info) {
  int ends[2];
  const os::Status status = fork::OpenSocketPair(ends);
  if (!status.ok()) ThrowSystem(info.Env(), status, "a forkserver cannot be started");
  Napi::Array result = Napi::Array::New(info.Env(), 2);
  result.Set(0U, ends[0]);
  result.Set(1U, ends[1]);
  return result;
}

/// forkOrder(socket, sequence, task, descriptors)
void ForkOrder(const Napi::CallbackInfo& info) {
  const auto task = info[2].As<Napi::Uint8Array>();
  const auto numbers = info[3].As<Napi::Array>();
  os::SharedFile file;
  os::Status status = file.Create();
  if (status.ok()) status = file.Write(task.Data(), task.ByteLength());
  fork::DescriptorList list;
  list.numbers[list.count++] = file.descriptor();
  for (uint32_t i = 0; i < numbers.Length() && list.count < fork::kMaxDescriptors; ++i) {
    list.numbers[list.count++] = numbers.Get(i).As<Napi::Number>().Int32Value();
  }
  fork::Order order;
  order.sequence = static_cast<uint32_t>(WholeAt(info, 1));
  if (status.ok()) status = fork::SendOrder(static_cast<int>(WholeAt(info, 0)), order, list);
  if (!status.ok()) ThrowSystem(info.Env(), status, "the forkserver does not take orders");
}

/// forkReply(socket) → { kind, sequence, number, text }, null at the end, undefined while there is
/// none
Napi::Value ForkReply(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  fork::Reply reply;
  switch (fork::ReceiveReply(static_cast<int>(WholeAt(info, 0)), &reply)) {
    case fork::Received::kEnded:
      return env.Null();
    case fork::Received::kNothing:
      return env.Undefined();
    case fork::Received::kMessage:
      break;
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("kind", static_cast<uint32_t>(reply.kind));
  result.Set("sequence", reply.sequence);
  result.Set("number", reply.number);
  result.Set("text", Napi::String::New(env, reply.text));
  return result;
}

}  // namespace

void ExportFork(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("forkGate", Napi::Function::New<ForkGate>(env, "forkGate"));
  set("forkServe", Napi::Function::New<ForkServe>(env, "forkServe"));
  set("forkRefuse", Napi::Function::New<ForkRefuse>(env, "forkRefuse"));
  set("forkObstacle", Napi::Function::New<ForkObstacle>(env, "forkObstacle"));
  set("forkSockets", Napi::Function::New<ForkSockets>(env, "forkSockets"));
  set("forkOrder", Napi::Function::New<ForkOrder>(env, "forkOrder"));
  set("forkReply", Napi::Function::New<ForkReply>(env, "forkReply"));
}

}  // namespace mp::napi
