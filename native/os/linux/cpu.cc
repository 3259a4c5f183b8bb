// Linux and POSIX implementation of the contract of the same name; see the header.
#include "os/cpu.h"

#include <sched.h>
#include <unistd.h>

namespace mp::os {

int AvailableCpus() {
  static const int count = [] {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  }();
  return count;
}

}  // namespace mp::os
