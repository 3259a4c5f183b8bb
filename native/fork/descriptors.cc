// Renews what must not be shared; see the header.
#include "fork/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <cstring>

#include "fork/kernel.h"
#include "fork/rings.h"
#include "fork/threads.h"

namespace mp::fork {
namespace {

constexpr size_t kTextBytes = 8192;
char text[kTextBytes];

constexpr char kEpoll[] = "anon_inode:[eventpoll]";

/// Loops that every Node has beside that of its main thread: V8's delayed tasks, trace events.
constexpr int kNodesOwnLoops = 2;

struct LockPipe {
  int read_end = -1;
  int write_end = -1;
};
LockPipe lock_pipe;

bool Is(int descriptor, const char* kind) {
  char target[64] = {};
  const long length =
      Kernel(SYS_readlinkat, AT_FDCWD, AsArgument(Path("/proc/self/fd/").Add(descriptor).text()),
             AsArgument(target), sizeof target - 1);
  return length > 0 && std::strncmp(target, kind, std::strlen(kind)) == 0;
}

/// One watched descriptor of an epoll instance, from its fdinfo.
struct Watched {
  int descriptor;
  epoll_event event;
};

/// Reads "tfd:  8 events:  19 data:  8 pos:…" at `line`; false when it is another line.
bool ParseWatched(const char* line, Watched* watched) {
  const auto field = [&](const char* name, int base, uint64_t* value) {
    const char* at = std::strstr(line, name);
    if (at == nullptr) return false;
    at += std::strlen(name);
    while (*at == ' ') ++at;
    *value = ParseNumber(&at, base);
    return true;
  };
  if (std::strncmp(line, "tfd:", 4) != 0) return false;
  uint64_t number = 0;
  uint64_t events = 0;
  uint64_t data = 0;
  if (!field("tfd:", 10, &number) || !field("events:", 16, &events) || !field("data:", 16, &data)) {
    return false;
  }
  watched->descriptor = static_cast<int>(number);
  watched->event.events = static_cast<uint32_t>(events);
  watched->event.data.u64 = data;
  return true;
}

template <typename Each>
bool ForEachWatched(int epoll_descriptor, Each each) {
  const Path path = Path("/proc/self/fdinfo/").Add(epoll_descriptor);
  const size_t length = ReadFile(path.text(), text, sizeof text);
  if (length == 0 || length + 1 == sizeof text) return false;
  for (char* line = text; *line != '\0';) {
    char* end = std::strchr(line, '\n');
    if (end == nullptr) break;
    *end = '\0';
    Watched watched{};
    if (ParseWatched(line, &watched) && !each(watched)) return false;
    line = end + 1;
  }
  return true;
}

bool PutUnder(long fresh, int number) {
  if (fresh < 0) return false;
  const long placed = Kernel(SYS_dup3, fresh, number, O_CLOEXEC);
  Kernel(SYS_close, fresh);
  return placed == number;
}

/// A new eventfd that is signalled: whoever waits on it looks, so no signal is lost.
bool RenewEvent(int number) {
  const long flags = Kernel(SYS_fcntl, number, F_GETFL);
  const long keep = (flags & O_NONBLOCK) != 0 ? EFD_NONBLOCK : 0;
  return PutUnder(Kernel(SYS_eventfd2, 1, keep | EFD_CLOEXEC), number);
}

uint64_t InodeOf(int descriptor) {
  char target[64] = {};
  Kernel(SYS_readlinkat, AT_FDCWD, AsArgument(Path("/proc/self/fd/").Add(descriptor).text()),
         AsArgument(target), sizeof target - 1);
  const char* at = target + std::strlen("pipe:[");
  return std::strncmp(target, "pipe:[", 6) == 0 ? ParseNumber(&at, 10) : 0;
}

bool IsPipeEnd(int descriptor, long access, long blocking) {
  const long flags = Kernel(SYS_fcntl, descriptor, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == access && (flags & O_NONBLOCK) == blocking &&
         (Kernel(SYS_fcntl, descriptor, F_GETFD) & FD_CLOEXEC) != 0;
}

/// The other end of a pipe of which both are ours, as libuv makes them: -1 when there is none.
/// Both are made at once, so the other one has the next number, or nearly.
int WriteEndOf(int read_end, long blocking) {
  const uint64_t inode = InodeOf(read_end);
  if (inode == 0 || !IsPipeEnd(read_end, O_RDONLY, blocking)) return -1;
  for (int other = read_end + 1; other < read_end + 8; ++other) {
    if (InodeOf(other) == inode && IsPipeEnd(other, O_WRONLY, blocking)) return other;
  }
  return -1;
}

LockPipe FindLockPipe() {
  NumberedEntries ends("/proc/self/fd");
  for (int end = ends.Next(); end >= 0; end = ends.Next()) {
    int bytes = 0;
    const int write_end = WriteEndOf(end, 0);
    if (write_end < 0 || Kernel(SYS_ioctl, end, FIONREAD, AsArgument(&bytes)) != 0) continue;
    if (bytes == 1) return {end, write_end};
  }
  return {};
}

bool RenewPipe(int read_end, int write_end, int flags) {
  int ends[2];
  return Kernel(SYS_pipe2, AsArgument(ends), O_CLOEXEC | flags) == 0 &&
         PutUnder(ends[0], read_end) && PutUnder(ends[1], write_end);
}

bool RenewLockPipe() {
  const char unlocked = '*';
  return RenewPipe(lock_pipe.read_end, lock_pipe.write_end, 0) &&
         Kernel(SYS_write, lock_pipe.write_end, AsArgument(&unlocked), 1) == 1;
}

bool IsEvent(int descriptor) { return Is(descriptor, "anon_inode:[eventfd]"); }

/// An eventfd, or the pipe through which libuv's signal handler talks to a loop.
bool CanBeRenewed(int descriptor) {
  return IsEvent(descriptor) || WriteEndOf(descriptor, O_NONBLOCK) >= 0;
}

bool Renew(int descriptor) {
  if (IsEvent(descriptor)) return RenewEvent(descriptor);
  return RenewPipe(descriptor, WriteEndOf(descriptor, O_NONBLOCK), O_NONBLOCK);
}

bool RenewEpoll(int epoll_descriptor) {
  const long fresh = Kernel(SYS_epoll_create1, EPOLL_CLOEXEC);
  if (fresh < 0) return false;
  const bool complete = ForEachWatched(epoll_descriptor, [&](Watched& watched) {
    return Renew(watched.descriptor) && Kernel(SYS_epoll_ctl, fresh, EPOLL_CTL_ADD,
                                               watched.descriptor, AsArgument(&watched.event)) == 0;
  });
  return PutUnder(fresh, epoll_descriptor) && complete;
}

}  // namespace

Verdict CheckDescriptors() {
  lock_pipe = FindLockPipe();
  if (lock_pipe.read_end < 0) return Verdict::No("libuv's lock for signals was not found");
  for (size_t i = 0; i < StoppedCount(); ++i) {
    const StoppedThread& thread = StoppedAt(i);
    if (thread.epoll_descriptor < 0 || thread.is_own) continue;
    const bool plain = ForEachWatched(thread.epoll_descriptor, [](const Watched& watched) {
      return CanBeRenewed(watched.descriptor);
    });
    if (plain) continue;
    return Verdict::No("thread '%s' has open connections or files on its own event loop",
                       thread.name);
  }
  return CheckRings();
}

Verdict CheckOtherLoops(int own_epoll) {
  int others = 0;
  NumberedEntries all("/proc/self/fd");
  for (int number = all.Next(); number >= 0; number = all.Next()) {
    if (number != own_epoll && Is(number, kEpoll)) ++others;
  }
  if (others <= kNodesOwnLoops) return Verdict::Ok();
  return Verdict::No(
      "%d other event loop(s) run: of worker threads, the inspector, module loaders, or an addon",
      others - kNodesOwnLoops);
}

/// The instances in which nothing is watched yet, such as that of Node's loop for trace events.
bool RenewIdleEpolls() {
  bool complete = true;
  NumberedEntries all("/proc/self/fd");
  for (int number = all.Next(); number >= 0; number = all.Next()) {
    if (!Is(number, kEpoll) || !ForEachWatched(number, [](const Watched&) { return false; })) {
      continue;
    }
    complete = PutUnder(Kernel(SYS_epoll_create1, EPOLL_CLOEXEC), number) && complete;
  }
  return complete;
}

bool RenewDescriptors() {
  bool complete = RenewLockPipe();
  GiveUpRings();
  for (size_t i = 0; i < StoppedCount(); ++i) {
    const StoppedThread& thread = StoppedAt(i);
    if (thread.epoll_descriptor < 0 || thread.is_own) continue;
    complete = RenewEpoll(thread.epoll_descriptor) && complete;
  }
  return RenewIdleEpolls() && complete;
}

}  // namespace mp::fork
