// A hub entry behind each descriptor; see the header.
#include "napi/ring_watch.h"

#include <utility>

namespace mp::napi {
namespace {

/// No loop is to be rung: the hub itself watches.
class Unrung final : public sync::Awaitable {
 public:
  explicit Unrung(std::unique_ptr<sync::Awaitable> object) : object_(std::move(object)) {}
  [[nodiscard]] sync::Outcome Attempt(sync::Id self, sync::Waiter& waiter) override {
    return object_->Attempt(self, waiter);
  }
  [[nodiscard]] bool PrepareSleep(sync::Id self, sync::Waiter& waiter,
                                  sync::SleepPlan* plan) override {
    return object_->PrepareSleep(self, waiter, plan);
  }
  void Withdraw(sync::Id self) override { object_->Withdraw(self); }
  void PassOn(sync::Id self) override { object_->PassOn(self); }
  [[nodiscard]] sync::BellPlace bell_place() const override { return {}; }

 private:
  // Owned, and so not copied with the base.
  std::shared_ptr<sync::Awaitable> object_;
};

constexpr uint8_t kSignal = 1;

}  // namespace

class RingWatches::Watch final : public sync::HubSink {
 public:
  Watch(std::unique_ptr<sync::Awaitable> object, sync::Id self)
      : entry_(std::make_unique<Unrung>(std::move(object)), self, this, 0) {}
  ~Watch() override {
    if (is_watched_) sync::WaitHub::Instance().Cancel(&entry_, true, false);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  [[nodiscard]] os::Status Start() {
    os::Status status = os::OpenMessagePair(&readable_, &writable_);
    if (!status.ok()) return status;
    bool try_now = false;
    status = sync::WaitHub::Instance().Watch(&entry_, &try_now);
    is_watched_ = status.ok();
    if (try_now) Post(0);
    return status;
  }

  void Rearm() {
    uint8_t signal = 0;
    while (os::ReceiveByte(readable_.number(), &signal) == os::Received::kMessage) {
    }
    if (!sync::WaitHub::Instance().Rearm(&entry_)) Post(0);
  }

  void Post(uint64_t /*ticket*/) override { os::SendByte(writable_.number(), kSignal); }

  [[nodiscard]] int descriptor() const { return readable_.number(); }

 private:
  os::Descriptor readable_;
  os::Descriptor writable_;
  sync::HubEntry entry_;
  bool is_watched_ = false;
};

RingWatches::RingWatches() = default;
RingWatches::~RingWatches() = default;

int RingWatches::Open(std::unique_ptr<sync::Awaitable> object, sync::Id self, os::Status* status) {
  auto watch = std::make_unique<Watch>(std::move(object), self);
  *status = watch->Start();
  if (!status->ok()) return -1;
  const int descriptor = watch->descriptor();
  watches_[descriptor] = std::move(watch);
  return descriptor;
}

bool RingWatches::Rearm(int descriptor) {
  const auto found = watches_.find(descriptor);
  if (found == watches_.end()) return false;
  found->second->Rearm();
  return true;
}

void RingWatches::Close(int descriptor) { watches_.erase(descriptor); }

void RingWatches::ForgetAll() {
  // They belong to the parent's loop. NOLINTNEXTLINE(bugprone-unused-return-value)
  for (auto& [descriptor, watch] : watches_) (void)watch.release();
  watches_.clear();
}

}  // namespace mp::napi
