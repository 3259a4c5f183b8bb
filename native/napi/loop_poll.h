// A descriptor that libuv's loop watches on behalf of this addon.
#pragma once

#include <napi.h>
#include <uv.h>

#include <functional>
#include <memory>

namespace mp::napi {

class LoopPoll {
 public:
  /// `readable` runs on the loop's thread, in no JavaScript scope, as long as the descriptor can be
  /// read. Null when the loop refuses. Keeps the loop alive until Unref.
  static std::unique_ptr<LoopPoll> Start(Napi::Env env, int descriptor,
                                         std::function<void()> readable);
  /// The descriptor may be closed right afterwards.
  ~LoopPoll();
  LoopPoll(const LoopPoll&) = delete;
  LoopPoll& operator=(const LoopPoll&) = delete;

  /// Runs the callback for readability, writability, both or neither, from now on; false when the
  /// loop refuses.
  [[nodiscard]] bool Await(bool reads, bool writes);

  /// Whether a handle of libuv's is that of such an object.
  [[nodiscard]] static bool Owns(const uv_handle_t* handle);

  void Ref() { uv_ref(reinterpret_cast<uv_handle_t*>(poll_)); }
  void Unref() { uv_unref(reinterpret_cast<uv_handle_t*>(poll_)); }

 private:
  LoopPoll() = default;
  static void OnReady(uv_poll_t* handle, int status, int events);

  std::function<void()> readable_;
  uv_poll_t* poll_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace mp::napi
