// The io_uring instances of libuv, one for each event loop where libuv uses them (1.45 and later,
// as Node is configured): with it a loop changes what its epoll instance watches. A ring is a
// descriptor and memory that is shared with the kernel, so a forked child would share both with its
// parent and its siblings: two that use a ring at the same time find each other's entries in it,
// and libuv aborts. That happens: Node makes a loop for trace events that it runs for the first
// time when the process ends, and siblings often end together.
//
// A child's loops do without: libuv takes a ring whose descriptor is -1 for one that could not be
// made, and calls epoll_ctl instead. (A new ring cannot take the place of the old one: the kernel
// maps a ring where it likes.) The main thread's loop gets a new one from uv_loop_fork.
//
// Where a loop keeps the descriptor is found by what stands beside it: `struct uv__iou` has the
// addresses of both of the ring's mappings, their sizes, and then the descriptor. All of these must
// match, once; else the process is not forked.
//
//   OFFSET | SIZE | FIELD  | MEANING
//   -------+------+--------+--------------------------------
//        0 |    8 | sq     | start of the ring's queues
//        8 |    8 | cqe    | in them
//       16 |    8 | sqe    | start of the ring's entries
//       24 |   32 |        | sizes, the largest of which …
//       40 |    8 | maxlen | … is that of the queues' mapping
//       56 |    4 | ringfd | the descriptor
#pragma once

#include "fork/verdict.h"

namespace mp::fork {

/// While the other threads stand still, before the fork: finds the rings, and where their loops
/// keep their descriptors. A ring with entries under way, or with a thread in the kernel, cannot be
/// given up.
[[nodiscard]] Verdict CheckRings();
/// In the child, before its threads are made again: its loops have none.
void GiveUpRings();

}  // namespace mp::fork
