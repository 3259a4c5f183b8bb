// libuv's loop of a thread that is forked while it is in the middle of its life: whether it can be
// copied now, and taking what is the parent's out of the child's copy.
//
// A copied loop has the parent's handles, and would serve them: accept its connections, read its
// sockets, run its timers. They cannot be closed, for closing runs their owners' callbacks, which
// are the parent's. So they stay, and nothing ever happens to them:
//
//   WHAT                        | IN THE CHILD
//   ----------------------------+---------------------------------------------------------------
//   sockets, pipes, polls       | under their descriptor is a timer that is never set: it cannot be
//                               | read or written. So the child does not keep connections open
//   terminals, descriptors 0-2  | stay, but nobody reads
//   requests that they wait for | forgotten: what the parent writes, the parent writes
//   file watches                | ended, on an inotify instance of the child's own
//   processes                   | forgotten: they are the parent's
//   all of these                | do not keep the loop alive
//   signals with handlers       | have their default action again
//   files of listening pipes    | are not removed by the child's end
//   Node's timers, immediates   | cleared, by JavaScript: ts/process/node-queues.ts
//   V8's and libuv's own        | go on: they serve the child
//
// What this knows of libuv is what its header shows: the members of its structs, which do not
// change within libuv 1, and that uv_loop_fork renews the loop's own descriptors.
#pragma once

#include <uv.h>

#include "fork/verdict.h"

namespace mp::fork {

/// Why the loop cannot be copied now: something is under way that the child would end. Most of that
/// is over some turns later.
[[nodiscard]] Verdict CheckLoop(uv_loop_t* loop);

struct LoopPlan {
  uv_loop_t* loop = nullptr;
  /// Handles that their owner renews in the child by itself; none when null.
  bool (*is_spared)(const uv_handle_t*) = nullptr;
};

/// In the child, before its other threads go on: takes everything of the parent's out of the loop.
[[nodiscard]] bool ClaimLoop(const LoopPlan& plan);
/// In the child, before its other threads go on: gives the loop descriptors of its own, no more.
[[nodiscard]] bool RenewLoop(uv_loop_t* loop);

/// Whether this Node's name look-ups can be told from its other timers (CheckLoop).
[[nodiscard]] Verdict CheckNode();

}  // namespace mp::fork
