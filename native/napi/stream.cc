// Bytes and descriptors through sockets, for JavaScript.
#include "os/stream.h"

#include <errno.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "napi/arguments.h"
#include "napi/descriptor_office.h"
#include "napi/objects.h"
#include "os/child_process.h"

namespace mp::napi {
namespace {

/// Longest that a blocking wait goes without asking whether its thread is to end.
constexpr int64_t kStopCheckNs = 50 * os::kNsPerMs;

/// Results of attempts that moved nothing; ts/native/binding.ts has them too.
constexpr int kNotNow = -1;
constexpr int kEnded = -2;

Streams& StreamsOf(const Napi::CallbackInfo& info) { return EnvState::Of(info.Env())->streams(); }

uint32_t NumberOf(const Napi::CallbackInfo& info) {
  return static_cast<uint32_t>(WholeAt(info, 0));
}

int DescriptorOf(const Napi::CallbackInfo& info) {
  const int descriptor = StreamsOf(info).DescriptorOf(NumberOf(info));
  if (descriptor < 0) Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no such stream");
  return descriptor;
}

void ThrowUnlessOk(Napi::Env env, os::Status status, const char* what) {
  if (!status.ok()) ThrowSystem(env, status, what);
}

Napi::Value MovedValue(const Napi::CallbackInfo& info, const os::Moved& moved, const char* what) {
  ThrowUnlessOk(info.Env(), moved.status, what);
  double result = static_cast<double>(moved.bytes);
  if (moved.progress == os::Progress::kNotNow) result = kNotNow;
  if (moved.progress == os::Progress::kEnded) result = kEnded;
  return Napi::Number::New(info.Env(), result);
}

/// The bytes of argument `index`, from byte `start` on.
os::Span SpanAt(const Napi::CallbackInfo& info, size_t index, uint64_t start) {
  if (!info[index].IsTypedArray()) {
    throw Napi::TypeError::New(info.Env(), "native call: bytes are missing");
  }
  const auto bytes = info[index].As<Napi::Uint8Array>();
  const uint64_t skipped = std::min<uint64_t>(start, bytes.ByteLength());
  return {bytes.Data() + skipped, bytes.ByteLength() - skipped};
}

/// onStream(callback): callback(number) runs when what was awaited is worth a try
void OnStream(const Napi::CallbackInfo& info) {
  StreamsOf(info).SetCallback(info[0].As<Napi::Function>());
}

/// streamAdopt(descriptor) → number, which owns the descriptor
Napi::Value StreamAdopt(const Napi::CallbackInfo& info) {
  const int descriptor = static_cast<int>(WholeAt(info, 0));
  if (!os::IsOpen(descriptor)) ThrowSystem(info.Env(), {EBADF, "fcntl"}, "no open descriptor");
  os::StopInheritance(descriptor);
  return Napi::Number::New(info.Env(), StreamsOf(info).Add(os::Descriptor(descriptor)));
}

/// streamDuplicate(descriptor) → number of a copy
Napi::Value StreamDuplicate(const Napi::CallbackInfo& info) {
  os::Descriptor copy;
  const os::Status status = os::Duplicate(static_cast<int>(WholeAt(info, 0)), &copy);
  ThrowUnlessOk(info.Env(), status, "the descriptor cannot be duplicated");
  return Napi::Number::New(info.Env(), StreamsOf(info).Add(std::move(copy)));
}

/// streamPair() → [number, number], connected with each other
Napi::Value StreamPair(const Napi::CallbackInfo& info) {
  os::Descriptor one;
  os::Descriptor other;
  ThrowUnlessOk(info.Env(), os::OpenStreamPair(&one, &other), "no pair of sockets can be made");
  Napi::Array pair = Napi::Array::New(info.Env(), 2);
  pair.Set(uint32_t{0}, Napi::Number::New(info.Env(), StreamsOf(info).Add(std::move(one))));
  pair.Set(uint32_t{1}, Napi::Number::New(info.Env(), StreamsOf(info).Add(std::move(other))));
  return pair;
}

/// streamDescriptor(number)
Napi::Value StreamDescriptor(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), DescriptorOf(info));
}

/// isStreamSocket(descriptor)
Napi::Value IsStreamSocket(const Napi::CallbackInfo& info) {
  const int descriptor = static_cast<int>(WholeAt(info, 0));
  return Napi::Boolean::New(info.Env(), os::IsStreamSocket(descriptor));
}

/// streamReceive(number, bytes, start) → how many bytes came into `bytes` from `start` on
Napi::Value StreamReceive(const Napi::CallbackInfo& info) {
  const int descriptor = DescriptorOf(info);
  const os::Span room = SpanAt(info, 1, WholeAt(info, 2));
  if (room.size == 0) return Napi::Number::New(info.Env(), 0);
  const os::Moved moved = os::Receive(descriptor, const_cast<uint8_t*>(room.data), room.size);
  return MovedValue(info, moved, "nothing can be received");
}

/// streamSend(number, head, body, start) → how many bytes of head and body, from the `start`th on,
/// the system took
Napi::Value StreamSend(const Napi::CallbackInfo& info) {
  const int descriptor = DescriptorOf(info);
  const uint64_t start = WholeAt(info, 3);
  const os::Span whole_head = SpanAt(info, 1, 0);
  const os::Span head = SpanAt(info, 1, start);
  const os::Span body = SpanAt(info, 2, start > whole_head.size ? start - whole_head.size : 0);
  if (head.size + body.size == 0) return Napi::Number::New(info.Env(), 0);
  return MovedValue(info, os::Send(descriptor, head, body), "nothing can be sent");
}

/// streamSendDescriptor(number, descriptor): one byte, and a copy of the descriptor
Napi::Value StreamSendDescriptor(const Napi::CallbackInfo& info) {
  const int sent = static_cast<int>(WholeAt(info, 1));
  const os::Moved moved = os::SendDescriptor(DescriptorOf(info), 1, sent);
  return MovedValue(info, moved, "the descriptor cannot be sent");
}

/// streamReceiveDescriptor(number) → { moved, descriptor }: descriptor is -1 when none came
Napi::Value StreamReceiveDescriptor(const Napi::CallbackInfo& info) {
  uint8_t byte = 0;
  os::Descriptor received;
  const os::Moved moved = os::ReceiveDescriptor(DescriptorOf(info), &byte, &received);
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("moved", MovedValue(info, moved, "no descriptor can be received"));
  result.Set("descriptor", received.Release());
  return result;
}

/// streamAwait(number, reads, writes): what the event loop looks for from now on
void StreamAwait(const Napi::CallbackInfo& info) {
  if (StreamsOf(info).Await(NumberOf(info), info[1].ToBoolean(), info[2].ToBoolean())) return;
  Throw(info.Env(), "ERR_MP_NOT_WAITABLE", "this kind of file cannot be waited for");
}

/// streamKeepLoop(number, keep)
void StreamKeepLoop(const Napi::CallbackInfo& info) {
  StreamsOf(info).KeepLoop(NumberOf(info), info[1].ToBoolean());
}

/// streamClose(number)
void StreamClose(const Napi::CallbackInfo& info) { (void)StreamsOf(info).Take(NumberOf(info)); }

/// streamRelease(number) → its descriptor, which is the caller's from now on
Napi::Value StreamRelease(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), StreamsOf(info).Take(NumberOf(info)).Release());
}

/// closeDescriptor(descriptor)
void CloseDescriptor(const Napi::CallbackInfo& info) {
  os::Descriptor(static_cast<int>(WholeAt(info, 0))).Close();
}

std::vector<os::Interest> InterestsAt(const Napi::CallbackInfo& info, size_t index, bool writes) {
  const auto numbers = info[index].As<Napi::Array>();
  std::vector<os::Interest> interests(numbers.Length());
  for (uint32_t i = 0; i < numbers.Length(); ++i) {
    interests[i].descriptor = numbers.Get(i).As<Napi::Number>().Int32Value();
    interests[i].writes = writes;
  }
  return interests;
}

void ThrowIfInvalid(Napi::Env env, const std::vector<os::Interest>& interests) {
  for (const os::Interest& interest : interests) {
    if (!interest.is_invalid) continue;
    ThrowSystem(env, {EBADF, "poll"},
                "descriptor " + std::to_string(interest.descriptor) + " cannot be waited for");
  }
}

/// waitDescriptors(descriptors, writes, timeoutMs) → for each, whether it is ready; blocks until
/// one is or the time is over
Napi::Value WaitDescriptors(const Napi::CallbackInfo& info) {
  std::vector<os::Interest> interests = InterestsAt(info, 0, info[1].ToBoolean());
  const os::Deadline deadline = DeadlineAt(info, 2);
  const WorkerEnd stop(info.Env());
  while (os::WaitReady(interests, deadline.OrEarlier(os::MonotonicNs() + kStopCheckNs)) == 0) {
    if (deadline.IsPast() || stop.IsUp()) break;
  }
  ThrowIfInvalid(info.Env(), interests);
  Napi::Array ready = Napi::Array::New(info.Env(), interests.size());
  for (uint32_t i = 0; i < interests.size(); ++i) {
    ready.Set(i, Napi::Boolean::New(info.Env(), interests[i].is_ready));
  }
  return ready;
}

/// depositDescriptor(descriptor) → { office, ticket }: where a copy of it can be fetched, once
Napi::Value DepositDescriptor(const Napi::CallbackInfo& info) {
  Ticket ticket{};
  std::string office;
  const int descriptor = static_cast<int>(WholeAt(info, 0));
  const os::Status status = DescriptorOffice::Instance().Deposit(descriptor, &ticket, &office);
  ThrowUnlessOk(info.Env(), status, "the descriptor cannot be sent");
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("office", office);
  result.Set("ticket", Napi::Buffer<uint8_t>::Copy(info.Env(), ticket.data(), ticket.size()));
  return result;
}

Ticket TicketAt(const Napi::CallbackInfo& info, size_t index) {
  const os::Span bytes = SpanAt(info, index, 0);
  Ticket ticket{};
  std::copy_n(bytes.data, std::min(bytes.size, ticket.size()), ticket.begin());
  return ticket;
}

/// withdrawDescriptor(ticket) → the descriptor, or -1 when it was fetched
Napi::Value WithdrawDescriptor(const Napi::CallbackInfo& info) {
  os::Descriptor descriptor = DescriptorOffice::Instance().Withdraw(TicketAt(info, 0));
  return Napi::Number::New(info.Env(), descriptor.Release());
}

/// fetchDescriptor(office, ticket) → the descriptor, or -1 when the ticket is not good any more
Napi::Value FetchDescriptor(const Napi::CallbackInfo& info) {
  const std::string office = info[0].As<Napi::String>();
  os::Descriptor descriptor;
  const os::Status status = DescriptorOffice::Fetch(office, TicketAt(info, 1), &descriptor);
  if (!status.IsNotFound()) ThrowUnlessOk(info.Env(), status, "a descriptor cannot be fetched");
  return Napi::Number::New(info.Env(), descriptor.Release());
}

}  // namespace

void ExportStream(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("onStream", Napi::Function::New<OnStream>(env, "onStream"));
  set("streamAdopt", Napi::Function::New<StreamAdopt>(env, "streamAdopt"));
  set("streamDuplicate", Napi::Function::New<StreamDuplicate>(env, "streamDuplicate"));
  set("streamPair", Napi::Function::New<StreamPair>(env, "streamPair"));
  set("streamDescriptor", Napi::Function::New<StreamDescriptor>(env, "streamDescriptor"));
  set("isStreamSocket", Napi::Function::New<IsStreamSocket>(env, "isStreamSocket"));
  set("streamReceive", Napi::Function::New<StreamReceive>(env, "streamReceive"));
  set("streamSend", Napi::Function::New<StreamSend>(env, "streamSend"));
  set("streamSendDescriptor",
      Napi::Function::New<StreamSendDescriptor>(env, "streamSendDescriptor"));
  set("streamReceiveDescriptor",
      Napi::Function::New<StreamReceiveDescriptor>(env, "streamReceiveDescriptor"));
  set("streamAwait", Napi::Function::New<StreamAwait>(env, "streamAwait"));
  set("streamKeepLoop", Napi::Function::New<StreamKeepLoop>(env, "streamKeepLoop"));
  set("streamClose", Napi::Function::New<StreamClose>(env, "streamClose"));
  set("streamRelease", Napi::Function::New<StreamRelease>(env, "streamRelease"));
  set("closeDescriptor", Napi::Function::New<CloseDescriptor>(env, "closeDescriptor"));
  set("depositDescriptor", Napi::Function::New<DepositDescriptor>(env, "depositDescriptor"));
  set("withdrawDescriptor", Napi::Function::New<WithdrawDescriptor>(env, "withdrawDescriptor"));
  set("fetchDescriptor", Napi::Function::New<FetchDescriptor>(env, "fetchDescriptor"));
  set("waitDescriptors", Napi::Function::New<WaitDescriptors>(env, "waitDescriptors"));
}

}  // namespace mp::napi
