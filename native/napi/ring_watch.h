// Descriptors that can be read while a ring has something to get: for those who wait for whichever
// of many things is ready, as poll(2) does. A hub thread signals them; whoever finds nothing there
// takes the signal back.
#pragma once

#include <memory>
#include <unordered_map>

#include "os/descriptor.h"
#include "sync/wait_hub.h"

namespace mp::napi {

/// Those of one JavaScript thread, by descriptor.
class RingWatches {
 public:
  RingWatches();
  ~RingWatches();
  RingWatches(const RingWatches&) = delete;
  RingWatches& operator=(const RingWatches&) = delete;

  /// A descriptor for what `object` waits for; -1 when the system refuses, as told by `status`.
  [[nodiscard]] int Open(std::unique_ptr<sync::Awaitable> object, sync::Id self,
                         os::Status* status);
  /// Nothing was there: the descriptor is readable again once there may be. False when there is no
  /// such descriptor.
  bool Rearm(int descriptor);
  void Close(int descriptor);
  /// In a forked child, whose hub knows nothing of its parent's waits.
  void ForgetAll();

 private:
  class Watch;
  std::unordered_map<int, std::unique_ptr<Watch>> watches_;
};

}  // namespace mp::napi
