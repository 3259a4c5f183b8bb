// The sockets of one JavaScript thread; see the header.
#include "napi/streams.h"

#include <utility>

#include "os/stream.h"

namespace mp::napi {

uint32_t Streams::Add(os::Descriptor descriptor) {
  const uint32_t number = ++last_number_;
  streams_[number].descriptor = std::move(descriptor);
  return number;
}

int Streams::DescriptorOf(uint32_t number) const {
  const auto found = streams_.find(number);
  return found == streams_.end() ? -1 : found->second.descriptor.number();
}

bool Streams::Await(uint32_t number, bool reads, bool writes) {
  const auto found = streams_.find(number);
  if (found == streams_.end()) return false;
  Stream& stream = found->second;
  if (stream.poll == nullptr) {
    if (!reads && !writes) return true;
    const int descriptor = stream.descriptor.number();
    // libuv makes the open file non-blocking, also for others who have it and rely on its mode.
    const bool blocks = os::IsBlocking(descriptor);
    stream.poll = LoopPoll::Start(env_, descriptor, [this, number] { Look(number); });
    if (stream.poll == nullptr) return false;
    if (blocks) os::SetBlocking(descriptor, true);
    if (!stream.keeps_loop) stream.poll->Unref();
  }
  return stream.poll->Await(reads, writes);
}

void Streams::KeepLoop(uint32_t number, bool keep) {
  const auto found = streams_.find(number);
  if (found == streams_.end()) return;
  found->second.keeps_loop = keep;
  if (found->second.poll == nullptr) return;
  if (keep) {
    found->second.poll->Ref();
  } else {
    found->second.poll->Unref();
  }
}

os::Descriptor Streams::Take(uint32_t number) {
  const auto found = streams_.find(number);
  if (found == streams_.end()) return os::Descriptor();
  found->second.poll.reset();
  os::Descriptor descriptor = std::move(found->second.descriptor);
  streams_.erase(found);
  return descriptor;
}

void Streams::ResetAfterFork() {
  for (auto& [number, stream] : streams_) stream.poll.reset();
}

void Streams::Look(uint32_t number) {
  if (on_ready_.IsEmpty()) return;
  const Napi::HandleScope scope(env_);
  try {
    on_ready_.MakeCallback(env_.Global(), {Napi::Number::New(env_, number)}, context_);
  } catch (const Napi::Error& error) {
    // libuv called, so nobody above catches: an uncaught exception, or the thread is ending.
    napi_fatal_exception(env_, error.Value());
  }
}

}  // namespace mp::napi
