// What a forkserver and its client say to each other, over a pair of SEQPACKET sockets: each
// message arrives whole. Nobody else can connect: the pair has no name.
//
//   FROM   | MESSAGE                  | MEANING
//   -------+--------------------------+---------------------------------------------------------
//   server | kReady                   | it has loaded what it should, and can be forked
//   server | kRefused, text           | it cannot, and why
//   client | Order + descriptors      | fork: a file with the task, then what becomes 0, 1, 2 … in
//          |                          | the child
//   server | kForked, sequence, pid   | there is a child of this number
//   child  | kForked, sequence, pid   | the same
//   server | kFailed, sequence, errno | there is no child
//
// Server and child both say it, and the client goes by what comes first. The server alone is not
// enough: it may be killed between the fork and the message. Nor is the child: it may be killed
// before it can say anything, and then is a process that was started and has ended. The client sees
// the end of the socket only when all who may still answer are gone; then an order that has no
// answer was not carried out, and may be given to another server.
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/status.h"

namespace mp::fork {

constexpr size_t kMaxDescriptors = 16;

struct Order {
  uint32_t sequence = 0;
};

enum class ReplyKind : uint32_t { kReady = 1, kRefused, kForked, kFailed };

struct Reply {
  ReplyKind kind = ReplyKind::kReady;
  uint32_t sequence = 0;
  int32_t number = 0;
  char text[200] = {};
};

/// Descriptors that came with a message, each close-on-exec.
struct DescriptorList {
  int numbers[kMaxDescriptors] = {};
  size_t count = 0;

  void CloseAll();
};

os::Status OpenSocketPair(int ends[2]);
/// Waits while the socket is full.
os::Status SendOrder(int socket, const Order& order, const DescriptorList& descriptors);
enum class Received { kMessage, kNothing, kEnded };
/// Waits for an order.
[[nodiscard]] Received ReceiveOrder(int socket, Order* order, DescriptorList* descriptors);
void SendReply(int socket, const Reply& reply);
/// Takes the next reply; does not wait for one.
[[nodiscard]] Received ReceiveReply(int socket, Reply* reply);

}  // namespace mp::fork
