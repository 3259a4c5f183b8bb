// The processes that this one started; see the header.
#include "napi/children.h"

#include <algorithm>
#include <utility>

#include "os/stream.h"

namespace mp::napi {
namespace {

/// How long a daemon may take to end when its parent does, before it is killed.
constexpr double kDaemonGraceMs = 2000;

void EndChildren() { Children::Instance().End(); }

}  // namespace

void Child::Drain() {
  uint8_t message = 0;
  while (control.is_open() && !has_hung_up) {
    os::Descriptor gift;
    const os::Moved received = os::ReceiveDescriptor(control.number(), &message, &gift);
    if (received.progress == os::Progress::kNotNow) return;
    has_hung_up = received.progress != os::Progress::kMoved;
    if (has_hung_up) return;
    if (message == 'S') has_started = true;
    // Also one that could not be taken, for want of room: each has its ticket, in the same order.
    if (message == 'D') gifts.push_back(std::move(gift));
    if (message == 'R') has_result = true;
  }
}

std::optional<os::ExitStatus> Child::Poll() {
  const auto status = process.Poll();
  if (!status.has_value()) return status;
  Drain();
  control.Close();
  if (!has_result) mailbox = os::SharedFile();
  if (!has_result) gifts.clear();
  return status;
}

Children& Children::Instance() {
  // Never destroyed: the end of the process uses it.
  static auto* children = new Children();
  return *children;
}

void Children::Add(std::shared_ptr<Child> child) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!ends_at_exit_) os::RunAtExit(EndChildren);
  ends_at_exit_ = true;
  list_.push_back(std::move(child));
}

void Children::Remove(const Child* child) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto is_it = [child](const auto& other) { return other.get() == child; };
  list_.erase(std::remove_if(list_.begin(), list_.end(), is_it), list_.end());
}

void Children::ResetAfterFork() {
  list_.clear();
  last_number_ = 0;
}

std::vector<std::shared_ptr<Child>> Children::TakeAll() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(list_, {});
}

void Children::End() {
  const auto children = TakeAll();
  if (children.empty()) return;
  os::RestoreDefaultTermination();
  for (const auto& child : children) {
    const std::lock_guard<std::mutex> lock(child->mutex);
    if (child->is_daemon) (void)child->process.Signal(os::kTerminateSignal);
  }
  const os::Deadline grace = os::Deadline::After(kDaemonGraceMs);
  for (const auto& child : children) {
    const std::lock_guard<std::mutex> lock(child->mutex);
    while (!child->process.Poll().has_value()) {
      if (child->is_daemon && grace.IsPast()) (void)child->process.Signal(os::kKillSignal);
      const bool is_patient = child->is_daemon && !grace.IsPast();
      child->process.Wait(is_patient ? grace : os::Deadline::Never());
    }
  }
}

uint32_t ChildWatches::Add(std::shared_ptr<Child> child) {
  const uint32_t number = ++last_number_;
  Watch& watch = watches_[number];
  const auto look = [this, number] { Look(number); };
  watch.exit = LoopPoll::Start(env_, child->process.descriptor(), look);
  watch.control = LoopPoll::Start(env_, child->control.number(), look);
  if (watch.control != nullptr) watch.control->Unref();
  watch.child = std::move(child);
  return number;
}

Child* ChildWatches::Find(uint32_t number) {
  const auto found = watches_.find(number);
  return found == watches_.end() ? nullptr : found->second.child.get();
}

void ChildWatches::KeepLoop(uint32_t number, bool keep) {
  const auto found = watches_.find(number);
  if (found == watches_.end() || found->second.exit == nullptr) return;
  if (keep) {
    found->second.exit->Ref();
  } else {
    found->second.exit->Unref();
  }
}

std::optional<os::ExitStatus> ChildWatches::Poll(uint32_t number) {
  const auto found = watches_.find(number);
  if (found == watches_.end()) return std::nullopt;
  Watch& watch = found->second;
  const std::lock_guard<std::mutex> lock(watch.child->mutex);
  watch.child->Drain();
  if (watch.child->has_hung_up) watch.control.reset();
  if (os::IsReadable(watch.child->process.descriptor(), 0)) {
    // First the watching ends, then the descriptors close: libuv must not poll a number that is
    // another file's by then.
    watch.exit.reset();
    watch.control.reset();
  }
  return watch.exit == nullptr ? watch.child->Poll() : std::nullopt;
}

void ChildWatches::Look(uint32_t number) {
  (void)Poll(number);
  if (on_child_.IsEmpty()) return;
  const Napi::HandleScope scope(env_);
  try {
    on_child_.MakeCallback(env_.Global(), {Napi::Number::New(env_, number)}, context_);
  } catch (const Napi::Error& error) {
    // libuv called, so nobody above catches: an uncaught exception, or the thread is ending.
    napi_fatal_exception(env_, error.Value());
  }
}

}  // namespace mp::napi
