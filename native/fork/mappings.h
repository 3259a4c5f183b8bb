// The pieces of memory that this process has mapped, as /proc/self/maps lists them.
#pragma once

#include <cstdint>

namespace mp::fork {

struct Mapping {
  uint64_t start;
  uint64_t end;
  /// Where in its file it starts.
  uint64_t offset;
  /// Of its file; 0: it has none.
  uint64_t inode;
  bool is_readable;
  bool is_writable;
  bool is_private;
};

/// Calls `each` for every one of them. False when /proc does not tell.
[[nodiscard]] bool ForEachMapping(void (*each)(const Mapping&));

}  // namespace mp::fork
