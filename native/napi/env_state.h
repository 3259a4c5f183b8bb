// What the addon keeps per JavaScript thread (N-API environment): its ids in the segments, its
// pending waits, and the two ways to its event loop. Process-wide state is in
// sync/address_space.h and sync/wait_hub.h, so that every copy of the package in a process shares
// it.
//
// End of the thread (clean-up hook, on the thread): waits are withdrawn, the doorbell closes, the
// objects that it still holds are dropped, then the ids leave, so that the locks that it still owns
// become abandoned at once.
#pragma once

#include <napi.h>

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "napi/children.h"
#include "napi/loop_bell.h"
#include "napi/ring_watch.h"
#include "napi/streams.h"
#include "sync/address_space.h"
#include "sync/held_objects.h"
#include "sync/wait_hub.h"

namespace mp::napi {

class EnvState final : public sync::HubSink {
 public:
  explicit EnvState(Napi::Env env);
  ~EnvState() override;
  EnvState(const EnvState&) = delete;
  EnvState& operator=(const EnvState&) = delete;

  static EnvState* Of(Napi::Env env);

  /// This thread's id in a segment of the process's table; takes a slot at the first call.
  [[nodiscard]] sync::Id IdIn(Napi::Env env, uint32_t segment_index);

  void UseWindow(Napi::Env env, uint8_t* base);

  /// The objects in shared memory that this thread's JavaScript objects keep.
  [[nodiscard]] sync::HeldObjects& held() { return held_; }

  /// `callback(ticket)` runs when what the ticket waits for is worth a try.
  void SetReadyCallback(Napi::Env env, Napi::Function callback);
  /// True when a try may succeed now. Keeps the loop alive until Cancel.
  [[nodiscard]] bool Watch(Napi::Env env, std::unique_ptr<sync::HubEntry> entry);
  [[nodiscard]] sync::HubEntry* Entry(uint64_t ticket);
  void Cancel(Napi::Env env, uint64_t ticket, bool withdraw);

  void Post(uint64_t ticket) override;

  /// The processes that this thread started.
  [[nodiscard]] ChildWatches& children() { return *children_; }
  /// The sockets of this thread.
  [[nodiscard]] Streams& streams() { return *streams_; }

  /// The rings that this thread waits for by descriptor.
  [[nodiscard]] RingWatches& ring_watches() { return *ring_watches_; }

  /// In a forked child: what this thread was and waited for, its parent's thread is and waits for.
  void ResetAfterFork(Napi::Env env);

  /// libuv's handle of this thread's doorbell; null without one.
  [[nodiscard]] const uv_handle_t* bell_handle() const {
    return bell_ == nullptr ? nullptr : bell_->handle();
  }

  /// `callback()` runs once, when `descriptor` can be read; keeps the loop alive until then.
  void AwaitReadable(int descriptor, Napi::Function callback);

  Napi::FunctionReference error_factory;

 private:
  static void CallReady(Napi::Env env, Napi::Function callback, std::nullptr_t*, void* data);
  using Ready = Napi::TypedThreadSafeFunction<std::nullptr_t, void, CallReady>;

  void Leave(uint32_t segment_index);
  /// In a forked child: its parent's references become its own too.
  void Rehold(Napi::Env env, uint32_t segment_index);
  /// Offsets of what this thread holds in a segment.
  [[nodiscard]] std::vector<uint64_t> HeldIn(uint32_t segment_index) const;
  void Rung(const uint64_t* keys, size_t count);
  void PublishBell(uint32_t segment_index);
  /// How many entries wait for the object with this key.
  [[nodiscard]] size_t Waits(uint64_t key) const { return by_key_.count(key); }
  void Forget(uint64_t ticket, uint64_t key);

  Napi::Env env_;
  std::array<sync::Id, sync::AddressSpace::kMaxSegments> ids_{};
  sync::HeldObjects held_;
  std::unordered_map<uint64_t, std::unique_ptr<sync::HubEntry>> entries_;
  std::unordered_multimap<uint64_t, uint64_t> by_key_;  // object's key → tickets
  uint8_t* window_ = nullptr;
  Ready ready_;
  bool has_ready_ = false;
  Napi::FunctionReference on_ready_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::unique_ptr<LoopBell> bell_;
  std::unique_ptr<ChildWatches> children_;
  std::unique_ptr<LoopPoll> awaited_;
  Napi::FunctionReference on_awaited_;
  std::unique_ptr<Streams> streams_;
  std::unique_ptr<RingWatches> ring_watches_ = std::make_unique<RingWatches>();
};

}  // namespace mp::napi
