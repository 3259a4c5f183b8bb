// Descriptors that a forked child must not share with its parent, because both would wait on, or
// take from, one and the same kernel object: those of the event loops of other threads, and the
// pipe that is libuv's lock for signals. Each gets a new object under the same number.
//
// The main thread's loop is renewed by uv_loop_fork. The loops of other threads (Node's delayed
// tasks, worker threads) consist of an epoll instance, of an eventfd in it, with which other
// threads wake them, and of the pipe through which libuv's signal handler talks to them. What else
// is in them belongs to one process only: such a process is not forked.
//
// libuv renews the pipe in a pthread_atfork handler, which a bare clone(2) does not run. It is
// known by what it is: both ends are ours, close-on-exec and blocking, and it holds one byte.
#pragma once

#include "fork/verdict.h"

namespace mp::fork {

/// While the other threads stand still, before the fork: whether their loops can be renewed. Also
/// finds the pipe.
[[nodiscard]] Verdict CheckDescriptors();
/// Whether there are event loops beside the one of `own_epoll` and those that every Node has: of
/// worker threads, of the inspector, of other addons. Their threads would go on in the child with
/// what they are busy with.
[[nodiscard]] Verdict CheckOtherLoops(int own_epoll);
/// In the child, before its threads are made again.
[[nodiscard]] bool RenewDescriptors();

}  // namespace mp::fork
