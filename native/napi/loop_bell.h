// The doorbell of one event loop: polled by libuv, so that a ring from another process runs a
// callback here in one step. A ring keeps no loop alive.
#pragma once

#include <napi.h>
#include <uv.h>

#include <functional>
#include <memory>

#include "os/doorbell.h"

namespace mp::napi {

class LoopBell {
 public:
  /// `rung(keys, count)` runs on the loop's thread, in no JavaScript scope. Null when the system
  /// or the loop refuses: then the hub tells the loop.
  static std::unique_ptr<LoopBell> Open(Napi::Env env,
                                        std::function<void(const uint64_t*, size_t)> rung);
  ~LoopBell();
  LoopBell(const LoopBell&) = delete;
  LoopBell& operator=(const LoopBell&) = delete;

  /// Whether a handle of libuv's is that of such an object.
  [[nodiscard]] static bool Owns(const uv_handle_t* handle);

  [[nodiscard]] const os::Doorbell& doorbell() const { return *doorbell_; }
  [[nodiscard]] const uv_handle_t* handle() const {
    return reinterpret_cast<const uv_handle_t*>(poll_);
  }

 private:
  LoopBell() = default;
  static void OnReadable(uv_poll_t* poll, int status, int events);

  std::unique_ptr<os::Doorbell> doorbell_ = std::make_unique<os::Doorbell>();
  std::function<void(const uint64_t*, size_t)> rung_;
  uv_poll_t* poll_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace mp::napi
