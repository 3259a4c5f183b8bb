// What the addon keeps per JavaScript thread (N-API environment): its ids in the segments, its
// pending waits, and the way to its event loop. Process-wide state is in sync/address_space.h and
// sync/wait_hub.h, so that every copy of the package in a process shares it.
//
// End of the thread (clean-up hook, on the thread): waits are withdrawn, then the ids leave, so
// that what the thread still holds becomes abandoned at once.
#pragma once

#include <napi.h>

#include <array>
#include <memory>
#include <unordered_map>

#include "sync/address_space.h"
#include "sync/wait_hub.h"

namespace mp::napi {

class EnvState final : public sync::HubSink {
 public:
  explicit EnvState(Napi::Env env);
  ~EnvState() override;

  static EnvState* Of(Napi::Env env);

  /// This thread's id in a segment of the process's table; takes a slot at the first call.
  [[nodiscard]] sync::Id IdIn(Napi::Env env, uint32_t segment_index);

  void UseWindow(Napi::Env env, uint8_t* base);

  void SetReadyCallback(Napi::Env env, Napi::Function callback);
  void Watch(Napi::Env env, std::unique_ptr<sync::HubEntry> entry);
  [[nodiscard]] sync::HubEntry* Entry(uint64_t ticket);
  void Cancel(Napi::Env env, uint64_t ticket, bool withdraw);

  void Post(uint64_t ticket) override;

  Napi::FunctionReference error_factory;

 private:
  static void CallReady(Napi::Env env, Napi::Function callback, std::nullptr_t*, void* data);
  using Ready = Napi::TypedThreadSafeFunction<std::nullptr_t, void, CallReady>;

  std::array<sync::Id, sync::AddressSpace::kMaxSegments> ids_{};
  std::unordered_map<uint64_t, std::unique_ptr<sync::HubEntry>> entries_;
  uint8_t* window_ = nullptr;
  Ready ready_;
  bool has_ready_ = false;
};

}  // namespace mp::napi
