// Data in shared memory that users read and write: one granule of header, and the data behind it.
//
//   OFFSET | SIZE | FIELD       | WRITTEN BY | MEANING
//        0 |    8 | byte_length | creator    | bytes of data, from the next granule on
//        8 |    4 | kind        | creator    | ObjectKind, placed as in a SyncObject
//       12 |    4 | element     | creator    | ElementType of the data
//       16 |    8 | (reserved)  |            | 0
//       24 |    4 | serial      | creator    | tells this block from an earlier one in its place
//       28 |    4 | (reserved)  |            | 0
//       32 |   16 | references  | see there  | who can reach it (layout/references.h)
//       48 |   16 | (reserved)  |            | 0
#pragma once

#include <cstddef>
#include <cstdint>

#include "layout/sync_object.h"

namespace mp::layout {

/// What the data consists of. A char is one byte of text, a code point four bytes; the fields of a
/// record are told in the handle.
enum class ElementType : uint32_t {
  kInt8 = 1,
  kUint8 = 2,
  kInt16 = 3,
  kUint16 = 4,
  kInt32 = 5,
  kUint32 = 6,
  kInt64 = 7,
  kUint64 = 8,
  kFloat32 = 9,
  kFloat64 = 10,
  kChar = 11,
  kCodePoint = 12,
  kRecord = 13,
};

struct DataBlock {
  uint64_t byte_length;
  uint32_t kind;
  uint32_t element;
  uint8_t reserved_16[8];
  uint32_t serial;
  uint32_t reserved_28;
  Reference references[kHeaderReferences];
  uint8_t reserved_48[16];
};
static_assert(offsetof(DataBlock, byte_length) == 0);
static_assert(offsetof(DataBlock, kind) == 8);
static_assert(offsetof(DataBlock, element) == 12);
static_assert(offsetof(DataBlock, serial) == 24);
static_assert(sizeof(DataBlock) == kGranule);
// A handle is checked, and references are counted, whichever of the two it is.
static_assert(offsetof(DataBlock, kind) == offsetof(SyncObject, kind));
static_assert(offsetof(DataBlock, serial) == offsetof(SyncObject, serial));
static_assert(offsetof(DataBlock, references) == offsetof(SyncObject, references));

}  // namespace mp::layout
