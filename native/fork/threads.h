// Stopping all other threads of the process, and making them again in a forked child.
//
// fork(2) copies the memory of all threads but only the calling one goes on in the child. Node
// cannot live like that: V8's workers are gone with the jobs, condition variables count waiters
// that do not exist, natural exit joins threads that never end. So the child gets all of them back:
//
//   PARENT                                        | CHILD
//   ----------------------------------------------+----------------------------------------------
//   1. A signal makes each other thread run OnStop,|
//      on its own stack: it saves where it stands |
//      (Context), tells, and sleeps               |
//   2. quiet? else all go on, and again           |
//   3. clone(2) ………………………………………………………………………………… | the same memory, one thread
//   4. all go on                                  | 4. for each saved thread a bare clone(2) with
//                                                 |    the same stack, thread pointer (%fs) and
//                                                 |    tid word, which resumes the Context: OnStop
//                                                 |    returns, the kernel restores what the signal
//                                                 |    interrupted, and the thread waits on
//
// Why that is sound:
// - All threads stand still at the same time, so the memory is one consistent picture, locks
//   included: whoever holds one in the parent holds it in the child.
// - Quiet means: each thread stood in a system call that only waits (futex, epoll, sleep). So no
//   lock of malloc or V8 is held by a thread that is in the middle of something, and the call is
//   begun anew, or reported as interrupted, exactly as after any signal.
// - To glibc it is the same thread: thread pointer, stack, pthread_self(), thread-local variables.
//   What the kernel knows of a thread is given to it again: the word that holds its id and is
//   cleared at its end (pthread_join waits on it), the list of robust mutexes, rseq, name. The word
//   is also where glibc reads the thread's own id (PR_GET_TID_ADDRESS tells where it is).
// - The alternative signal stack, the mask and all registers come back with the signal's return.
// - The signal is 33, SIGSETXID, the one that no thread can block: sigfillset leaves it out. glibc
//   uses it in setuid() and its kin only; its handler is put back afterwards.
//
// Threads that this package started itself (os::StartThread) stop too but are not made again: they
// watch over what belongs to the parent; their users start them anew when needed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fork/verdict.h"

namespace mp::fork {

/// A thread that stands still.
struct StoppedThread {
  int tid = 0;
  bool is_own = false;
  /// The epoll instance that it waits on; -1 when it waits on something else.
  int epoll_descriptor = -1;
  char name[16] = {};
};

/// Stops all other threads, quietly; after a refusal all of them go on. Between this and what
/// follows the caller must not allocate memory.
[[nodiscard]] Verdict StopThreads(uint32_t limit_ms);
/// Lets all go on.
void ReleaseThreads();
/// In the child: makes the stopped threads again. False when the kernel refuses one.
[[nodiscard]] bool RecreateThreads();

[[nodiscard]] size_t StoppedCount();
[[nodiscard]] const StoppedThread& StoppedAt(size_t index);

}  // namespace mp::fork
