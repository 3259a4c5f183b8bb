// Stops and re-creates threads; the header says how and why.
#include "fork/threads.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

#include <atomic>
#include <cstring>

#include "fork/context.h"
#include "fork/kernel.h"
#include "fork/robust_list.h"
#include "os/clock.h"
#include "os/process.h"

namespace mp::fork {
namespace {

constexpr int kStopSignal = 33;  // SIGSETXID of glibc
constexpr size_t kMaxThreads = 512;
constexpr long kRestorer = 0x04000000;  // SA_RESTORER
constexpr uint32_t kFutexCommand = 0x7f;

/// As the kernel wants it, which is not as glibc's struct is.
struct KernelAction {
  void (*handler)(int, siginfo_t*, void*);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

enum State : uint32_t { kAsked, kStopped, kGone };

struct Record {
  StoppedThread thread;
  std::atomic<uint32_t> state{kGone};
  long call = -1;  // that it was seen waiting in
  Context context;
  const ucontext_t* interrupted = nullptr;
  uintptr_t thread_pointer = 0;
  int* tid_address = nullptr;
  RobustList robust;
};

Record records[kMaxThreads];
std::atomic<size_t> record_count{0};
/// Changes with each stop, so that a late thread of the one before does not sleep on.
std::atomic<uint32_t> release_word{0};
std::atomic<uint32_t> stopped_count{0};
std::atomic<uint32_t> inside_count{0};
KernelAction action_before;

long Sleep(std::atomic<uint32_t>* word, uint32_t expected, const timespec* limit) {
  return Kernel(SYS_futex, AsArgument(word), FUTEX_WAIT_PRIVATE, expected, AsArgument(limit));
}

void WakeAll(std::atomic<uint32_t>* word) {
  Kernel(SYS_futex, AsArgument(word), FUTEX_WAKE_PRIVATE, 1 << 30);
}

Record* RecordOf(int tid) {
  const size_t count = record_count.load(std::memory_order_acquire);
  for (size_t i = 0; i < count; ++i) {
    if (records[i].thread.tid == tid) return &records[i];
  }
  return nullptr;
}

/// Runs on each thread that is to stop, with all signals blocked, on the thread's own stack.
void OnStop(int /*signal*/, siginfo_t* /*info*/, void* interrupted) {
  inside_count.fetch_add(1, std::memory_order_acq_rel);
  const uint32_t release = release_word.load(std::memory_order_acquire);
  Record* record = RecordOf(static_cast<int>(Kernel(SYS_gettid)));
  if (record == nullptr || record->state.load(std::memory_order_acquire) != kAsked) {
    inside_count.fetch_sub(1, std::memory_order_acq_rel);
    return;  // asked by a stop that was given up since
  }
  record->interrupted = static_cast<const ucontext_t*>(interrupted);
  record->thread_pointer = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
  Kernel(SYS_prctl, PR_GET_TID_ADDRESS, AsArgument(&record->tid_address));
  record->robust.Read();
  if (MpForkSave(&record->context) == 0) {
    record->state.store(kStopped, std::memory_order_release);
    stopped_count.fetch_add(1, std::memory_order_release);
    WakeAll(&stopped_count);
    while (release_word.load(std::memory_order_acquire) == release) {
      Sleep(&release_word, release, nullptr);
    }
  } else {
    // The child's thread, on the parent's stack: from here on there is no difference.
    record->robust.Register();
    RegisterRestartableSequences(record->thread_pointer);
    Kernel(SYS_prctl, PR_SET_NAME, AsArgument(record->thread.name));
  }
  inside_count.fetch_sub(1, std::memory_order_acq_rel);
}

bool OnlyWaits(long call, uint64_t operation) {
  switch (call) {
    case SYS_futex: {
      const uint64_t command = operation & kFutexCommand & ~uint64_t{FUTEX_PRIVATE_FLAG};
      return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
    }
    case SYS_futex_waitv:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
      return true;
    default:
      return false;
  }
}

/// A thread of our own is not made again in the child, so it may wait for descriptors too.
bool OnlyWaitsOwn(long call) { return call == SYS_poll || call == SYS_ppoll; }

bool WaitsForEvents(long call) {
  return call == SYS_epoll_wait || call == SYS_epoll_pwait || call == SYS_epoll_pwait2;
}

/// Notes which system call the thread is in, before it is asked to stop.
void Inspect(Record* record) {
  char text[256];
  const Path folder = Path("/proc/self/task/").Add(record->thread.tid);
  size_t length = ReadFile(Path(folder).Add("/comm").text(), text, sizeof record->thread.name);
  if (length > 0 && text[length - 1] == '\n') text[length - 1] = '\0';
  std::memcpy(record->thread.name, text, sizeof record->thread.name);
  length = ReadFile(Path(folder).Add("/syscall").text(), text, sizeof text);
  record->call = -1;
  record->thread.epoll_descriptor = -1;
  if (length == 0 || text[0] < '0' || text[0] > '9') return;  // it runs
  const char* at = text;
  const long call = static_cast<long>(ParseNumber(&at, 10));
  uint64_t arguments[2] = {};
  for (uint64_t& argument : arguments) {
    if (*at == ' ') ++at;
    argument = ParseNumber(&at, 16);
  }
  record->call = call;
  if (!OnlyWaits(call, arguments[1])) return;
  if (WaitsForEvents(call)) record->thread.epoll_descriptor = static_cast<int>(arguments[0]);
}

/// Whether the thread stood in the call that it was seen in: the kernel has either set it back to
/// before the call, or made the call return EINTR. Both leave it at a `syscall` instruction.
bool StoodInCall(const Record& record) {
#if defined(__x86_64__)
  const auto& registers = record.interrupted->uc_mcontext.gregs;
  const auto* at = reinterpret_cast<const uint8_t*>(registers[REG_RIP]);
  const auto is_call = [](const uint8_t* code) { return code[0] == 0x0f && code[1] == 0x05; };
  const bool waits = OnlyWaits(record.call, static_cast<uint64_t>(registers[REG_RSI])) ||
                     (record.thread.is_own && OnlyWaitsOwn(record.call));
  if (!waits) return false;
  if (is_call(at)) return registers[REG_RAX] == record.call;
  return registers[REG_RAX] == -EINTR && is_call(at - 2);
#else
  return false;
#endif
}

bool Ask(int self_pid, Record* record) {
  Inspect(record);
  record->state.store(kAsked, std::memory_order_release);
  if (Kernel(SYS_tgkill, self_pid, record->thread.tid, kStopSignal) == 0) return true;
  record->state.store(kGone, std::memory_order_release);  // it has ended meanwhile
  return false;
}

/// Asks the threads that were not asked yet; how many that were. -1: too many.
int AskNewThreads(int self_pid) {
  int asked = 0;
  const int self_tid = static_cast<int>(Kernel(SYS_gettid));
  NumberedEntries threads("/proc/self/task");
  for (int tid = threads.Next(); tid >= 0; tid = threads.Next()) {
    if (tid == self_tid || RecordOf(tid) != nullptr) continue;
    const size_t index = record_count.load(std::memory_order_relaxed);
    if (index == kMaxThreads) return -1;
    Record* record = &records[index];
    record->thread = {};
    record->thread.tid = tid;
    record->thread.is_own = os::IsOwnThread(static_cast<uint32_t>(tid));
    record_count.store(index + 1, std::memory_order_release);
    if (Ask(self_pid, record)) ++asked;
  }
  return asked;
}

bool IsThere(int tid) {
  char text[16];
  return ReadFile(Path("/proc/self/task/").Add(tid).Add("/comm").text(), text, sizeof text) > 0;
}

/// Waits until one that was asked has stopped or ended; false when it does neither.
bool AwaitStop(Record& record, int64_t until_ns) {
  const timespec moment{0, 5'000'000};
  while (record.state.load(std::memory_order_acquire) == kAsked) {
    const uint32_t seen = stopped_count.load(std::memory_order_acquire);
    if (record.state.load(std::memory_order_acquire) != kAsked) break;
    if (Sleep(&stopped_count, seen, &moment) != -ETIMEDOUT) continue;
    // It takes long: perhaps it ended before the signal reached it.
    if (!IsThere(record.thread.tid)) {
      record.state.store(kGone, std::memory_order_release);
    } else if (os::MonotonicNs() >= until_ns) {
      return false;
    }
  }
  return true;
}

/// Waits until all who were asked have stopped or ended.
Verdict AwaitStops(int64_t until_ns) {
  for (size_t i = 0; i < record_count.load(std::memory_order_relaxed); ++i) {
    if (AwaitStop(records[i], until_ns)) continue;
    return Verdict::No("thread '%s' does not react to signals", records[i].thread.name);
  }
  return Verdict::Ok();
}

Verdict StopOnce(int64_t until_ns) {
  const int self_pid = static_cast<int>(Kernel(SYS_getpid));
  record_count.store(0, std::memory_order_release);
  stopped_count.store(0, std::memory_order_release);
  for (;;) {
    // A thread that still ran may have started another: until a look finds no new one.
    const int asked = AskNewThreads(self_pid);
    if (asked < 0) return Verdict::No("more than %zu threads", kMaxThreads);
    if (asked == 0) break;
    if (Verdict verdict = AwaitStops(until_ns); !verdict.ok()) return verdict;
  }
  for (size_t i = 0; i < record_count.load(std::memory_order_relaxed); ++i) {
    const Record& record = records[i];
    if (record.state.load(std::memory_order_acquire) == kGone || StoodInCall(record)) continue;
    if (record.call < 0) return Verdict::No("thread '%s' is running", record.thread.name);
    return Verdict::No("thread '%s' is in system call %ld", record.thread.name, record.call);
  }
  return Verdict::Ok();
}

/// Until no thread is in the handler any more: their records are used again.
void AwaitEmpty() {
  const timespec moment{0, 20'000};
  while (inside_count.load(std::memory_order_acquire) > 0) {
    Kernel(SYS_nanosleep, AsArgument(&moment), 0);
  }
}

void InstallHandler() {
  KernelAction action{OnStop, SA_SIGINFO | SA_RESTART | kRestorer, MpForkSignalReturn, ~0ULL};
  KernelAction before{};
  Kernel(SYS_rt_sigaction, kStopSignal, AsArgument(&action), AsArgument(&before),
         sizeof action.mask);
  if (before.handler != OnStop) action_before = before;
}

void RestoreHandler() {
  Kernel(SYS_rt_sigaction, kStopSignal, AsArgument(&action_before), 0, sizeof action_before.mask);
}

/// First code of a thread that is made again, on the part of its stack that nobody uses.
int Continue(void* raw) { MpForkResume(&static_cast<Record*>(raw)->context); }

bool Recreate(Record* record) {
  constexpr int kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                         CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  // Below the saved frame, beyond the red zone of leaf functions.
  const uint64_t top = (record->context.stack_pointer - 1024) & ~uint64_t{15};
  return clone(Continue, reinterpret_cast<void*>(top), kFlags, record, record->tid_address,
               reinterpret_cast<void*>(record->thread_pointer), record->tid_address) > 0;
}

}  // namespace

Verdict StopThreads(uint32_t limit_ms) {
  const int64_t until_ns = os::MonotonicNs() + int64_t{limit_ms} * 1'000'000;
  const timespec pause{0, 300'000};
  for (;;) {
    InstallHandler();
    Verdict verdict = StopOnce(until_ns);
    if (verdict.ok()) return verdict;
    ReleaseThreads();
    if (os::MonotonicNs() >= until_ns) return verdict;
    Kernel(SYS_nanosleep, AsArgument(&pause), 0);
  }
}

void ReleaseThreads() {
  const size_t count = record_count.load(std::memory_order_relaxed);
  bool all_came = true;
  for (size_t i = 0; i < count; ++i) {
    uint32_t asked = kAsked;
    all_came = !records[i].state.compare_exchange_strong(asked, kGone) && all_came;
  }
  release_word.fetch_add(1, std::memory_order_release);
  WakeAll(&release_word);
  AwaitEmpty();
  // The signal of one that did not come is still under way, and kills where nobody handles it.
  if (all_came) RestoreHandler();
}

bool RecreateThreads() {
  size_t made = 0;
  const size_t count = record_count.load(std::memory_order_relaxed);
  const auto is_wanted = [](const Record& record) {
    return record.state.load(std::memory_order_relaxed) == kStopped && !record.thread.is_own;
  };
  for (size_t i = 0; i < count; ++i) made += is_wanted(records[i]) ? 1 : 0;
  inside_count.store(static_cast<uint32_t>(made), std::memory_order_release);
  bool complete = true;
  for (size_t i = 0; i < count; ++i) {
    if (is_wanted(records[i])) complete = Recreate(&records[i]) && complete;
  }
  if (complete) {
    AwaitEmpty();
    RestoreHandler();
  }
  return complete;
}

size_t StoppedCount() { return record_count.load(std::memory_order_relaxed); }

const StoppedThread& StoppedAt(size_t index) { return records[index].thread; }

}  // namespace mp::fork
