// A doorbell on libuv's loop; see the header.
#include "napi/loop_bell.h"

#include <cstdlib>
#include <utility>

namespace mp::napi {
namespace {

constexpr size_t kMostKeys = 512;

/// What must stay until libuv has closed the handle: the handle, and the descriptor under it.
struct Closing {
  uv_poll_t* poll;
  std::unique_ptr<os::Doorbell> doorbell;
  napi_async_cleanup_hook_handle hook;
};

void OnClosed(uv_handle_t* handle) {
  auto* closing = static_cast<Closing*>(handle->data);
  if (closing->hook != nullptr) napi_remove_async_cleanup_hook(closing->hook);
  std::free(closing->poll);
  delete closing;
}

/// The environment may only end when the handle is closed: the destructor starts that, and
/// OnClosed removes this hook, which tells Node.
void HoldEnvironment(napi_async_cleanup_hook_handle /*hook*/, void* /*data*/) {}

}  // namespace

std::unique_ptr<LoopBell> LoopBell::Open(Napi::Env env,
                                         std::function<void(const uint64_t*, size_t)> rung) {
  std::unique_ptr<LoopBell> bell(new LoopBell());
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  if (!bell->doorbell_->Create().ok()) return nullptr;
  // Sized by the libuv that runs, which may be newer than the one that this was compiled against.
  auto* poll = static_cast<uv_poll_t*>(std::calloc(1, uv_handle_size(UV_POLL)));
  if (poll == nullptr) return nullptr;
  if (uv_poll_init(loop, poll, bell->doorbell_->poll_descriptor()) != 0) {
    std::free(poll);
    return nullptr;
  }
  bell->rung_ = std::move(rung);
  bell->poll_ = poll;
  bell->poll_->data = bell.get();
  napi_add_async_cleanup_hook(env, HoldEnvironment, nullptr, &bell->hook_);
  if (uv_poll_start(bell->poll_, UV_READABLE, OnReadable) != 0) return nullptr;
  uv_unref(reinterpret_cast<uv_handle_t*>(bell->poll_));
  return bell;
}

bool LoopBell::Owns(const uv_handle_t* handle) {
  if (uv_handle_get_type(handle) != UV_POLL) return false;
  return reinterpret_cast<const uv_poll_t*>(handle)->poll_cb == OnReadable;
}

LoopBell::~LoopBell() {
  if (poll_ == nullptr) return;
  uv_poll_stop(poll_);
  auto closing = std::make_unique<Closing>(Closing{poll_, std::move(doorbell_), hook_});
  poll_->data = closing.release();
  uv_close(reinterpret_cast<uv_handle_t*>(poll_), OnClosed);
}

void LoopBell::OnReadable(uv_poll_t* poll, int status, int /*events*/) {
  if (status != 0) return;
  auto* bell = static_cast<LoopBell*>(poll->data);
  uint64_t keys[kMostKeys];
  const size_t count = bell->doorbell_->Drain(keys, kMostKeys);
  // Whoever has more to say keeps the pipe readable: libuv comes back in the next turn.
  if (count > 0) bell->rung_(keys, count);
}

}  // namespace mp::napi
