// Per-thread state of the addon; see the header for the order of its end.
#include "napi/env_state.h"

#include <string>
#include <utility>
#include <vector>

#include "napi/errors.h"

namespace mp::napi {

namespace {

void End(void* state) { delete static_cast<EnvState*>(state); }

}  // namespace

EnvState::EnvState(Napi::Env env)
    : env_(env),
      children_(std::make_unique<ChildWatches>(env)),
      streams_(std::make_unique<Streams>(env)) {
  // The hook runs on this thread, before its isolate goes: only here can life tokens be released.
  napi_add_env_cleanup_hook(env, End, this);
}

EnvState::~EnvState() {
  auto& hub = sync::WaitHub::Instance();
  for (auto& [ticket, entry] : entries_) hub.Cancel(entry.get(), true, false);
  ring_watches_.reset();
  bell_.reset();
  children_->Abandon();
  awaited_.reset();
  on_awaited_.SuppressDestruct();
  children_.reset();
  streams_->Abandon();
  streams_.reset();
  auto& space = sync::AddressSpace::Instance();
  for (uint32_t i = 0; i < space.count(); ++i) {
    if (ids_[i] != 0) Leave(i);
  }
  if (window_ != nullptr) space.RemoveWindow(window_);
  // The references die with the environment; resetting them this late would touch freed handles.
  error_factory.SuppressDestruct();
  on_ready_.SuppressDestruct();
}

void EnvState::Leave(uint32_t segment_index) {
  sync::MappedSegment& mapped = *sync::AddressSpace::Instance().At(segment_index);
  const sync::Id self = ids_[segment_index];
  // What nobody else can reach ends with its memory.
  if (mapped.segment.HasOthers(self)) mapped.references().DropAll(self, HeldIn(segment_index));
  mapped.segment.Leave(self);
}

EnvState* EnvState::Of(Napi::Env env) { return env.GetInstanceData<EnvState>(); }

sync::Id EnvState::IdIn(Napi::Env env, uint32_t segment_index) {
  sync::Id& id = ids_[segment_index];
  if (id != 0) return id;
  sync::Segment& segment = sync::AddressSpace::Instance().At(segment_index)->segment;
  id = segment.Enter();
  if (id == 0) {
    Throw(env, "ERR_MP_TOO_MANY_THREADS",
          "too many threads share this memory: all " +
              std::to_string(segment.header()->slot_count - 1) +
              " slots are taken by living threads");
  }
  if (bell_ != nullptr) PublishBell(segment_index);
  return id;
}

void EnvState::UseWindow(Napi::Env env, uint8_t* base) {
  ThrowUnlessAttached(env, sync::AddressSpace::Instance().AddWindow(base));
  window_ = base;
}

void EnvState::CallReady(Napi::Env env, Napi::Function callback, std::nullptr_t*, void* data) {
  if (env == nullptr) return;  // the loop is closing
  callback.Call({Napi::Number::New(env, static_cast<double>(reinterpret_cast<uintptr_t>(data)))});
}

void EnvState::SetReadyCallback(Napi::Env env, Napi::Function callback) {
  if (has_ready_) ready_.Release();
  ready_ = Ready::New(env, callback, "node-multiprocessing:ready", 0, 1);
  ready_.Unref(env);
  has_ready_ = true;
  on_ready_ = Napi::Persistent(callback);
  context_ = std::make_unique<Napi::AsyncContext>(env, "node-multiprocessing:ready");
  bell_ = LoopBell::Open(env, [this](const uint64_t* keys, size_t count) { Rung(keys, count); });
  for (uint32_t i = 0; bell_ != nullptr && i < ids_.size(); ++i) {
    if (ids_[i] != 0) PublishBell(i);
  }
  // Hooks run last in, first out: ours must end all waits before the function that they call goes.
  napi_remove_env_cleanup_hook(env, End, this);
  napi_add_env_cleanup_hook(env, End, this);
}

void EnvState::AwaitReadable(int descriptor, Napi::Function callback) {
  on_awaited_ = Napi::Persistent(callback);
  awaited_ = LoopPoll::Start(env_, descriptor, [this] {
    // First the watching ends: the callback may close what was watched.
    awaited_.reset();
    const Napi::HandleScope scope(env_);
    const Napi::AsyncContext context(env_, "node-multiprocessing:await");
    try {
      on_awaited_.MakeCallback(env_.Global(), {}, context);
    } catch (const Napi::Error& error) {
      // As in Rung.
      napi_fatal_exception(env_, error.Value());
    }
  });
}

void EnvState::ResetAfterFork(Napi::Env env) {
  const std::array<sync::Id, sync::AddressSpace::kMaxSegments> before = std::exchange(ids_, {});
  if (!entries_.empty()) ready_.Unref(env);
  // The parent's hub may have been in the middle of these: their memory is lost.
  for (auto& [ticket, entry] : entries_) {
    [[maybe_unused]] const auto* const lost = entry.release();
  }
  entries_.clear();
  by_key_.clear();
  ring_watches_->ForgetAll();
  children_->ResetAfterFork();
  streams_->ResetAfterFork();
  awaited_.reset();
  if (bell_ != nullptr) {
    bell_.reset();
    bell_ = LoopBell::Open(env, [this](const uint64_t* keys, size_t count) { Rung(keys, count); });
  }
  for (uint32_t i = 0; i < before.size(); ++i) {
    if (before[i] != 0) Rehold(env, i);
  }
}

void EnvState::Rehold(Napi::Env env, uint32_t segment_index) {
  const std::vector<uint64_t> offsets = HeldIn(segment_index);
  if (offsets.empty()) return;
  sync::MappedSegment& mapped = *sync::AddressSpace::Instance().At(segment_index);
  const sync::Allocation allocation = mapped.references().Rehold(IdIn(env, segment_index), offsets);
  ThrowUnlessAllocated(env, allocation, offsets.size() * layout::kGranule);
}

std::vector<uint64_t> EnvState::HeldIn(uint32_t segment_index) const {
  const sync::MappedSegment& mapped = *sync::AddressSpace::Instance().At(segment_index);
  std::vector<uint64_t> offsets =
      held_.Between(mapped.window_base, mapped.window_base + mapped.segment.mapped_bytes());
  for (uint64_t& offset : offsets) offset -= mapped.window_base;
  return offsets;
}

void EnvState::PublishBell(uint32_t segment_index) {
  auto& segment = sync::AddressSpace::Instance().At(segment_index)->segment;
  layout::Slot* slot = segment.SlotOfLiving(ids_[segment_index]);
  const os::Doorbell& doorbell = bell_->doorbell();
  slot->bell_identity.store(doorbell.identity(), std::memory_order_relaxed);
  // SYNC POINT bell-published: release pairs with the acquire in sync/bells.cc.
  slot->bell.store(static_cast<uint32_t>(doorbell.ring_descriptor()) + 1,
                   std::memory_order_release);
}

void EnvState::Rung(const uint64_t* keys, size_t count) {
  std::vector<uint64_t> tickets;  // first all of them: callbacks change the map
  for (size_t i = 0; i < count; ++i) {
    const auto [first, last] = by_key_.equal_range(keys[i]);
    for (auto wait = first; wait != last; ++wait) tickets.push_back(wait->second);
  }
  const Napi::HandleScope scope(env_);
  try {
    for (const uint64_t ticket : tickets) {
      on_ready_.MakeCallback(env_.Global(), {Napi::Number::New(env_, static_cast<double>(ticket))},
                             *context_);
    }
  } catch (const Napi::Error& error) {
    // libuv called, so nobody above catches: an uncaught exception, or the thread is ending.
    napi_fatal_exception(env_, error.Value());
  }
}

bool EnvState::Watch(Napi::Env env, std::unique_ptr<sync::HubEntry> entry) {
  bool try_now = false;
  const os::Status status = sync::WaitHub::Instance().Watch(entry.get(), &try_now);
  if (!status.ok()) {
    ThrowSystem(env, status, "a thread that waits for locks cannot be started");
  }
  if (entries_.empty()) ready_.Ref(env);
  const uint64_t ticket = entry->ticket;
  by_key_.emplace(entry->object->bell_place().key, ticket);
  entries_.emplace(ticket, std::move(entry));
  return try_now;
}

sync::HubEntry* EnvState::Entry(uint64_t ticket) {
  const auto found = entries_.find(ticket);
  return found == entries_.end() ? nullptr : found->second.get();
}

void EnvState::Cancel(Napi::Env env, uint64_t ticket, bool withdraw) {
  const auto found = entries_.find(ticket);
  if (found == entries_.end()) return;
  const uint64_t key = found->second->object->bell_place().key;
  sync::WaitHub::Instance().Cancel(found->second.get(), withdraw, Waits(key) > 1);
  Forget(ticket, key);
  entries_.erase(found);
  // What was withdrawn may have been another wait's: all of one thread's have the same id.
  const auto other = withdraw ? by_key_.find(key) : by_key_.end();
  if (other != by_key_.end()) Post(other->second);
  if (entries_.empty()) ready_.Unref(env);
}

void EnvState::Forget(uint64_t ticket, uint64_t key) {
  const auto [first, last] = by_key_.equal_range(key);
  for (auto wait = first; wait != last; ++wait) {
    if (wait->second != ticket) continue;
    by_key_.erase(wait);
    return;
  }
}

void EnvState::Post(uint64_t ticket) {
  // Never blocks: the queue is unbounded. A closing loop refuses, and its end withdraws the wait.
  (void)ready_.NonBlockingCall(reinterpret_cast<void*>(static_cast<uintptr_t>(ticket)));
}

}  // namespace mp::napi
