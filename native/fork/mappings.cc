// Reads /proc/self/maps; see the header.
#include "fork/mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include <cstring>

#include "fork/kernel.h"

namespace mp::fork {
namespace {

/// One line: "start-end perms offset device inode   name".
Mapping Parse(const char* line) {
  Mapping mapping{};
  mapping.start = ParseNumber(&line, 16);
  ++line;
  mapping.end = ParseNumber(&line, 16);
  ++line;
  mapping.is_readable = line[0] == 'r';
  mapping.is_writable = line[1] == 'w';
  mapping.is_private = line[3] == 'p';
  line += 5;
  mapping.offset = ParseNumber(&line, 16);
  ++line;
  line = std::strchr(line, ' ');  // after the device, "major:minor"
  if (line == nullptr) return mapping;
  ++line;
  mapping.inode = ParseNumber(&line, 10);
  return mapping;
}

}  // namespace

bool ForEachMapping(void (*each)(const Mapping&)) {
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
      *end = '\0';
      each(Parse(line));
      line = end + 1;
    }
    kept = filled - static_cast<size_t>(line - text);
    std::memmove(text, line, kept);
  }
  Kernel(SYS_close, descriptor);
  return true;
}

}  // namespace mp::fork
