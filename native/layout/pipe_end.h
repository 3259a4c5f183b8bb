// One end of a pipe: an object whose references say who holds the end, in messages too. When the
// last of them is gone, the rings on both sides are shut down. State and depth stay 0.
//
//   OFFSET | SIZE | FIELD        | WRITTEN BY        | MEANING
//        0 |   48 | object       | see sync_object.h | kind, serial and references
//       48 |    4 | out          | creator           | granule of the ring it puts to; 0: none
//       52 |    4 | out_serial   | creator           | serial of that ring
//       56 |    4 | in           | creator           | granule of the ring it gets from; 0: none
//       60 |    4 | in_serial    | creator           | serial of that ring
#pragma once

#include <cstddef>
#include <cstdint>

#include "layout/sync_object.h"

namespace mp::layout {

struct PipeEnd {
  uint8_t object[48];
  uint32_t out;
  uint32_t out_serial;
  uint32_t in;
  uint32_t in_serial;
};
static_assert(offsetof(PipeEnd, object) == 0);
static_assert(offsetof(PipeEnd, out) == offsetof(SyncObject, reserved_48));
static_assert(offsetof(PipeEnd, out_serial) == 52);
static_assert(offsetof(PipeEnd, in) == 56);
static_assert(offsetof(PipeEnd, in_serial) == 60);
static_assert(sizeof(PipeEnd) == kGranule);

}  // namespace mp::layout
