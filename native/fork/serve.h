// The server's loop: a process that has loaded everything stands still and forks on demand. It runs
// no JavaScript between two forks, so all children start from the same state.
#pragma once

#include "fork/messages.h"
#include "fork/process.h"

namespace mp::fork {

/// What a child was made for.
struct Assignment {
  /// A file with the task; the child closes it.
  int task_descriptor = -1;
};

/// Stops the other threads, says that it is ready, and forks for each order until the client is
/// gone. Returns in each child, whose descriptors 0, 1, 2 … are those of the order; in the server
/// only when it cannot be forked, with the reason, which it has also sent.
///
/// Children are siblings of the server: their parent is the client. So their status goes to it, and
/// they do not notice the end of the server.
[[nodiscard]] Verdict Serve(int socket, const ForkPlan& plan, Assignment* assignment);

}  // namespace mp::fork
