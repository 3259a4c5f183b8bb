// Addresses and blocks of shared memory, for the files that make objects in it.
#pragma once

#include <string>

#include "napi/arguments.h"

namespace mp::napi {

/// What lies at the address that an argument is; throws unless `length` bytes of it are committed.
sync::Place PlaceAt(const Napi::CallbackInfo& info, size_t index, uint64_t length);

/// The segment that this process makes its objects in; throws when none is open.
sync::MappedSegment& Tree(const Napi::CallbackInfo& info);

/// The offset in the tree, and so the address, of a new object of zeroed bytes, 64-byte aligned,
/// that this thread holds; throws when there is no room.
uint64_t CreateCounted(const Napi::CallbackInfo& info, uint64_t size_bytes);

/// Bytes in hexadecimal.
std::string HexOf(const uint8_t* bytes, size_t length);

/// The segment's id in hexadecimal, as in handles.
std::string SegmentIdOf(const sync::MappedSegment& mapped);

}  // namespace mp::napi
