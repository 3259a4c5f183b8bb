// MADV_DOFORK over everything; see the header.
#include "fork/pages.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "fork/kernel.h"
#include "fork/mappings.h"

namespace mp::fork {
namespace {

void Inherit(const Mapping& mapping) {
  // The kernel's own pages, such as [vdso], refuse, and need nothing.
  if (!mapping.is_private || mapping.end <= mapping.start) return;
  Kernel(SYS_madvise, static_cast<long>(mapping.start),
         static_cast<long>(mapping.end - mapping.start), MADV_DOFORK);
}

}  // namespace

bool InheritAllPages() { return ForEachMapping(Inherit); }

}  // namespace mp::fork
