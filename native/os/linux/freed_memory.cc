// How glibc's malloc learns that a process frees large blocks again and again: from one such block.
// Until then it gives each back to the kernel, and the next costs a fault for every page.
#include <cstdlib>

#include "os/process.h"

namespace mp::os {
namespace {

/// The largest block by which malloc raises its thresholds: M_MMAP_THRESHOLD to the block's size,
/// M_TRIM_THRESHOLD to twice that. Larger ones, with malloc's header, teach it nothing.
constexpr size_t kLessonBytes = (32U << 20) - (64U << 10);

}  // namespace

void ExpectLargeBlocks() {
  // Never touched, so it costs two system calls. Whoever set the thresholds by mallopt or by the
  // environment keeps them.
  void* volatile lesson = std::malloc(kLessonBytes);
  std::free(lesson);
}

}  // namespace mp::os
