// This process's forkserver, and forking by it, for JavaScript; see the header.
#include "napi/forkserver.h"

#include <utility>

#include "napi/arguments.h"
#include "napi/children.h"
#include "napi/objects.h"

namespace mp::napi {

Forkserver& Forkserver::Instance() {
  static auto* server = new Forkserver();  // never destroyed: it ends when its socket does
  return *server;
}

os::Status Forkserver::Start(os::SpawnRequest request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (state_ != State::kNone) return {};
  int ends[2];
  if (os::Status status = fork::OpenSocketPair(ends); !status.ok()) return status;
  os::Descriptor ours(ends[0]);
  const os::Descriptor theirs(ends[1]);
  request.descriptors[3] = theirs.number();
  if (os::Status status = process_.Spawn(request); !status.ok()) return status;
  socket_ = std::move(ours);
  state_ = State::kStarting;
  return {};
}

void Forkserver::Forget() {
  // By then it has ended, or ends at once: its socket has.
  socket_.Close();
  process_.Wait(os::Deadline::Never());
  (void)process_.Poll();
  process_ = os::ChildProcess();
  state_ = State::kNone;
}

Forkserver::State Forkserver::Receive(std::string* reason) {
  fork::Reply reply;
  switch (fork::ReceiveReply(socket_.number(), &reply)) {
    case fork::Received::kNothing:
      return state_;
    case fork::Received::kEnded:
      Forget();
      return state_;
    case fork::Received::kMessage:
      break;
  }
  if (reply.kind == fork::ReplyKind::kReady) state_ = State::kReady;
  if (reply.kind == fork::ReplyKind::kRefused) {
    *reason = reply.text;
    Forget();
    return State::kRefused;
  }
  return state_;
}

Forkserver::State Forkserver::Await(os::Deadline deadline, std::string* reason) {
  const std::lock_guard<std::mutex> lock(mutex_);
  while (state_ == State::kStarting) {
    const State state = Receive(reason);
    if (state != State::kStarting || deadline.IsPast()) return state;
    constexpr int kStepMs = 50;
    (void)os::IsReadable(socket_.number(), kStepMs);
  }
  return state_;
}

Forkserver::Result Forkserver::Fork(const fork::DescriptorList& descriptors, int* pid,
                                    os::Status* failure) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (state_ != State::kReady) return Result::kEnded;
  fork::Order order;
  order.sequence = ++sequence_;
  if (os::Status sent = fork::SendOrder(socket_.number(), order, descriptors); !sent.ok()) {
    Forget();
    return Result::kEnded;
  }
  for (;;) {
    fork::Reply reply;
    (void)os::IsReadable(socket_.number(), -1);
    switch (fork::ReceiveReply(socket_.number(), &reply)) {
      case fork::Received::kNothing:
        continue;
      case fork::Received::kEnded:
        Forget();
        return Result::kEnded;
      case fork::Received::kMessage:
        break;
    }
    if (reply.sequence != order.sequence) continue;
    if (reply.kind == fork::ReplyKind::kFailed) {
      *failure = {reply.number, "clone"};
      return Result::kFailed;
    }
    *pid = reply.number;
    return Result::kForked;
  }
}

void Forkserver::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (state_ == State::kNone) return;
  (void)process_.Signal(os::kKillSignal);
  Forget();
}

int Forkserver::descriptor() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return socket_.number();
}

void Forkserver::ResetAfterFork() {
  socket_.Close();
  process_ = os::ChildProcess();
  state_ = State::kNone;
}

namespace {

/// forkserverStart({ program, arguments, environment, directory, arena, setup })
void StartServer(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  const auto setup = options.Get("setup").As<Napi::Uint8Array>();
  constexpr char kWhat[] = "the forkserver cannot be started";
  os::Descriptor null;
  os::SharedFile file;
  os::Status status = os::OpenNull(&null);
  if (status.ok()) status = file.Create();
  if (status.ok()) status = file.Write(setup.Data(), setup.ByteLength());
  os::SpawnRequest request;
  request.program = options.Get("program").As<Napi::String>();
  request.arguments = StringsOf(options.Get("arguments"));
  request.environment = StringsOf(options.Get("environment"));
  request.directory = options.Get("directory").As<Napi::String>();
  const int arena = options.Get("arena").As<Napi::Number>().Int32Value();
  request.descriptors = {null.number(), 1, 2, null.number(), file.descriptor(), arena};
  // The numbers that its children get for their own must not be those of its event loop.
  request.descriptors.resize(kEquipmentCount, null.number());
  // What the server prints while it loads is the program's; where that is closed, it is nothing's.
  for (const size_t output : {size_t{1}, size_t{2}}) {
    if (!os::IsOpen(request.descriptors[output])) request.descriptors[output] = null.number();
  }
  if (status.ok()) status = Forkserver::Instance().Start(std::move(request));
  if (!status.ok()) ThrowSystem(info.Env(), status, kWhat);
}

const char* NameOf(Forkserver::State state) {
  switch (state) {
    case Forkserver::State::kNone:
      return "none";
    case Forkserver::State::kStarting:
      return "starting";
    case Forkserver::State::kReady:
      return "ready";
    case Forkserver::State::kRefused:
      break;
  }
  return "refused";
}

/// forkserverState(timeoutMs) → { state, reason }: waits for so long while it is starting
Napi::Value ServerState(const Napi::CallbackInfo& info) {
  std::string reason;
  const auto state = Forkserver::Instance().Await(DeadlineAt(info, 0), &reason);
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("state", NameOf(state));
  result.Set("reason", reason);
  return result;
}

/// onForkserver(callback): callback() runs, once, when the server has something to say; keeps the
/// event loop alive until then. False when there is no server.
Napi::Value OnServer(const Napi::CallbackInfo& info) {
  const int descriptor = Forkserver::Instance().descriptor();
  if (descriptor < 0) return Napi::Boolean::New(info.Env(), false);
  EnvState::Of(info.Env())->AwaitReadable(descriptor, info[0].As<Napi::Function>());
  return Napi::Boolean::New(info.Env(), true);
}

/// forkserverStop(): ends it, whatever it does. Its children go on.
void StopServer(const Napi::CallbackInfo& /*info*/) { Forkserver::Instance().Stop(); }

/// forkserverFork({ payload, isDaemon, arena, task }) → number of the child, as of spawn();
/// undefined when the server has ended
Napi::Value ForkByServer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  const std::string text = options.Get("task").As<Napi::String>();
  constexpr char kWhat[] = "a process cannot be forked";
  Equipment equipment = Equip(env, options);
  os::SharedFile task;
  os::Status status = task.Create();
  if (status.ok()) status = task.Write(text.data(), text.size());
  if (!status.ok()) ThrowSystem(env, status, kWhat);
  fork::DescriptorList list;
  list.numbers[list.count++] = task.descriptor();
  for (const int descriptor : equipment.descriptors) list.numbers[list.count++] = descriptor;
  int pid = 0;
  const auto result = Forkserver::Instance().Fork(list, &pid, &status);
  if (result == Forkserver::Result::kEnded) return env.Undefined();
  os::Descriptor handle;
  if (result == Forkserver::Result::kForked) status = os::OpenProcess(pid, &handle);
  if (!status.ok()) ThrowSystem(env, status, kWhat);
  equipment.child->process.Adopt(pid, std::move(handle));
  return Napi::Number::New(env, Watch(env, std::move(equipment.child)));
}

}  // namespace

void ExportForkserver(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("forkserverStart", Napi::Function::New<StartServer>(env, "forkserverStart"));
  set("forkserverState", Napi::Function::New<ServerState>(env, "forkserverState"));
  set("forkserverStop", Napi::Function::New<StopServer>(env, "forkserverStop"));
  set("onForkserver", Napi::Function::New<OnServer>(env, "onForkserver"));
  set("forkserverFork", Napi::Function::New<ForkByServer>(env, "forkserverFork"));
}

}  // namespace mp::napi
