// Linux implementation of the contract of the same name; see the header.
//
// posix_spawn and not fork: glibc shares the parent's memory with the child until it runs the new
// program, so nothing is copied however large the parent's heap is.
#include "os/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace mp::os {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// What the child does between its start and the new program.
class Preparation {
 public:
  Preparation() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Preparation() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  Status Make(const SpawnRequest& request) {
    int error = 0;
    if (!request.directory.empty()) {
      error = posix_spawn_file_actions_addchdir_np(&actions_, request.directory.c_str());
    }
    const auto count = static_cast<int>(request.descriptors.size());
    for (int i = 0; error == 0 && i < count; ++i) {
      int from = request.descriptors[static_cast<size_t>(i)];
      // A source below `count` might be overwritten before its turn, unless it stays in its place.
      if (from < count && from != i) {
        Descriptor copy(fcntl(from, F_DUPFD_CLOEXEC, count));
        if (!copy.is_open()) return {errno, "fcntl"};
        from = copy.number();
        copies_.push_back(std::move(copy));
      }
      error = posix_spawn_file_actions_adddup2(&actions_, from, i);
    }
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions_, count);
#endif
    sigset_t signals;
    sigfillset(&signals);
    if (error == 0) error = posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    if (error == 0) error = posix_spawnattr_setsigmask(&attributes_, &signals);
    constexpr short kFlags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (error == 0) error = posix_spawnattr_setflags(&attributes_, kFlags);
    return {error, "posix_spawn"};
  }

  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  std::vector<Descriptor> copies_;
};

ExitStatus StatusOf(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {0, info.si_status};
}

}  // namespace

Status OpenProcess(int pid, Descriptor* result) {
  *result = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  return result->is_open() ? Status{} : Status{errno, "pidfd_open"};
}

Status ChildProcess::Spawn(const SpawnRequest& request) {
  Preparation preparation;
  const Status prepared = preparation.Make(request);
  if (!prepared.ok()) return prepared;
  const std::vector<char*> arguments = Pointers(request.arguments);
  const std::vector<char*> environment = Pointers(request.environment);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, request.program.c_str(), preparation.actions(),
                                preparation.attributes(), arguments.data(), environment.data());
  if (error != 0) return {error, "posix_spawn"};
  // Nobody else reaps it, so the number is still the child's, even if it has ended already.
  const Status opened = OpenProcess(pid, &handle_);
  if (!opened.ok()) {
    kill(pid, SIGKILL);
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return opened;
  }
  pid_ = pid;
  return {};
}

Status ChildProcess::Signal(int number) const {
  if (!handle_.is_open()) return {};
  const auto sent = syscall(SYS_pidfd_send_signal, handle_.number(), number, nullptr, 0);
  return sent == 0 || errno == ESRCH ? Status{} : Status{errno, "pidfd_send_signal"};
}

std::optional<ExitStatus> ChildProcess::Poll() {
  if (status_.has_value() || !handle_.is_open()) return status_;
  siginfo_t info{};
  int result = 0;
  do {
    result = waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(handle_.number()), &info,
                    WEXITED | WNOHANG);
  } while (result < 0 && errno == EINTR);
  if (result == 0 && info.si_pid == 0) return std::nullopt;
  // Somebody who waits for all children of this process took the status: it cannot be known.
  status_ = result == 0 ? StatusOf(info) : ExitStatus{255, 0};
  if (!keeps_descriptor_) handle_.Close();
  return status_;
}

void ChildProcess::Wait(Deadline deadline) const {
  if (!handle_.is_open()) return;
  pollfd entry{handle_.number(), POLLIN, 0};
  if (deadline.IsNever()) {
    poll(&entry, 1, -1);
    return;
  }
  const int64_t left = deadline.ns - MonotonicNs();
  timespec time{};
  if (left > 0) time = {left / (1000 * kNsPerMs), left % (1000 * kNsPerMs)};
  ppoll(&entry, 1, &time, nullptr);
}

Status Duplicate(int descriptor, Descriptor* result) {
  *result = Descriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  return result->is_open() ? Status{} : Status{errno, "fcntl"};
}

void SleepMs(int milliseconds) {
  const timespec time{milliseconds / 1000, static_cast<long>(milliseconds % 1000) * kNsPerMs};
  nanosleep(&time, nullptr);
}

void EndThisProcess(int grace_ms) {
  kill(getpid(), SIGTERM);
  SleepMs(grace_ms);
  kill(getpid(), SIGKILL);
}

void RestoreDefaultTermination() {
  (void)signal(SIGINT, SIG_DFL);
  (void)signal(SIGTERM, SIG_DFL);
}

void RunAtExit(void (*run)()) { (void)std::atexit(run); }

}  // namespace mp::os
