// System calls and files of /proc without memory allocation, errno or locks of the C library: for
// the time in which other threads stand still and may hold any of these.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mp::fork {

/// The kernel's own result: negative errno on failure.
long Kernel(long call, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

template <typename T>
long AsArgument(T* pointer) {
  return static_cast<long>(reinterpret_cast<uintptr_t>(pointer));
}

/// Reads a small file whole, as text; the number of bytes, 0 on failure.
size_t ReadFile(const char* path, char* buffer, size_t size);

/// Builds a path such as /proc/self/task/12/syscall.
class Path {
 public:
  explicit Path(const char* start) { Add(start); }
  Path& Add(const char* text);
  Path& Add(long number);
  [[nodiscard]] const char* text() const { return text_; }

 private:
  char text_[96] = {};
  size_t length_ = 0;
};

/// Names of a folder's entries that are numbers, one after another.
class NumberedEntries {
 public:
  explicit NumberedEntries(const char* folder);
  ~NumberedEntries();
  NumberedEntries(const NumberedEntries&) = delete;
  NumberedEntries& operator=(const NumberedEntries&) = delete;
  /// -1 at the end.
  int Next();

 private:
  int descriptor_;
  alignas(8) char buffer_[2048];
  long filled_ = 0;
  long at_ = 0;
};

/// The number that the text starts with, in base 10 or 16, and where it ends.
uint64_t ParseNumber(const char** text, int base);

}  // namespace mp::fork
