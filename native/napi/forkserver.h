// The forkserver of this process, as its client sees it. See fork/messages.h.
#pragma once

#include <mutex>

#include "fork/messages.h"
#include "os/child_process.h"
#include "os/descriptor.h"

namespace mp::napi {

/// One per process, for all of its JavaScript threads.
class Forkserver {
 public:
  /// kNone: there is none yet, or it has ended. kStarting: it loads what it is to load.
  enum class State { kNone, kStarting, kReady, kRefused };

  static Forkserver& Instance();

  /// Starts one. `request` lacks its socket, which becomes descriptor 3.
  os::Status Start(os::SpawnRequest request);
  /// Takes what it says, for at most the time given; a refusal's text.
  State Await(os::Deadline deadline, std::string* reason);

  enum class Result { kForked, kEnded, kFailed };
  /// Makes a child, which is this process's own. kEnded: the server is gone and made none.
  Result Fork(const fork::DescriptorList& descriptors, int* pid, os::Status* failure);

  /// Ends it, whatever it does. Its children go on.
  void Stop();

  /// Readable when it says something, or has ended; -1 without one.
  [[nodiscard]] int descriptor();
  /// In a child of this process that was forked from it: the server is not the child's.
  void ResetAfterFork();

 private:
  State Receive(std::string* reason);
  void Forget();

  std::mutex mutex_;
  State state_ = State::kNone;
  os::ChildProcess process_;
  os::Descriptor socket_;
  uint32_t sequence_ = 0;
};

}  // namespace mp::napi
