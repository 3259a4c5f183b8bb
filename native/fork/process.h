// A fork(2) of this process with all of its threads, for JavaScript to go on in.
//
// What depends on the insides of glibc, V8 and libuv is in this folder, each with the reason why it
// is right: threads.h (the threads), robust_list.h (what the kernel knows of them), pages.h (V8's
// memory), descriptors.h (event loops of other threads). Gate() says whether this system is one on
// which all of that is known to hold.
#pragma once

#include "fork/verdict.h"

namespace mp::fork {

/// Whether this build, C library and kernel are ones that can fork. Measured once.
[[nodiscard]] const Verdict& Gate();

struct ForkPlan {
  /// The child becomes a child of this process's parent: it outlives this process, and its status
  /// goes to who asked for it.
  bool as_sibling = false;
  /// In the child, before its other threads go on; false ends the child.
  bool (*prepare_child)(void*) = nullptr;
  void* argument = nullptr;
};

enum class Side { kParent, kChild, kFailed };

struct Forked {
  Side side = Side::kFailed;
  int pid = 0;
  int error = 0;
};

/// Between StopThreads and ReleaseThreads: makes a child. Returns twice; in the child all threads
/// run again. The parent's stay stopped.
[[nodiscard]] Forked ForkStopped(const ForkPlan& plan);

/// Stops the threads, checks, and makes their memory inheritable. After a refusal all of them run.
[[nodiscard]] Verdict PrepareToFork(unsigned limit_ms);

}  // namespace mp::fork
