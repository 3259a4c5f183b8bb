// Bare system calls; see the header.
#include "fork/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace mp::fork {
namespace {

struct Entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

int DigitOf(char c, int base) {
  if (c >= '0' && c <= '9') return c - '0';
  if (base == 16 && c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

// A system call has up to six arguments. NOLINTNEXTLINE(readability-function-size)
long Kernel(long call, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result = call;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
#else
  const long result = syscall(call, a, b, c, d, e, f);
  return result < 0 ? -errno : result;
#endif
}

size_t ReadFile(const char* path, char* buffer, size_t size) {
  const long descriptor = Kernel(SYS_openat, AT_FDCWD, AsArgument(path), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  size_t length = 0;
  while (length + 1 < size) {
    const long got = Kernel(SYS_read, descriptor, AsArgument(buffer + length),
                            static_cast<long>(size - 1 - length));
    if (got == -EINTR) continue;
    if (got <= 0) break;
    length += static_cast<size_t>(got);
  }
  Kernel(SYS_close, descriptor);
  buffer[length] = '\0';
  return length;
}

Path& Path::Add(const char* text) {
  while (*text != '\0' && length_ + 1 < sizeof text_) text_[length_++] = *text++;
  return *this;
}

Path& Path::Add(long number) {
  char digits[20];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (count > 0 && length_ + 1 < sizeof text_) text_[length_++] = digits[--count];
  return *this;
}

NumberedEntries::NumberedEntries(const char* folder)
    : descriptor_(static_cast<int>(
          Kernel(SYS_openat, AT_FDCWD, AsArgument(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) {}

NumberedEntries::~NumberedEntries() {
  if (descriptor_ >= 0) Kernel(SYS_close, descriptor_);
}

int NumberedEntries::Next() {
  for (;;) {
    if (at_ >= filled_) {
      filled_ = Kernel(SYS_getdents64, descriptor_, AsArgument(buffer_), sizeof buffer_);
      at_ = 0;
      if (filled_ <= 0) return -1;
    }
    const char* start = buffer_ + at_;
    uint16_t length = 0;
    std::memcpy(&length, start + offsetof(Entry, length), sizeof length);
    at_ += length;
    const char* name = start + offsetof(Entry, name);
    if (*name >= '0' && *name <= '9') return static_cast<int>(ParseNumber(&name, 10));
  }
}

uint64_t ParseNumber(const char** text, int base) {
  uint64_t number = 0;
  if (base == 16 && (*text)[0] == '0' && (*text)[1] == 'x') *text += 2;
  for (int digit = DigitOf(**text, base); digit >= 0; digit = DigitOf(*++*text, base)) {
    number = number * static_cast<uint64_t>(base) + static_cast<uint64_t>(digit);
  }
  return number;
}

}  // namespace mp::fork
