// Listening and connecting, for JavaScript.
#include "os/socket.h"

#include <utility>

#include "napi/arguments.h"
#include "napi/objects.h"

namespace mp::napi {
namespace {

using Family = os::SocketAddress::Family;

Streams& StreamsOf(const Napi::CallbackInfo& info) { return EnvState::Of(info.Env())->streams(); }

int DescriptorOf(const Napi::CallbackInfo& info) {
  const auto number = static_cast<uint32_t>(WholeAt(info, 0));
  const int descriptor = StreamsOf(info).DescriptorOf(number);
  if (descriptor < 0) Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no such stream");
  return descriptor;
}

/// { family: 'path' | 'abstract' | 'internet', name: bytes, port }
os::SocketAddress AddressAt(const Napi::CallbackInfo& info, size_t index) {
  const auto object = info[index].As<Napi::Object>();
  const std::string family = object.Get("family").As<Napi::String>();
  const auto name = object.Get("name").As<Napi::Uint8Array>();
  os::SocketAddress address;
  if (family == "abstract") address.family = Family::kAbstract;
  if (family == "internet") address.family = Family::kInternet;
  address.name.assign(reinterpret_cast<const char*>(name.Data()), name.ByteLength());
  address.port = static_cast<uint16_t>(object.Get("port").As<Napi::Number>().Uint32Value());
  return address;
}

Napi::Object AddressValue(Napi::Env env, const os::SocketAddress& address) {
  const char* family = "path";
  if (address.family == Family::kAbstract) family = "abstract";
  if (address.family == Family::kInternet) family = "internet";
  Napi::Object object = Napi::Object::New(env);
  object.Set("family", family);
  object.Set("name", Napi::Buffer<char>::Copy(env, address.name.data(), address.name.size()));
  object.Set("port", address.port);
  return object;
}

/// socketListen(address, backlog) → number
Napi::Value SocketListen(const Napi::CallbackInfo& info) {
  os::Descriptor listener;
  const int backlog = static_cast<int>(WholeAt(info, 1));
  const os::Status status = os::Listen(AddressAt(info, 0), backlog, &listener);
  if (!status.ok()) ThrowSystem(info.Env(), status, "the address cannot be listened at");
  return Napi::Number::New(info.Env(), StreamsOf(info).Add(std::move(listener)));
}

/// socketAccept(number) → { stream, peer }, or undefined when nobody waits
Napi::Value SocketAccept(const Napi::CallbackInfo& info) {
  os::Descriptor accepted;
  os::SocketAddress peer;
  const os::Moved moved = os::Accept(DescriptorOf(info), &accepted, &peer);
  if (!moved.status.ok()) ThrowSystem(info.Env(), moved.status, "no connection can be accepted");
  if (moved.progress == os::Progress::kNotNow) return info.Env().Undefined();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("stream", StreamsOf(info).Add(std::move(accepted)));
  result.Set("peer", AddressValue(info.Env(), peer));
  return result;
}

/// socketConnect(address) → { stream, isConnected }, or undefined when the listener's queue is full
Napi::Value SocketConnect(const Napi::CallbackInfo& info) {
  os::Descriptor connecting;
  const os::Moved moved = os::Connect(AddressAt(info, 0), &connecting);
  if (!moved.status.ok()) ThrowSystem(info.Env(), moved.status, "no connection can be made");
  if (!connecting.is_open()) return info.Env().Undefined();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("stream", StreamsOf(info).Add(std::move(connecting)));
  result.Set("isConnected", moved.progress == os::Progress::kMoved);
  return result;
}

/// socketFinishConnect(number): throws when the connection that was begun failed
void SocketFinishConnect(const Napi::CallbackInfo& info) {
  const os::Status status = os::FinishConnect(DescriptorOf(info));
  if (!status.ok()) ThrowSystem(info.Env(), status, "no connection can be made");
}

/// socketAddress(number) → where the socket is bound
Napi::Value SocketAddress(const Napi::CallbackInfo& info) {
  os::SocketAddress address;
  const os::Status status = os::LocalAddress(DescriptorOf(info), &address);
  if (!status.ok()) ThrowSystem(info.Env(), status, "the socket has no address");
  return AddressValue(info.Env(), address);
}

}  // namespace

void ExportSocket(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("socketListen", Napi::Function::New<SocketListen>(env, "socketListen"));
  set("socketAccept", Napi::Function::New<SocketAccept>(env, "socketAccept"));
  set("socketConnect", Napi::Function::New<SocketConnect>(env, "socketConnect"));
  set("socketFinishConnect", Napi::Function::New<SocketFinishConnect>(env, "socketFinishConnect"));
  set("socketAddress", Napi::Function::New<SocketAddress>(env, "socketAddress"));
}

}  // namespace mp::napi
