// A ring of messages between processes: many putters, many getters, records of any size. It grows
// by further chunks while it may, and survives the death of anybody at any instant.
//
// Each side has a lock (sync/lock.h), so there is one writer and one reader at a time, and each
// step of theirs is one store. A record is written where nobody looks, and put by the store of
// `tail`; it is taken by the store of `head`. Both are Marks: position and count of items change
// together, so the number of items is exact.
//
//   KILLED …                            | WHAT THE OTHERS SEE
//   ------------------------------------+--------------------------------------------------------
//   putter, before it stored tail       | nothing was put; the next one writes over it
//   putter, after it stored tail        | the message was put
//   getter, before it stored head       | nothing was taken; the next one takes that message
//   getter, after it stored head        | the message is gone with the getter that had it in hand
//   either, with its side's lock        | the next one takes the lock over and mends (Mend)
//   either, between its store and its   | sleepers look after kSleepBound at the latest
//     wake                              |
//
// Growth. A putter that finds no room, and whom nobody makes room for while it spins, makes a new
// chunk behind the old one, as large as was asked for or twice as large as the last. One that may
// sleep first does so for a while where getters are at work in a chunk of some size: they often
// only pause, and what stays in the caches is several times as fast. Positions go on from chunk to
// chunk. The getter that has emptied a chunk goes on to the next and frees it.
//
//   STEP                                | KILLED AFTER IT
//   ------------------------------------+--------------------------------------------------------
//   putter: growing = new, new is there | Mend frees it
//   putter: old.end, old.next = new     | Mend, or the getter that leaves old, does the next step
//   putter: put_chunk = new             | done
//   getter: put_chunk = new, if it is   | done by the putter
//     still old                         |
//   getter: retired = old               | Mend sees that get_chunk is still old: nothing retired
//   getter: get_chunk = new             | Mend frees retired
//   getter: frees old                   | Mend sees that it is not there, or has another serial
//   getter: retired = 0                 | done
//
// Sleeping. Who finds the ring empty (full) announces in getters_wait (putters_wait) which position
// of tail (head) it saw, looks again, and sleeps on that position, which every put (get) changes.
// Who changes it looks at the flag afterwards, and clears it and wakes one sleeper. The rest may
// sleep still: so whoever gets (puts) after it slept announces again, and wakes the next one while
// there is more.
//
//   FLAG                                | MEANING                | BECOMES, BY
//   ------------------------------------+------------------------+-------------------------------
//   0                                   | nobody sleeps          | announced, by who will sleep
//   announced, older than the position  | somebody may sleep     | 0, by who put (got) and wakes
//   announced, the position of now      | somebody may sleep who | newer, never older, by another
//                                       | has seen the last put  | who will sleep
//
// A putter that is late with its wake leaves alone who has seen its message go to another: the next
// putter wakes that one. And who is late to announce does not make the flag older than it is. So a
// sleeper whom nobody's death concerns is always woken, without the bound of its sleep
// (native/test/model/ring.pml). Joiners announce the count of done items likewise.
//
// SYNC POINT ring-tail: the release (seq_cst) store of tail publishes records and chunks before it,
// to the acquire load of tail by getters. SYNC POINT ring-head: likewise, head gives room back.
// SYNC POINT ring-sleep: seq_cst. A sleeper stores its flag, then loads the mark; a waker stores
// the mark, then loads the flag. One of them sees the other.
#pragma once

#include "layout/ring.h"
#include "sync/allocator.h"
#include "sync/lock.h"
#include "sync/waiter.h"

namespace mp::sync {

enum class RingResult : int32_t {
  kReady = 0,      // the side's lock is held, and there is room, or a record
  kBusy = 1,       // full, empty, or another has the lock, until the deadline
  kShutDown = 2,   // nothing is put any more; for a getter: and nothing is left
  kTooLarge = 3,   // larger than the ring may ever be
  kExhausted = 4,  // there is no memory for the chunk that it needs
};

/// When a putter that finds no room takes more memory.
enum class Growth {
  kAtOnce,
  kLater,  // not while getters are at work in a chunk that is large enough to wait for them
};

/// The end of a pipe at the other side of a ring; granule 0: the ring is a queue's.
struct PipeEndName {
  uint32_t granule;
  uint32_t serial;
};

/// Where one side's lock, mark, flag and bell are, and whose death concerns it.
struct RingSide {
  std::atomic<uint64_t>* lock;
  std::atomic<uint64_t>* own_mark;    // written by this side
  std::atomic<uint64_t>* other_mark;  // slept on by this side
  std::atomic<uint32_t>* wait;
  std::atomic<uint32_t>* bell;
  PipeEndName far_end;
};

class MessageRing {
 public:
  MessageRing(const Segment& segment, Allocator allocator, layout::Ring* ring)
      : segment_(segment), allocator_(allocator), ring_(ring) {}

  /// Bytes of a new ring, and what is written into them before others see it.
  static constexpr uint64_t kBytes = sizeof(layout::Ring) + layout::kFirstChunkBytes;
  static void Format(layout::Ring* ring, uint32_t maximum, uint32_t byte_limit);

  /// Waits until this thread holds the putters' lock and there is room for `bytes` of payload.
  [[nodiscard]] RingResult BeginPut(Id self, uint32_t bytes, os::Deadline deadline,
                                    const StopSign* stop = nullptr);
  /// Where the payload belongs. Only once BeginPut said so.
  [[nodiscard]] uint8_t* Reserve(uint32_t bytes);
  /// Puts the record that was written to what Reserve gave, or less of it, and releases the lock.
  void EndPut(uint32_t bytes, uint32_t tag);
  /// Releases the putters' lock; nothing was put.
  void CancelPut();

  /// Waits until this thread holds the getters' lock and there is a record. `discarded`: also when
  /// the ring was shut down and what it holds does not count any more.
  [[nodiscard]] RingResult BeginGet(Id self, os::Deadline deadline, const StopSign* stop = nullptr,
                                    bool discarded = false);
  /// The next record. Only once BeginGet said so.
  [[nodiscard]] const layout::Record* Peek();
  /// Takes that record and releases the lock.
  void EndGet();
  void CancelGet();

  /// No more puts; with `discard` no more gets either. Returns once no put is under way.
  void ShutDown(Id self, bool discard);
  [[nodiscard]] bool IsShutDown() const { return (Flags() & layout::kShutDown) != 0; }

  /// The same from one side of a pipe, whose other side is gone: nobody puts, or nobody gets.
  void Close();

  /// Items that were put and not yet taken.
  [[nodiscard]] uint32_t Count() const;
  /// One item less to be done; false when all are.
  [[nodiscard]] bool TaskDone();
  [[nodiscard]] uint32_t Unfinished() const;
  /// Waits until everything that was put is done; false when the deadline passed.
  [[nodiscard]] bool Join(Id self, os::Deadline deadline, const StopSign* stop = nullptr);

  /// The slow ends of the fast paths: the lock could not be released in one step, or somebody
  /// waits.
  void FinishPut(Id self);
  void FinishGet(Id self);

  /// Frees all chunks but the first, under the allocator's lock. Nobody uses the ring any more.
  void ReleaseChunks();

  // What the waits in ring_wait.h are made of.
  [[nodiscard]] RingSide put_side() const;
  [[nodiscard]] RingSide get_side() const;
  [[nodiscard]] Lock LockOf(const RingSide& side) const;
  /// Announces one who saw the other side's mark as it is now. Returns that.
  uint64_t Announce(const RingSide& side) const;
  /// What the side sleeps on: the position of the other's mark.
  [[nodiscard]] os::WaitPoint PositionPoint(const RingSide& side, uint64_t seen) const;
  [[nodiscard]] os::WaitPoint StatePoint() const;
  /// As Announce, of one who waits until all is done; what it sleeps on.
  os::WaitPoint AnnounceJoiner() const;
  [[nodiscard]] os::WaitPoint DonePoint(uint32_t seen) const;
  [[nodiscard]] std::atomic<uint32_t>* join_bell() const { return &ring_->join_bell; }
  void WakeOne(const RingSide& side) const;
  void WakeIfAnnounced(const RingSide& side) const;
  /// With the putters' lock: whether there is room, if need be in a new chunk.
  [[nodiscard]] RingResult PrepareRoom(Id self, uint32_t bytes, Growth growth);
  /// With the getters' lock: whether there is a record.
  [[nodiscard]] RingResult PrepareRecord(Id self, bool discarded);
  /// Without a lock: whether trying is worth it.
  [[nodiscard]] bool MayHaveRoom(uint32_t bytes, Growth growth) const;
  [[nodiscard]] bool MayHaveRecord(bool discarded) const;
  /// Without a lock: whether somebody living seems to hold the far end; and who, unless it is only
  /// `self`. True for a queue.
  [[nodiscard]] bool SeesFarEnd(const RingSide& side, Id self, Id* holder) const;
  /// Shuts the ring down if nobody holds the far end any more. On the thread of `self`.
  void Settle(const RingSide& side, Id self);
  /// After the lock of somebody who died.
  void MendPut(Id self);
  void MendGet(Id self);

 private:
  /// What room there is, as told by Marks and the fields of the last chunk.
  struct Room {
    uint64_t tail;
    uint64_t limit;
    uint32_t first;
    uint32_t mask;
    uint32_t bytes;
  };

  [[nodiscard]] uint32_t Flags() const;
  [[nodiscard]] layout::Chunk* ChunkAt(uint32_t distance) const;
  [[nodiscard]] uint64_t OffsetOf(uint32_t distance) const;
  [[nodiscard]] Room LookForRoom() const;
  [[nodiscard]] bool MayGrow(const Room& room, uint32_t need, Growth growth) const;
  [[nodiscard]] bool IsWorthWaiting(const Room& room, uint32_t need) const;
  [[nodiscard]] bool IsTooLarge(uint32_t bytes) const;
  void WakeBothSides() const;
  [[nodiscard]] Allocation MakeChunk(Id self, const Room& room, uint32_t bytes);
  [[nodiscard]] RingResult Grow(Id self, const Room& room, uint32_t need);
  [[nodiscard]] uint32_t NextChunkBytes(const Room& room, uint32_t need) const;
  void UseChunk(uint32_t distance);
  void LeaveChunk(Id self, layout::Chunk* chunk, uint32_t next);
  void ReadFrom(uint32_t distance);
  void FreeRetired(Id self);
  void FreeChunk(Id self, uint32_t distance, uint32_t serial);

  static uint32_t Padding(const Room& room, uint32_t need);
  static bool Fits(const Room& room, uint32_t need);
  static bool HasItemRoom(const Room& room);

  const Segment& segment_;
  Allocator allocator_;
  layout::Ring* ring_;
};

}  // namespace mp::sync
