// Chunks: how a ring grows, how a getter leaves a chunk behind, and what is mended after a death. The
// steps and their gaps are in the header.
#include "sync/ring.h"
#include "sync/ring_marks.h"

namespace mp::sync {
namespace {

using layout::Chunk;

/// A chunk that positions wrap around in is a power of two in size, up to this; a message that is
/// larger than a quarter of it gets a chunk of its own, which is freed behind it.
constexpr uint32_t kMostWrappedBytes = 64U << 20;

}  // namespace

void FormatChunk(Chunk* chunk, uint32_t start, uint32_t bytes) {
  chunk->start = start;
  chunk->bytes = bytes;
  chunk->mask = (bytes & (bytes - 1)) == 0 ? bytes - 1 : kNoMask;
}

void MessageRing::Format(layout::Ring* ring, uint32_t maximum, uint32_t byte_limit) {
  ring->maximum = maximum;
  ring->byte_limit = byte_limit;
  ring->grown_bytes = layout::kFirstChunkBytes;
  FormatChunk(&ring->first_chunk, 0, layout::kFirstChunkBytes);
  ring->put_limit = MarkAt(layout::kFirstChunkBytes, maximum);
  ring->put_chunk.store(kFirstChunk, std::memory_order_relaxed);
  ring->put_mask.store(ring->first_chunk.mask, std::memory_order_relaxed);
  ring->put_bytes.store(ring->first_chunk.bytes, std::memory_order_relaxed);
  ring->get_chunk.store(kFirstChunk, std::memory_order_relaxed);
  ring->get_mask = ring->first_chunk.mask;
}

uint32_t MessageRing::NextChunkBytes(const Room& room, uint32_t need) const {
  if (need > kMostWrappedBytes / 4 && need > ring_->grown_bytes) {
    // Odd multiples of a record's alignment are never a power of two: positions do not wrap.
    return (need & (need - 1)) == 0 ? need + layout::kRecordBytes : need;
  }
  uint64_t bytes = ring_->grown_bytes;
  // After a large message the ring goes on as it was before.
  if (room.mask != kNoMask) bytes *= 2;
  while (bytes < uint64_t{need} * 4) bytes *= 2;
  while (bytes > kMostWrappedBytes && bytes / 2 >= need) bytes /= 2;
  return static_cast<uint32_t>(bytes);
}

RingResult MessageRing::Grow(Id self, const Room& room, uint32_t need) {
  const uint32_t bytes = NextChunkBytes(room, need);
  const Allocation made = allocator_.Allocate(self, sizeof(Chunk) + bytes);
  if (made.fault != AllocationFault::kNone) return RingResult::kExhausted;
  const auto ring_offset = static_cast<uint32_t>(reinterpret_cast<uint8_t*>(ring_) -
                                                 segment_.base());
  const uint32_t distance = static_cast<uint32_t>(made.offset) - ring_offset;
  Chunk* chunk = ChunkAt(distance);
  FormatChunk(chunk, PositionOf(room.tail), bytes);
  chunk->serial = segment_.header()->next_serial.fetch_add(1, std::memory_order_relaxed);
  Chunk* old = ChunkAt(ring_->put_chunk.load(std::memory_order_relaxed));
  old->end = chunk->start;
  // SYNC POINT ring-chunk: release, by the acquire of getters that come to the end of `old`.
  old->next.store(distance, std::memory_order_release);
  UseChunk(distance);
  if (chunk->mask != kNoMask) ring_->grown_bytes = bytes;
  ring_->put_limit = LookForRoom().limit;
  return RingResult::kReady;
}

/// Makes a chunk the one that is written to.
void MessageRing::UseChunk(uint32_t distance) {
  const Chunk* chunk = ChunkAt(distance);
  ring_->put_chunk.store(distance, std::memory_order_release);
  ring_->put_first.store(chunk->start, std::memory_order_relaxed);
  ring_->put_mask.store(chunk->mask, std::memory_order_relaxed);
  ring_->put_bytes.store(chunk->bytes, std::memory_order_relaxed);
}

void MessageRing::MendPut() {
  const uint32_t last = ring_->put_chunk.load(std::memory_order_acquire);
  const uint32_t next = ChunkAt(last)->next.load(std::memory_order_acquire);
  UseChunk(next != 0 ? next : last);
}

/// Makes a chunk the one that is read from.
void MessageRing::ReadFrom(uint32_t distance) {
  const Chunk* chunk = ChunkAt(distance);
  ring_->get_first = chunk->start;
  ring_->get_mask = chunk->mask;
  // Last, for putters: from now on head is in this chunk.
  ring_->get_chunk.store(distance, std::memory_order_release);
}

void MessageRing::LeaveChunk(Id self, Chunk* chunk, uint32_t next) {
  uint32_t left = ring_->get_chunk.load(std::memory_order_relaxed);
  ring_->retired_serial = chunk->serial;
  std::atomic_signal_fence(std::memory_order_release);
  ring_->retired = left;
  std::atomic_signal_fence(std::memory_order_release);
  // Its putter may have been killed before it did this: MendPut must not look into what is freed.
  ring_->put_chunk.compare_exchange_strong(left, next, std::memory_order_acq_rel);
  ReadFrom(next);
  FreeRetired(self);
}

/// The first chunk is part of the ring.
void MessageRing::FreeRetired(Id self) {
  const uint32_t distance = ring_->retired;
  if (distance != kFirstChunk) {
    Chunk* chunk = ChunkAt(distance);
    const bool is_there = chunk->serial == ring_->retired_serial;
    // Who is killed from here on does not free it a second time, when it may be somebody else's.
    chunk->serial = 0;
    std::atomic_signal_fence(std::memory_order_release);
    if (is_there) allocator_.Free(self, OffsetOf(distance));
  }
  ring_->retired = 0;
}

void MessageRing::MendGet(Id self) {
  const uint32_t reading = ring_->get_chunk.load(std::memory_order_relaxed);
  if (ring_->retired == reading) ring_->retired = 0;
  ReadFrom(reading);
  if (ring_->retired != 0) FreeRetired(self);
}

void MessageRing::FreeChunks(Id self) {
  if (ring_->retired != 0) MendGet(self);
  uint32_t distance = ring_->get_chunk.load(std::memory_order_relaxed);
  while (distance != 0) {
    const uint32_t next = ChunkAt(distance)->next.load(std::memory_order_relaxed);
    if (distance != kFirstChunk) allocator_.Free(self, OffsetOf(distance));
    distance = next;
  }
}

}  // namespace mp::sync
