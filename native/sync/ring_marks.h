// Arithmetic of a ring's positions and records, which are counted modulo 2^32.
#pragma once

#include <cstdint>

#include "layout/ring.h"

namespace mp::sync {

inline uint32_t PositionOf(uint64_t mark) { return static_cast<uint32_t>(mark); }
inline uint32_t ItemsOf(uint64_t mark) { return static_cast<uint32_t>(mark >> 32); }
inline uint64_t MarkAt(uint32_t position, uint32_t items) {
  return uint64_t{items} << 32 | position;
}

/// How far `to` is ahead of `from`: less than 2^31, or negative.
inline int32_t Ahead(uint32_t to, uint32_t from) { return static_cast<int32_t>(to - from); }

/// What somebody announces who saw this mark, and waits for the next: never 0, and as far ahead of
/// another as its position is, for positions are even.
inline uint32_t AnnouncedMark(uint64_t mark) { return PositionOf(mark) | 1; }
/// The same of one who saw this count, and waits for a larger one.
inline uint32_t AnnouncedCount(uint32_t count) { return count << 1 | 1; }

/// Bytes that a record with so much payload takes, up to the next record.
inline uint32_t RecordSize(uint32_t bytes) {
  return layout::kRecordBytes + ((bytes + layout::kRecordBytes - 1) & ~(layout::kRecordBytes - 1));
}

/// The mask of chunks in which positions do not wrap around.
inline constexpr uint32_t kNoMask = ~0U;

inline uint8_t* DataOf(layout::Chunk* chunk) { return reinterpret_cast<uint8_t*>(chunk + 1); }

/// The first chunk starts behind the fixed part of the ring, and is never freed on its own.
inline constexpr uint32_t kFirstChunk = offsetof(layout::Ring, first_chunk);

void FormatChunk(layout::Chunk* chunk, uint32_t start, uint32_t bytes);

}  // namespace mp::sync
