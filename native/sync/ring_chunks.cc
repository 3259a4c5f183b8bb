// Chunks: how a ring grows, how a getter leaves a chunk behind, and what is mended after a death.
// The steps and their gaps are in the header.
#include "sync/ring.h"
#include "sync/ring_marks.h"

namespace mp::sync {
namespace {

using layout::Chunk;

/// A chunk that positions wrap around in is a power of two in size, up to this; a message that is
/// larger than a quarter of it gets a chunk of its own, which is freed behind it.
constexpr uint32_t kMostWrappedBytes = 64U << 20;

/// Of a chunk for one message: no power of two, so positions do not wrap in it.
uint32_t OwnBytes(uint32_t need) {
  return (need & (need - 1)) == 0 ? need + layout::kRecordBytes : need;
}

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
    return OwnBytes(need);
  }
  uint64_t bytes = ring_->grown_bytes;
  // After a large message the ring goes on as it was before.
  if (room.mask != kNoMask) bytes *= 2;
  while (bytes < uint64_t{need} * 4) bytes *= 2;
  const uint64_t most =
      ring_->byte_limit < kMostWrappedBytes ? ring_->byte_limit : kMostWrappedBytes;
  while (bytes > most && bytes / 2 >= need) bytes /= 2;
  // Larger than the limit it would let in what is larger than the limit.
  return bytes > ring_->byte_limit ? OwnBytes(need) : static_cast<uint32_t>(bytes);
}

/// A chunk that is not linked yet, and that `growing` leads to.
Allocation MessageRing::MakeChunk(Id self, const Room& room, uint32_t bytes) {
  const uint64_t length = Allocator::Granules(sizeof(Chunk) + bytes);
  const Allocator::Exclusive held(allocator_, self);
  Allocation made;
  made.offset = allocator_.Find(length);
  if (made.offset == 0) {
    made = allocator_.Grow(length);
    if (!made.ok()) return made;
    made.offset = allocator_.Find(length);
  }
  allocator_.Prepare(made.offset, length);
  auto* chunk = reinterpret_cast<Chunk*>(segment_.base() + made.offset);
  FormatChunk(chunk, PositionOf(room.tail), bytes);
  chunk->serial = segment_.header()->next_serial.fetch_add(1, std::memory_order_relaxed);
  // Before it is there: who is killed after that leaves a way to it.
  ring_->growing_serial = chunk->serial;
  std::atomic_signal_fence(std::memory_order_release);
  ring_->growing = static_cast<uint32_t>(made.offset - OffsetOf(0));
  allocator_.Start(made.offset, length, Mark::kStart);
  return made;
}

RingResult MessageRing::Grow(Id self, const Room& room, uint32_t need) {
  const uint32_t bytes = NextChunkBytes(room, need);
  const Allocation made = MakeChunk(self, room, bytes);
  if (!made.ok()) return RingResult::kExhausted;
  const uint32_t distance = ring_->growing;
  Chunk* old = ChunkAt(ring_->put_chunk.load(std::memory_order_relaxed));
  old->end = ChunkAt(distance)->start;
  // SYNC POINT ring-chunk: release, by the acquire of getters that come to the end of `old`.
  old->next.store(distance, std::memory_order_release);
  UseChunk(distance);
  ring_->growing = 0;
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
  if (chunk->mask != kNoMask) ring_->grown_bytes = chunk->bytes;
}

void MessageRing::MendPut(Id self) {
  const uint32_t last = ring_->put_chunk.load(std::memory_order_acquire);
  const uint32_t next = ChunkAt(last)->next.load(std::memory_order_acquire);
  UseChunk(next != 0 ? next : last);
  const uint32_t growing = ring_->growing;
  if (growing == 0) return;
  const bool is_linked = growing == ring_->put_chunk.load(std::memory_order_relaxed);
  if (!is_linked) FreeChunk(self, growing, ring_->growing_serial);
  ring_->growing = 0;
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

void MessageRing::FreeRetired(Id self) {
  FreeChunk(self, ring_->retired, ring_->retired_serial);
  ring_->retired = 0;
}

/// Unless somebody did: its place may have a new use, but then not one with its serial.
void MessageRing::FreeChunk(Id self, uint32_t distance, uint32_t serial) {
  if (distance == kFirstChunk) return;  // a part of the ring
  const uint64_t offset = OffsetOf(distance);
  const Allocator::Exclusive held(allocator_, self);
  const bool is_there =
      allocator_.MarkAt(offset) == Mark::kStart && ChunkAt(distance)->serial == serial;
  if (is_there) allocator_.Release(offset);
}

void MessageRing::MendGet(Id self) {
  const uint32_t reading = ring_->get_chunk.load(std::memory_order_relaxed);
  if (ring_->retired == reading) ring_->retired = 0;
  ReadFrom(reading);
  if (ring_->retired != 0) FreeRetired(self);
}

void MessageRing::ReleaseChunks() {
  const auto release = [&](uint32_t distance) {
    const uint64_t offset = OffsetOf(distance);
    if (distance != kFirstChunk && allocator_.MarkAt(offset) == Mark::kStart) {
      allocator_.Release(offset);
    }
  };
  // Who died while it moved on left one that is in neither chain, or in this one.
  const uint32_t retired = ring_->retired;
  const uint32_t growing = ring_->growing;
  if (retired != 0 && ChunkAt(retired)->serial == ring_->retired_serial) release(retired);
  uint32_t distance = ring_->get_chunk.load(std::memory_order_relaxed);
  if (distance == retired) distance = ChunkAt(distance)->next.load(std::memory_order_relaxed);
  while (distance != 0) {
    const uint32_t next = ChunkAt(distance)->next.load(std::memory_order_relaxed);
    // First the way to what remains: who is killed here leaves the rest to the next sweep.
    ring_->get_chunk.store(next, std::memory_order_relaxed);
    release(distance);
    distance = next;
  }
  if (growing != 0 && ChunkAt(growing)->serial == ring_->growing_serial) release(growing);
}

}  // namespace mp::sync
