// Live forks; see the header.
#include "fork/live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork/kernel.h"
#include "fork/threads.h"

namespace mp::fork {
namespace {

bool ClaimLoopOf(void* raw) { return ClaimLoop(*static_cast<const LoopPlan*>(raw)); }

Verdict MeasureLive() {
  if (!Gate().ok()) return Gate();
  return CheckNode();
}

/// How the child ended, once it has; -1 when it has not in time.
int AwaitEnd(int pid, int patience_ms) {
  const long descriptor = Kernel(SYS_pidfd_open, pid, 0);
  pollfd entry{static_cast<int>(descriptor), POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&entry, 1, patience_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) kill(pid, SIGKILL);
  Kernel(SYS_close, descriptor);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return ready <= 0 ? -1 : status;
}

}  // namespace

const Verdict& LiveGate() {
  static const Verdict verdict = MeasureLive();
  return verdict;
}

Forked ForkLive(const LoopPlan& plan, unsigned limit_ms, Verdict* verdict) {
  *verdict = PrepareToFork(limit_ms);
  if (!verdict->ok()) return {};
  ForkPlan fork;
  fork.prepare_child = ClaimLoopOf;
  fork.argument = const_cast<LoopPlan*>(&plan);
  const Forked forked = ForkStopped(fork);
  if (forked.side != Side::kChild) ReleaseThreads();
  if (forked.side == Side::kFailed) {
    *verdict = Verdict::No("the system refuses: error %d", forked.error);
  }
  return forked;
}

void CloseInput() {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) return;
  dup2(nothing, STDIN_FILENO);
  close(nothing);
}

Verdict ProbeFork(const Probe& probe, bool* is_tried) {
  constexpr unsigned kStopMs = 200;
  Verdict verdict = PrepareToFork(kStopMs);
  *is_tried = verdict.ok();
  if (!verdict.ok()) return verdict;
  const Forked forked = ForkStopped({});
  if (forked.side == Side::kChild) _exit(probe.job(probe.argument));
  ReleaseThreads();
  if (forked.side == Side::kFailed) {
    return Verdict::No("the system refuses: error %d", forked.error);
  }
  const int status = AwaitEnd(forked.pid, probe.patience_ms);
  if (status < 0) return Verdict::No("a test fork hung for %d ms", probe.patience_ms);
  if (WIFEXITED(status) && WEXITSTATUS(status) == probe.expected) return Verdict::Ok();
  if (WIFSIGNALED(status)) return Verdict::No("a test fork ended by signal %d", WTERMSIG(status));
  return Verdict::No("a test fork ended with code %d", WEXITSTATUS(status));
}

}  // namespace mp::fork
