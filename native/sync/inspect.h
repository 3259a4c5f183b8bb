// What is in a segment, for an onlooker who is no part of it: takes no slot and no lock, writes
// nothing, and leaves no mapping. What changes meanwhile is seen as it was at some moment, each
// object for itself.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "os/shared_file.h"

namespace mp::sync {

/// A thread, as its process called it in its pid namespace.
struct SeenThread {
  uint32_t pid = 0;
  uint32_t tid = 0;
};

/// The words of an object (layout/sync_object.h, layout/data_block.h), and who owns it.
struct SeenObject {
  uint64_t offset = 0;
  uint32_t kind = 0;
  uint32_t low = 0;
  uint32_t high = 0;
  uint32_t depth = 0;
  uint32_t maximum = 0;
  bool is_robust = false;
  uint32_t waiting = 0;  // of a condition: waits that nobody has notified
  uint64_t byte_length = 0;
  uint32_t element = 0;
  std::vector<uint8_t> content;  // of a journal, whose owner is the thread that keeps it
  bool has_owner = false;
  bool owner_lives = false;
  SeenThread owner;
};

struct Inspected {
  std::array<uint8_t, 16> id{};
  std::vector<SeenThread> users;  // who lives in it
  std::vector<SeenObject> objects;
};

/// False when the file is no segment, or none that this build can read.
[[nodiscard]] bool Inspect(const os::SharedFile& file, Inspected* inspected);

}  // namespace mp::sync
