// Transparent huge pages, where the system gives them to who asks ("madvise") or to everybody.
#include <sys/mman.h>
#include <unistd.h>

#include "os/process.h"

namespace mp::os {

void PreferLargePages(void* start, uint64_t bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = (reinterpret_cast<uintptr_t>(start) + page - 1) & ~(page - 1);
  const auto end = (reinterpret_cast<uintptr_t>(start) + bytes) & ~(page - 1);
  if (first < end) (void)madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

}  // namespace mp::os
