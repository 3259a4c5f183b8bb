// futex_waitv (Linux 5.16) watches many words at once; older kernels and sandboxes that forbid it
// get a plain futex wait on the first word, and the callers' bounded sleeps do the rest.
#include "os/wait.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace mp::os {
namespace {

// Stated here because headers older than 5.16 lack them; the numbers are the kernel's ABI.
constexpr long kSysFutexWaitv = 449;
constexpr size_t kWaitvMax = 128;
constexpr uint32_t kFutex2Size32 = 2;
constexpr uint32_t kFutex2Private = 128;

struct Waitv {
  uint64_t value;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};

timespec ToTimespec(int64_t ns) {
  timespec time{};
  time.tv_sec = ns / 1'000'000'000;
  time.tv_nsec = ns % 1'000'000'000;
  return time;
}

bool ProbeWaitv() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read once; Node changes it under a lock of its own
  const char* choice = std::getenv("NODE_MULTIPROCESSING_WAIT");
  if (choice != nullptr && std::strcmp(choice, "futex") == 0) return false;
  uint32_t word = 0;
  const Waitv probe{1, reinterpret_cast<uint64_t>(&word), kFutex2Size32, 0};
  // The value differs, so a kernel that knows the call answers EAGAIN at once.
  return syscall(kSysFutexWaitv, &probe, 1, 0, nullptr, 0) < 0 && errno == EAGAIN;
}

bool HasWaitv() {
  static const bool has_waitv = ProbeWaitv();
  return has_waitv;
}

void WaitMany(const WaitPoint* points, size_t count, const timespec* until) {
  Waitv waiters[kWaitvMax];
  for (size_t i = 0; i < count; ++i) {
    const uint32_t flags = kFutex2Size32 | (points[i].is_private ? kFutex2Private : 0);
    waiters[i] = {points[i].expected, reinterpret_cast<uint64_t>(points[i].word), flags, 0};
  }
  syscall(kSysFutexWaitv, waiters, static_cast<unsigned>(count), 0, until, CLOCK_MONOTONIC);
}

void WaitOne(const WaitPoint& point, const timespec* until) {
  const int operation = FUTEX_WAIT_BITSET | (point.is_private ? FUTEX_PRIVATE_FLAG : 0);
  syscall(SYS_futex, point.word, operation, point.expected, until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

size_t WaitCapacity() { return HasWaitv() ? kWaitvMax : 1; }

void Wait(const WaitPoint* points, size_t count, Deadline deadline) {
  const timespec until = deadline.IsNever() ? timespec{} : ToTimespec(deadline.ns);
  const timespec* until_or_never = deadline.IsNever() ? nullptr : &until;
  const size_t watched = count < WaitCapacity() ? count : WaitCapacity();
  if (watched == 1) {
    WaitOne(points[0], until_or_never);
  } else {
    WaitMany(points, watched, until_or_never);
  }
}

bool Wake(const WaitPoint& point, int count) {
  const int operation = FUTEX_WAKE | (point.is_private ? FUTEX_PRIVATE_FLAG : 0);
  return syscall(SYS_futex, point.word, operation, count, nullptr, nullptr, 0) > 0;
}

}  // namespace mp::os
