// MADV_DOFORK over everything; see the header.
#include "fork/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstring>

#include "fork/kernel.h"

namespace mp::fork {
namespace {

/// One line of /proc/self/maps: "start-end perms offset device inode   name".
void InheritLine(const char* line) {
  const uint64_t start = ParseNumber(&line, 16);
  ++line;
  const uint64_t end = ParseNumber(&line, 16);
  ++line;
  const bool is_private = line[3] == 'p';
  // The kernel's own pages, such as [vdso], refuse, and need nothing.
  if (!is_private || end <= start) return;
  Kernel(SYS_madvise, static_cast<long>(start), static_cast<long>(end - start), MADV_DOFORK);
}

}  // namespace

bool InheritAllPages() {
  const long descriptor =
      Kernel(SYS_openat, AT_FDCWD, AsArgument("/proc/self/maps"), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  static char text[16384];
  size_t kept = 0;
  for (;;) {
    const long got = Kernel(SYS_read, descriptor, AsArgument(text + kept),
                            static_cast<long>(sizeof text - 1 - kept));
    if (got == -EINTR) continue;
    if (got <= 0) break;
    const size_t filled = kept + static_cast<size_t>(got);
    text[filled] = '\0';
    char* line = text;
    for (char* end = std::strchr(line, '\n'); end != nullptr; end = std::strchr(line, '\n')) {
      InheritLine(line);
      line = end + 1;
    }
    kept = filled - static_cast<size_t>(line - text);
    std::memmove(text, line, kept);
  }
  Kernel(SYS_close, descriptor);
  return true;
}

}  // namespace mp::fork
