// Gate and fork; see the header.
#include "fork/process.h"

#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstdint>

#include "fork/descriptors.h"
#include "fork/kernel.h"
#include "fork/pages.h"
#include "fork/robust_list.h"
#include "fork/threads.h"

#if defined(__x86_64__) && defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

namespace mp::fork {
namespace {

constexpr int kChildBroken = 127;

/// All signals wait while this thread, alone, is neither parent nor child.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    const uint64_t all = ~0ULL;
    Kernel(SYS_rt_sigprocmask, SIG_SETMASK, AsArgument(&all), AsArgument(&before_), sizeof before_);
  }
  ~SignalsBlocked() {
    Kernel(SYS_rt_sigprocmask, SIG_SETMASK, AsArgument(&before_), 0, sizeof before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  uint64_t before_ = 0;
};

/// What a thread of its own finds out about what glibc tells the kernel of threads.
struct Findings {
  bool list = false;
  bool tid_address = false;
};

void* Examine(void* raw) {
  auto* findings = static_cast<Findings*>(raw);
  RobustList robust;
  robust.Read();
  findings->list = robust.IsAsExpected();
  const int* tid_address = nullptr;
  const long got = Kernel(SYS_prctl, PR_GET_TID_ADDRESS, AsArgument(&tid_address));
  findings->tid_address = got == 0 && *tid_address == static_cast<int>(Kernel(SYS_gettid));
  return nullptr;
}

Verdict Measure() {
#if defined(__x86_64__) && defined(__GLIBC__)
  // That robust_prev is before the list's head, that there is a word with the thread's id.
  Findings findings;
  pthread_t thread{};
  if (pthread_create(&thread, nullptr, Examine, &findings) != 0) {
    return Verdict::No("no thread can be started");
  }
  pthread_join(thread, nullptr);
  FindRestartableSequences();
  if (!findings.list) {
    return Verdict::No("the C library (glibc %s) keeps robust mutexes in an unknown way",
                       gnu_get_libc_version());
  }
  if (!findings.tid_address) {
    return Verdict::No(
        "the kernel does not tell where thread ids are kept "
        "(PR_GET_TID_ADDRESS, CONFIG_CHECKPOINT_RESTORE)");
  }
  char text[8];
  if (ReadFile("/proc/thread-self/syscall", text, sizeof text) == 0) {
    return Verdict::No("/proc/thread-self/syscall cannot be read");
  }
  return Verdict::Ok();
#else
  return Verdict::No("fork is implemented for Linux x64 with glibc only");
#endif
}

/// A fork without the C library's: that one would forget the other threads' stacks.
long Clone(bool as_sibling, int* tid_address) {
  const long flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD |
                     (as_sibling ? static_cast<long>(CLONE_PARENT) : 0L);
  return Kernel(SYS_clone, flags, 0, 0, AsArgument(tid_address), 0);
}

}  // namespace

const Verdict& Gate() {
  static const Verdict verdict = Measure();
  return verdict;
}

Verdict PrepareToFork(unsigned limit_ms) {
  if (!Gate().ok()) return Gate();
  if (Verdict verdict = StopThreads(limit_ms); !verdict.ok()) return verdict;
  Verdict verdict = CheckDescriptors();
  if (verdict.ok() && !InheritAllPages()) verdict = Verdict::No("/proc/self/maps cannot be read");
  if (!verdict.ok()) ReleaseThreads();
  return verdict;
}

Forked ForkStopped(const ForkPlan& plan) {
  const SignalsBlocked blocked;
  RobustList robust;
  robust.Read();
  int* tid_address = nullptr;
  Kernel(SYS_prctl, PR_GET_TID_ADDRESS, AsArgument(&tid_address));
  const long pid = Clone(plan.as_sibling, tid_address);
  if (pid < 0) return {Side::kFailed, 0, static_cast<int>(-pid)};
  if (pid > 0) return {Side::kParent, static_cast<int>(pid), 0};
  robust.Empty();
  robust.Register();
  const bool ready = RenewDescriptors() &&
                     (plan.prepare_child == nullptr || plan.prepare_child(plan.argument)) &&
                     RecreateThreads();
  if (!ready) Kernel(SYS_exit_group, kChildBroken);
  return {Side::kChild, static_cast<int>(Kernel(SYS_getpid)), 0};
}

}  // namespace mp::fork
