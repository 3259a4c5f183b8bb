// A forked process that a test may kill. The child only runs `run` and ends by _exit: no test
// report, no destructors, no leak check. It starts no thread, for the parent may have several.
#pragma once

#include <sys/types.h>

#include <functional>

namespace mp::test {

class Child {
 public:
  /// `run` returns the exit status.
  explicit Child(const std::function<int()>& run);
  ~Child() { Kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// SIGKILL; returns when the child is gone.
  void Kill();
  /// The exit status; -1 when it was killed or did not end in time (it is killed then).
  [[nodiscard]] int Wait();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
  bool is_reaped_ = false;
};

/// In a child: sleeps until it is killed.
[[noreturn]] void SleepForEver();

}  // namespace mp::test
