// A doorbell wakes one event loop from any process, in one step: the loop polls a descriptor, and
// ringing makes it readable. It carries a 64-bit key that says what the ring is about.
//
// Linux: a pipe. Others open its writing end through /proc/PID/fd/N, which the kernel allows to
// processes of the same user; the inode number tells that it is the pipe that was meant, for
// process ids and descriptors are used again. Where it cannot be opened (another pid namespace, no
// /proc), the ringer says so and the owner waits in other ways.
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/status.h"

namespace mp::os {

/// The owner's side. Both ends stay open as long as it lives.
class Doorbell {
 public:
  Doorbell() = default;
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  Status Create();
  /// Readable when the bell was rung.
  [[nodiscard]] int poll_descriptor() const { return read_end_; }
  [[nodiscard]] int ring_descriptor() const { return write_end_; }
  [[nodiscard]] uint64_t identity() const { return identity_; }
  /// Takes at most `most` keys of rings that came; the number taken.
  size_t Drain(uint64_t* keys, size_t most) const;

 private:
  int read_end_ = -1;
  int write_end_ = -1;
  uint64_t identity_ = 0;
};

enum class RingResult {
  kRung,
  kFull,  // the owner has a backlog of thousands and will look anyway
  kGone,  // the owner has ended (the process must ignore SIGPIPE, as Node does)
};

/// The other side: opens somebody's doorbell; -1 when that is not possible.
[[nodiscard]] int OpenDoorbell(uint32_t pid, uint32_t descriptor, uint64_t identity);
[[nodiscard]] RingResult RingDoorbell(int opened, uint64_t key);
/// Whether the owner has ended.
[[nodiscard]] bool IsDoorbellGone(int opened);
void CloseDoorbell(int opened);

}  // namespace mp::os
