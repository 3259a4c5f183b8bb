// The sockets of one JavaScript thread, by number: those that listen, connect, or carry messages.
//
// A number, not a descriptor: a descriptor may be another file's as soon as it is closed, a number
// never is. What is read or written while nobody waits is the caller's affair; here is what the
// event loop watches meanwhile.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_map>

#include "napi/loop_poll.h"
#include "os/descriptor.h"

namespace mp::napi {

class Streams {
 public:
  explicit Streams(Napi::Env env) : env_(env), context_(env, "node-multiprocessing:stream") {}

  /// `callback(number)` runs when what was awaited of a stream is worth a try.
  void SetCallback(Napi::Function callback) { on_ready_ = Napi::Persistent(callback); }
  uint32_t Add(os::Descriptor descriptor);
  /// -1 when there is no such stream.
  [[nodiscard]] int DescriptorOf(uint32_t number) const;
  /// Watches for readability, writability, both or neither; false when the loop refuses.
  [[nodiscard]] bool Await(uint32_t number, bool reads, bool writes);
  /// Whether the stream, while it is awaited, keeps the loop alive.
  void KeepLoop(uint32_t number, bool keep);
  /// Ends the watching and gives the descriptor away.
  [[nodiscard]] os::Descriptor Take(uint32_t number);
  /// In a forked child: the loop watches nothing for it yet; the sockets are its own, too.
  void ResetAfterFork();
  /// The environment ends: its references must not be touched any more.
  void Abandon() { on_ready_.SuppressDestruct(); }

 private:
  struct Stream {
    os::Descriptor descriptor;
    // Gone before the descriptor that it watches is closed.
    std::unique_ptr<LoopPoll> poll;
    bool keeps_loop = true;
  };

  void Look(uint32_t number);

  Napi::Env env_;
  Napi::AsyncContext context_;
  Napi::FunctionReference on_ready_;
  std::unordered_map<uint32_t, Stream> streams_;
  uint32_t last_number_ = 0;
};

}  // namespace mp::napi
