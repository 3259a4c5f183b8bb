// A segment with a name: one object, and what belongs to it, for processes that share nothing else.
//
//   granule map   | kPinned …            | kPinned …         | kPinned …       | …
//   heap          | DataBlock of kName:  | first object      | second object   | …
//                 | what the objects are |                   |                 |
//
// It is written whole before anybody else can see it: an object with a name is made like any other,
// in the tree's memory, and copied when it is complete. So the file takes no more memory than it
// needs, and whoever is killed while making it leaves nothing.
#pragma once

#include <string>
#include <vector>

#include "sync/address_space.h"

namespace mp::sync {

/// An object to copy: from its first granule to its last.
struct NamedPart {
  const uint8_t* bytes = nullptr;
  uint64_t size_bytes = 0;
};

/// Threads that may use one named segment at once, and 1.
inline constexpr uint32_t kNamedSlots = 1024;

/// Writes a segment into an empty file. `root` says what the parts are, to whoever opens it.
[[nodiscard]] Allocation WriteNamed(const os::SharedFile& file, const std::string& root,
                                    const std::vector<NamedPart>& parts);

/// What is in a named segment: its root, and where the parts start in it. False when it is none.
[[nodiscard]] bool ReadNamed(const MappedSegment& mapped, std::string* root,
                             std::vector<uint64_t>* offsets);

}  // namespace mp::sync
