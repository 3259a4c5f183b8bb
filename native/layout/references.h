// Who can reach an object: two entries in its header, continued in granules of their own if there
// are more.
//
// Reference, one entry; written as a whole, under the allocator's lock
//
//   OFFSET | SIZE | FIELD | WRITTEN BY     | MEANING
//        0 |    4 | who   | see references | id of a thread, and what it is to the object
//        4 |    4 | value | see references | token of a message, or granule of a link
//
// who; all 0 is no entry
//
//   BITS  | NAME      | MEANING
//       31 | IN_FLIGHT | a message holds the object while the thread lives; value is its token
//       30 | IN_RING   | a message in a ring holds it while the ring is there; value is its serial
//       29 | LINK      | the entries go on in the granule that starts at value × 64; id is 0
//    28..0 | id        | of the thread that holds it (layout/segment.h), or granule of the ring
//
// ReferenceGranule, where the entries go on; of each group only the last entry may be a LINK
//
//   OFFSET | SIZE | FIELD   | WRITTEN BY     | MEANING
//        0 |   64 | entries | see references | eight more entries
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "layout/segment.h"

namespace mp::layout {

inline constexpr uint32_t kInFlight = 1U << 31;
inline constexpr uint32_t kInRing = 1U << 30;
inline constexpr uint32_t kLink = 1U << 29;

/// `who` is the low half, `value` the high one.
using Reference = std::atomic<uint64_t>;

inline constexpr size_t kHeaderReferences = 2;
inline constexpr size_t kGranuleReferences = kGranule / sizeof(Reference);

struct ReferenceGranule {
  Reference entries[kGranuleReferences];
};
static_assert(sizeof(Reference) == 8);
static_assert(offsetof(ReferenceGranule, entries) == 0);
static_assert(sizeof(ReferenceGranule) == kGranule);

}  // namespace mp::layout
