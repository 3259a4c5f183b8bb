// One shared segment as this process sees it: a checked header, the slots of threads, addresses.
//
// Who is alive: every thread that uses the segment holds one slot, and the slot's life token, until
// it ends. An id names a slot and its generation.
//
//   generation == id's | token held | the thread with this id …
//   -------------------+------------+--------------------------------------------------
//   yes                | yes        | lives
//   yes                | no         | was killed, or its process ended
//   no                 | any        | left, or its slot has a new holder since its death
//
// A taker locks the token before it changes the generation, so for an instant a dead id looks alive
// to others. Every sleep is bounded and reads again: this costs time, never safety.
#pragma once

#include <cstdint>

#include "layout/segment.h"
#include "os/shared_file.h"
#include "os/wait.h"

namespace mp::sync {

using Id = uint32_t;

enum class SegmentFault { kNone, kNotASegment, kVersion, kArchitecture, kSize };

/// How large a new segment may grow, and how many threads may use it at once.
struct SegmentSize {
  uint64_t capacity = 1ULL << 30;
  uint32_t slot_count = layout::kMaxSlots;
};

/// A view: neither owns the mapping nor unmaps it. Life tokens in it are held for ever, so a
/// segment in which a thread of this process has a slot is never unmapped.
class Segment {
 public:
  Segment() = default;
  Segment(uint8_t* base, uint64_t mapped_bytes) : base_(base), mapped_bytes_(mapped_bytes) {}

  /// Writes header and slot table into a fresh, zeroed file that is mapped at base; magic last.
  os::Status Format(const os::SharedFile& file, SegmentSize size);
  /// Says whether this build may use what is mapped here of the file, which has a page at least.
  [[nodiscard]] SegmentFault Check(const os::SharedFile& file) const;

  /// Gives the calling thread a slot; 0 when all are taken by living threads.
  [[nodiscard]] Id Enter();
  /// Gives the slot back; on the thread that entered. Waiters for its locks see it dead at once.
  void Leave(Id id);
  [[nodiscard]] bool IsAlive(Id id) const { return SlotOfLiving(id) != nullptr; }
  /// For a sleeper: a point that changes when `id` ends. False when it has ended.
  [[nodiscard]] bool ArmDeathNotice(Id id, os::WaitPoint* point) const;
  /// Called by whoever finds `id` dead: the kernel woke one waiter only.
  void SpreadDeathNotice(Id id) const;

  [[nodiscard]] layout::SegmentHeader* header() const {
    return reinterpret_cast<layout::SegmentHeader*>(base_);
  }
  [[nodiscard]] uint8_t* base() const { return base_; }
  [[nodiscard]] uint64_t mapped_bytes() const { return mapped_bytes_; }
  [[nodiscard]] layout::Slot* SlotAt(uint32_t index) const;
  /// The slot that an id names, whoever has it now; null when it names none.
  [[nodiscard]] layout::Slot* SlotOf(Id id) const;
  /// The slot of a living thread; null when it has ended.
  [[nodiscard]] layout::Slot* SlotOfLiving(Id id) const;
  /// The id of the thread that holds the slot; 0 when there is none.
  [[nodiscard]] Id LivingIdIn(uint32_t index) const;
  /// Whether anybody but `self` lives here.
  [[nodiscard]] bool HasOthers(Id self) const;

  /// The place of a shared word, in the form in which os/wait.h wants it.
  [[nodiscard]] os::WaitPoint PointAt(std::atomic<uint32_t>* word, uint32_t expected) const;

 private:
  [[nodiscard]] bool IsBacked(const os::SharedFile& file) const;

  uint8_t* base_ = nullptr;
  uint64_t mapped_bytes_ = 0;
};

}  // namespace mp::sync
