// Forking this process as it is, in the middle of its life.
//
// Unlike a server it is not prepared: its loop has handles, its threads may run. It is forked only
// when everything can be taken out of the child that is the parent's; otherwise the fork is
// refused, with the reason.
#pragma once

#include "fork/event_loop.h"
#include "fork/process.h"

namespace mp::fork {

/// Whether this Node is one that can be forked so. Measured once.
[[nodiscard]] const Verdict& LiveGate();

/// Forks now, on the thread of the loop, between two of its callbacks. Both sides return, with all
/// threads running; Side::kFailed with a verdict.
[[nodiscard]] Forked ForkLive(const LoopPlan& plan, unsigned limit_ms, Verdict* verdict);

/// In the child: its standard input is empty, as that of every child.
void CloseInput();

struct Probe {
  int (*job)(void*) = nullptr;
  void* argument = nullptr;
  /// Exit code of a child that is all right, and how long it may take.
  int expected = 0;
  int patience_ms = 0;
};

/// Forks a child that runs a job and ends with its result as exit code, at once. What was the
/// matter with it; `is_tried` is false when nothing could be forked just now: a thread was busy.
[[nodiscard]] Verdict ProbeFork(const Probe& probe, bool* is_tried);

}  // namespace mp::fork
