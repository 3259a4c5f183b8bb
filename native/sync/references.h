// Objects that live as long as somebody can reach them: who that is, and what ends it.
//
//   ENTRY          | MADE BY                      | ENDS WHEN
//   ---------------+------------------------------+------------------------------------------------
//   holder         | Create, Attach, Rehold       | its thread drops it, or ends
//   in flight      | Share                        | a message's receiver attaches, or its sender
//                  |                              | takes it back, or the thread that it names ends
//   in a ring      | Share                        | likewise, or that ring ends
//
//   OBJECT         | ENTRIES                      | BECOMES
//   ---------------+------------------------------+------------------------------------------------
//   not there      | written, but not found       | alive: its first granule is marked, last
//   alive          | at least one of the living   | alive
//   lost           | of the dead only, or none    | not there, by the next sweep
//   pinned         | none, never                  | nothing: it lives as long as its segment
//
// A holder is a thread, not a JavaScript object: a thread counts its objects itself (HeldObjects).
// Counts in shared memory could not survive a kill; entries that name who holds can. The first
// reference is written before the object can be found, so the objects of a killed creator are swept
// like all others.
//
// Every step is done under the allocator's lock and is one store of one entry (reference_list.h);
// between any two of them the object has all entries that its holders rely on. So a kill loses
// memory at most, and only until the next sweep: before the heap grows, and whenever Sweep is
// called, but only if somebody who held something has died since.
//
// That is told by a count in each slot of the entries that name its id. It is raised before an
// entry is written and lowered after one is removed, so a kill leaves it too high at worst, and the
// next sweep looks in vain.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "layout/pipe_end.h"
#include "layout/ring.h"
#include "sync/allocator.h"
#include "sync/reference_list.h"

namespace mp::sync {

/// An object as a message names it.
struct ObjectName {
  uint64_t offset = 0;
  uint32_t kind = 0;
  uint32_t serial = 0;
};

/// The reference of a message. It lives until the thread ends, and is told by its token; or until
/// the ring ends that IN_RING and its granule name, whose serial the token is then: the messages in
/// one ring need not be told apart.
struct InFlight {
  uint32_t holder = 0;
  uint32_t token = 0;
};

/// kGone: no such object, or not any more.
enum class AttachResult { kAttached, kGone, kExhausted };

class References {
 public:
  explicit References(Allocator allocator) : allocator_(allocator) {}

  /// A zeroed object whose holder is `self`; only its `references` are written.
  [[nodiscard]] Allocation Create(Id self, uint64_t size_bytes);
  /// Adds the reference of a message, which lives as long as the thread or ring `lives_with`.
  /// `self` holds the object. What could lead back to the ring lives with the ring's maker instead,
  /// for two rings could keep each other for ever.
  [[nodiscard]] Allocation Share(Id self, uint64_t offset, uint32_t lives_with, InFlight* made);
  /// Makes `self` a holder, unless it `holds` it, and ends the message's reference if it is still
  /// there: a message that is attached twice, or whose sender has ended, gives what still lives.
  [[nodiscard]] AttachResult Attach(Id self, const ObjectName& name, InFlight message, bool holds);
  /// Takes the reference of a message back; false when it is not there any more.
  bool Withdraw(Id self, const ObjectName& name, InFlight message);
  /// Ends what `self` holds; the object ends with its last entry. False when it held nothing.
  bool Drop(Id self, uint64_t offset);
  /// The same for all that a thread still holds when it ends.
  void DropAll(Id self, const std::vector<uint64_t>& offsets);
  /// Makes `self` a holder of what the thread that it was forked from holds. The memory of that
  /// one's entries must not end meanwhile.
  [[nodiscard]] Allocation Rehold(Id self, const std::vector<uint64_t>& offsets);
  /// Whether a living thread holds the object, or a message does that may still arrive; ends the
  /// object if not. False when it is not there any more.
  bool HasHolder(Id self, const ObjectName& name);
  /// Drops the references of the dead and frees what nobody can reach; bytes that came back.
  uint64_t Sweep(Id self);
  /// Whether there is anything that a sweep might free.
  [[nodiscard]] bool HasObjects() const { return allocator_.Next(Mark::kObject, 0) != 0; }

 private:
  /// The id of each slot's holder; 0 where there is none.
  using Living = std::array<Id, layout::kMaxSlots>;

  [[nodiscard]] layout::SyncObject* ObjectAt(uint64_t offset) const;
  [[nodiscard]] bool Is(const ObjectName& name) const;
  [[nodiscard]] bool IsPinned(uint64_t offset) const;
  /// Room for so many granules: swept for, before the heap grows. The object at `pinned` stays.
  [[nodiscard]] Allocation Obtain(uint64_t length, uint64_t pinned);
  [[nodiscard]] Allocation Add(uint64_t offset, Entry entry);
  /// False when the entry is not there.
  bool Remove(uint64_t offset, Entry entry);
  /// Frees an object that nobody can reach, and what belongs to it.
  void End(uint64_t offset);
  void EndRing(layout::Ring* ring);
  void EndPipe(const layout::PipeEnd& end);
  [[nodiscard]] InFlight MessageFor(Id self, uint64_t offset, uint32_t lives_with);
  [[nodiscard]] bool IsDead(Entry entry) const;
  void CountUp(Id id);
  void CountDown(Id id);
  [[nodiscard]] bool NeedsSweep() const;
  uint64_t SweepHeld(uint64_t pinned);
  void SweepObjects(const Living& living, uint64_t pinned);
  void FreeLostGranules();
  void Forget(const Living& living);

  Allocator allocator_;
};

}  // namespace mp::sync
