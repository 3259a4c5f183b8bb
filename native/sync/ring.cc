// Room and records; the tables are in the header. Chunks are in ring_chunks.cc, waits in
// ring_wait.cc.
#include "sync/ring.h"

#include <cstring>

#include "sync/ring_marks.h"
#include "sync/spin.h"

namespace mp::sync {
namespace {

using layout::Record;

/// Positions tell how far one is ahead of another up to 2^31.
constexpr uint32_t kMostMessageBytes = 1U << 30;

/// A chunk in which both sides find enough to do, and that still lies in the caches.
constexpr uint32_t kRoomyBytes = 4U << 20;

/// How long a putter waits for room before it takes more memory.
thread_local SpinBudget grow_budget;

}  // namespace

uint32_t MessageRing::Flags() const {
  return static_cast<uint32_t>(ring_->state.load(std::memory_order_acquire));
}

layout::Chunk* MessageRing::ChunkAt(uint32_t distance) const {
  return reinterpret_cast<layout::Chunk*>(segment_.base() + OffsetOf(distance));
}

uint64_t MessageRing::OffsetOf(uint32_t distance) const {
  const auto ring = reinterpret_cast<uint8_t*>(ring_) - segment_.base();
  // Modulo 2^32: chunks may lie before the ring.
  return static_cast<uint32_t>(static_cast<uint32_t>(ring) + distance);
}

RingSide MessageRing::put_side() const {
  return {&ring_->put_lock,     &ring_->tail,     &ring_->head,
          &ring_->putters_wait, &ring_->put_bell, {ring_->reader, ring_->reader_serial}};
}

RingSide MessageRing::get_side() const {
  return {&ring_->get_lock,     &ring_->head,     &ring_->tail,
          &ring_->getters_wait, &ring_->get_bell, {ring_->writer, ring_->writer_serial}};
}

Lock MessageRing::LockOf(const RingSide& side) const { return {segment_, side.lock, side.bell}; }

// Room.

MessageRing::Room MessageRing::LookForRoom() const {
  Room room;
  room.tail = ring_->tail.load(std::memory_order_seq_cst);
  room.first = ring_->put_first.load(std::memory_order_relaxed);
  room.mask = ring_->put_mask.load(std::memory_order_relaxed);
  room.bytes = ring_->put_bytes.load(std::memory_order_relaxed);
  // First the chunk: once getters are in the last one, head is not before its start any more.
  const bool same = ring_->get_chunk.load(std::memory_order_acquire) ==
                    ring_->put_chunk.load(std::memory_order_relaxed);
  // SYNC POINT ring-head: acquire (seq_cst, for ring-sleep), pairs with the store in EndGet.
  const uint64_t head = ring_->head.load(std::memory_order_seq_cst);
  // What getters have read comes back only where positions wrap around.
  const uint32_t from = same && room.mask != kNoMask ? PositionOf(head) : room.first;
  room.limit = MarkAt(from + room.bytes, ItemsOf(head) + ring_->maximum);
  return room;
}

/// Bytes that a record has to leave free, to lie in one piece.
uint32_t MessageRing::Padding(const Room& room, uint32_t need) {
  const uint32_t offset = (PositionOf(room.tail) - room.first) & room.mask;
  return room.bytes - offset < need ? room.bytes - offset : 0;
}

bool MessageRing::Fits(const Room& room, uint32_t need) {
  if (need > room.bytes) return false;
  const uint32_t end = PositionOf(room.tail) + Padding(room, need) + need;
  return Ahead(PositionOf(room.limit), end) >= 0;
}

bool MessageRing::HasItemRoom(const Room& room) {
  return Ahead(ItemsOf(room.limit), ItemsOf(room.tail)) > 0;
}

bool MessageRing::MayGrow(const Room& room, uint32_t need, Growth growth) const {
  if (growth == Growth::kLater && IsWorthWaiting(room, need)) return false;
  const uint32_t head = PositionOf(ring_->head.load(std::memory_order_seq_cst));
  const uint64_t in_flight = PositionOf(room.tail) - head;
  if (in_flight == 0 && (ring_->flags & layout::kOversize) != 0) return true;
  return in_flight + need <= ring_->byte_limit;
}

/// Getters are at work in this chunk, so they are alive; and it is large enough for both sides to
/// go on at the same time.
bool MessageRing::IsWorthWaiting(const Room& room, uint32_t need) const {
  return room.mask != kNoMask && room.bytes >= kRoomyBytes && need <= room.bytes / 4 &&
         ring_->get_chunk.load(std::memory_order_relaxed) ==
             ring_->put_chunk.load(std::memory_order_relaxed) &&
         PositionOf(ring_->head.load(std::memory_order_relaxed)) != room.first;
}

bool MessageRing::IsTooLarge(uint32_t bytes) const {
  const bool oversize = (ring_->flags & layout::kOversize) != 0;
  const uint32_t limit = oversize ? kMostMessageBytes : ring_->byte_limit;
  return bytes > limit - layout::kRecordBytes || RecordSize(bytes) > limit;
}

bool MessageRing::MayHaveRoom(uint32_t bytes, Growth growth) const {
  if (IsShutDown() || IsTooLarge(bytes)) return true;
  const uint32_t need = RecordSize(bytes);
  const Room room = LookForRoom();
  return HasItemRoom(room) && (Fits(room, need) || MayGrow(room, need, growth));
}

RingResult MessageRing::PrepareRoom(Id self, uint32_t bytes, Growth growth) {
  if (IsShutDown()) return RingResult::kShutDown;
  if (IsTooLarge(bytes)) return RingResult::kTooLarge;
  const uint32_t need = RecordSize(bytes);
  Room room = LookForRoom();
  ring_->put_limit = room.limit;
  if (!HasItemRoom(room)) return RingResult::kBusy;
  if (Fits(room, need)) return RingResult::kReady;
  if (!MayGrow(room, need, growth)) return RingResult::kBusy;
  // Getters that keep up make room sooner than memory can be had, and in the caches.
  const bool may_wait = room.mask != kNoMask && need <= room.bytes / 4;
  const bool has_room = may_wait && SpinUntil(grow_budget.pauses(), [&] {
                          room = LookForRoom();
                          return Fits(room, need);
                        });
  if (!has_room) {
    if (may_wait) grow_budget.Failed();
    return Grow(self, room, need);
  }
  grow_budget.Succeeded();
  ring_->put_limit = room.limit;
  return HasItemRoom(room) ? RingResult::kReady : RingResult::kBusy;
}

// Records.

uint8_t* MessageRing::Reserve(uint32_t bytes) {
  const uint32_t need = RecordSize(bytes);
  Room room = LookForRoom();
  uint8_t* data = DataOf(ChunkAt(ring_->put_chunk.load(std::memory_order_relaxed)));
  const uint32_t padding = Padding(room, need);
  uint32_t offset = (PositionOf(room.tail) - room.first) & room.mask;
  if (padding != 0) {
    const Record skip{padding - layout::kRecordBytes, layout::kPadding};
    std::memcpy(data + offset, &skip, sizeof skip);
    offset = 0;
  }
  ring_->put_start = PositionOf(room.tail) + padding;
  return data + offset + layout::kRecordBytes;
}

void MessageRing::EndPut(uint32_t bytes, uint32_t tag) {
  uint8_t* data = DataOf(ChunkAt(ring_->put_chunk.load(std::memory_order_relaxed)));
  const uint32_t offset = (ring_->put_start - ring_->put_first.load(std::memory_order_relaxed)) &
                          ring_->put_mask.load(std::memory_order_relaxed);
  const Record record{bytes, tag};
  std::memcpy(data + offset, &record, sizeof record);
  const uint32_t items = ItemsOf(ring_->tail.load(std::memory_order_relaxed)) + 1;
  // SYNC POINT ring-tail: release (seq_cst, for ring-sleep), pairs with PrepareRecord.
  ring_->tail.store(MarkAt(ring_->put_start + RecordSize(bytes), items), std::memory_order_seq_cst);
  CancelPut();
  WakeIfAnnounced(get_side());
}

void MessageRing::CancelPut() { LockOf(put_side()).Release(); }

bool MessageRing::MayHaveRecord(bool discarded) const {
  const uint32_t flags = Flags();
  if ((flags & layout::kDiscarded) != 0 && !discarded) return true;
  const uint32_t put = ItemsOf(ring_->tail.load(std::memory_order_seq_cst));
  return put != ItemsOf(ring_->head.load(std::memory_order_seq_cst)) ||
         (flags & layout::kShutDown) != 0;
}

RingResult MessageRing::PrepareRecord(Id self, bool discarded) {
  // First the flags: once they say SHUT_DOWN, tail does not change any more.
  const uint32_t flags = Flags();
  if ((flags & layout::kDiscarded) != 0 && !discarded) return RingResult::kShutDown;
  const uint64_t head = ring_->head.load(std::memory_order_relaxed);
  // SYNC POINT ring-tail: acquire (seq_cst, for ring-sleep), pairs with the store in EndPut.
  ring_->seen_tail = ring_->tail.load(std::memory_order_seq_cst);
  if (ring_->seen_tail == head) {
    return (flags & layout::kShutDown) != 0 ? RingResult::kShutDown : RingResult::kBusy;
  }
  for (;;) {
    layout::Chunk* chunk = ChunkAt(ring_->get_chunk.load(std::memory_order_relaxed));
    // SYNC POINT ring-chunk: acquire, pairs with Grow.
    const uint32_t next = chunk->next.load(std::memory_order_acquire);
    if (next == 0 || chunk->end != PositionOf(head)) return RingResult::kReady;
    LeaveChunk(self, chunk, next);
  }
}

const layout::Record* MessageRing::Peek() {
  uint8_t* data = DataOf(ChunkAt(ring_->get_chunk.load(std::memory_order_relaxed)));
  uint32_t position = PositionOf(ring_->head.load(std::memory_order_relaxed));
  const auto at = [&](uint32_t place) {
    return reinterpret_cast<const Record*>(data + ((place - ring_->get_first) & ring_->get_mask));
  };
  // Padding is put together with the record behind it.
  if (at(position)->tag == layout::kPadding) position += RecordSize(at(position)->bytes);
  ring_->get_start = position;
  return at(position);
}

void MessageRing::EndGet() {
  const uint8_t* data = DataOf(ChunkAt(ring_->get_chunk.load(std::memory_order_relaxed)));
  const auto* record = reinterpret_cast<const Record*>(
      data + ((ring_->get_start - ring_->get_first) & ring_->get_mask));
  const uint32_t items = ItemsOf(ring_->head.load(std::memory_order_relaxed)) + 1;
  const uint32_t end = ring_->get_start + RecordSize(record->bytes);
  // SYNC POINT ring-head: release (seq_cst, for ring-sleep), pairs with LookForRoom.
  ring_->head.store(MarkAt(end, items), std::memory_order_seq_cst);
  CancelGet();
  WakeIfAnnounced(put_side());
}

void MessageRing::CancelGet() { LockOf(get_side()).Release(); }

}  // namespace mp::sync
