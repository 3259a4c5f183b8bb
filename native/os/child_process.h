// Processes that this one starts, and waits for without reaping anybody else's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "os/clock.h"
#include "os/descriptor.h"
#include "os/status.h"

namespace mp::os {

/// How a process ended: with `code`, or by `signal` when that is not 0.
struct ExitStatus {
  int code = 0;
  int signal = 0;
};

struct SpawnRequest {
  std::string program;                   // path of the executable
  std::vector<std::string> arguments;    // the first one is the program's name for itself
  std::vector<std::string> environment;  // NAME=value
  std::string directory;                 // working directory; empty: this process's
  std::vector<int> descriptors;          // become 0, 1, 2 … in the child, which has no others
};

/// A child, from its start until its status is known. All methods may be called by any thread, one
/// at a time.
class ChildProcess {
 public:
  /// Starts the program; returns when it runs, or with why it does not.
  Status Spawn(const SpawnRequest& request);

  /// Watches a process that is not a child of this one, so that its status stays unknown.
  void Adopt(int pid, Descriptor handle) {
    pid_ = pid;
    handle_ = std::move(handle);
  }

  [[nodiscard]] int pid() const { return pid_; }
  /// The descriptor stays open when the status is known, for somebody else watches it too.
  void KeepDescriptor() { keeps_descriptor_ = true; }
  /// Readable as soon as the process has ended; closed once its status is known, unless kept.
  [[nodiscard]] int descriptor() const { return handle_.number(); }
  /// Sends a signal; nothing happens when the process has ended. Never reaches another process
  /// that has the same number now.
  Status Signal(int number) const;
  /// The status, if the process has ended; does not wait.
  [[nodiscard]] std::optional<ExitStatus> Poll();
  /// Waits until the process has ended or the deadline has passed. May return early.
  void Wait(Deadline deadline) const;

 private:
  int pid_ = 0;
  Descriptor handle_;
  std::optional<ExitStatus> status_;
  bool keeps_descriptor_ = false;
};

/// A descriptor that is readable when process `pid` has ended. The caller makes sure that the
/// number is not another's by then.
Status OpenProcess(int pid, Descriptor* result);

/// A second descriptor for the same.
Status Duplicate(int descriptor, Descriptor* result);

/// Ends this process as a termination request does, so that its handlers run, and by force if it is
/// still there `grace_ms` later. Called on a thread of our own.
void EndThisProcess(int grace_ms);
void SleepMs(int milliseconds);

/// From here on Ctrl-C and termination requests end this process at once, whatever handlers
/// JavaScript had: its event loop does not run any more.
void RestoreDefaultTermination();

/// `run` runs when this process ends normally: return from main, exit().
void RunAtExit(void (*run)());

inline constexpr int kTerminateSignal = 15;
inline constexpr int kKillSignal = 9;

}  // namespace mp::os
