// A descriptor on libuv's loop; see the header.
#include "napi/loop_poll.h"

#include <cstdlib>
#include <utility>

namespace mp::napi {
namespace {

/// The environment may only end when the handle is closed: the destructor starts that, and
/// OnClosed removes this hook, which tells Node.
void HoldEnvironment(napi_async_cleanup_hook_handle /*hook*/, void* /*data*/) {}

void OnClosed(uv_handle_t* handle) {
  auto* hook = static_cast<napi_async_cleanup_hook_handle>(handle->data);
  if (hook != nullptr) napi_remove_async_cleanup_hook(hook);
  std::free(handle);
}

}  // namespace

void LoopPoll::OnReady(uv_poll_t* handle, int /*status*/, int /*events*/) {
  // A copy, for the callback may end this object.
  const auto callback = static_cast<LoopPoll*>(handle->data)->readable_;
  callback();
}

std::unique_ptr<LoopPoll> LoopPoll::Start(Napi::Env env, int descriptor,
                                          std::function<void()> readable) {
  std::unique_ptr<LoopPoll> result(new LoopPoll());
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  // Sized by the libuv that runs, which may be newer than the one that this was compiled against.
  auto* poll = static_cast<uv_poll_t*>(std::calloc(1, uv_handle_size(UV_POLL)));
  if (poll == nullptr) return nullptr;
  if (uv_poll_init(loop, poll, descriptor) != 0) {
    std::free(poll);
    return nullptr;
  }
  result->readable_ = std::move(readable);
  result->poll_ = poll;
  poll->data = result.get();
  napi_add_async_cleanup_hook(env, HoldEnvironment, nullptr, &result->hook_);
  if (!result->Await(true, false)) return nullptr;
  return result;
}

bool LoopPoll::Await(bool reads, bool writes) {
  const int events = (reads ? UV_READABLE : 0) | (writes ? UV_WRITABLE : 0);
  if (events == 0) return uv_poll_stop(poll_) == 0;
  return uv_poll_start(poll_, events, OnReady) == 0;
}

bool LoopPoll::Owns(const uv_handle_t* handle) {
  if (uv_handle_get_type(handle) != UV_POLL) return false;
  return reinterpret_cast<const uv_poll_t*>(handle)->poll_cb == OnReady;
}

LoopPoll::~LoopPoll() {
  if (poll_ == nullptr) return;
  uv_poll_stop(poll_);
  poll_->data = hook_;
  uv_close(reinterpret_cast<uv_handle_t*>(poll_), OnClosed);
}

}  // namespace mp::napi
