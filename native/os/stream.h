// Bytes through connected sockets, and descriptors through those that stay within the machine.
//
// Nothing here blocks, whatever mode the descriptor is in: other processes may have the same open
// socket, so its mode is not ours to choose. Who wants to wait calls WaitReady.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "os/clock.h"
#include "os/descriptor.h"

namespace mp::os {

/// What one attempt came to.
enum class Progress {
  kMoved,
  kNotNow,  // nothing to read, or no room to write
  kEnded,   // the other side is gone: nothing will ever come, or be read
  kFailed,
};

struct [[nodiscard]] Moved {
  Progress progress = Progress::kMoved;
  size_t bytes = 0;
  Status status;
};

struct Span {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

/// Takes what has arrived, at most `size` bytes; `size` is not 0.
Moved Receive(int descriptor, void* into, size_t size);
/// Sends as much of the two as there is room for, the first one first.
Moved Send(int descriptor, Span first, Span second);

/// Sends one byte and with it a copy of `sent`.
Moved SendDescriptor(int descriptor, uint8_t byte, int sent);
/// Takes one byte, and the descriptor that came with it; closed when none did.
Moved ReceiveDescriptor(int descriptor, uint8_t* byte, Descriptor* received);

/// What is waited for, and whether it is there. An end, or an error, counts as readiness, for the
/// next attempt tells of it.
struct Interest {
  int descriptor = -1;
  bool writes = false;
  bool is_ready = false;
  bool is_invalid = false;  // no open descriptor has this number
};

/// Marks which are ready; returns how many, and 0 when the time is over or a signal came.
size_t WaitReady(std::vector<Interest>& interests, Deadline deadline);

/// Two connected ends in this process.
Status OpenStreamPair(Descriptor* one, Descriptor* other);
[[nodiscard]] bool IsStreamSocket(int descriptor);
/// Whether calls on the open file may block, for all who have it.
[[nodiscard]] bool IsBlocking(int descriptor);
void SetBlocking(int descriptor, bool blocks);
/// The user that the other end of a socket of this machine belonged to when it connected is the
/// one of this process.
[[nodiscard]] bool IsPeerSameUser(int descriptor);

}  // namespace mp::os
