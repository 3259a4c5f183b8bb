// Forked processes for tests; see the header.
#include "support/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "support/watchdog.h"

namespace mp::test {

Child::Child(const std::function<int()>& run) {
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  _exit(run());
}

void Child::Kill() {
  if (is_reaped_ || pid_ <= 0) return;
  kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  is_reaped_ = true;
}

int Child::Wait() {
  int status = 0;
  is_reaped_ = Eventually([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
  if (!is_reaped_) Kill();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void SleepForEver() {
  for (;;) pause();
}

}  // namespace mp::test
