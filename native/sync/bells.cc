// Opened doorbells of other threads, kept by slot. See the header.
#include "sync/bells.h"

#include <mutex>
#include <unordered_map>

#include "os/doorbell.h"

namespace mp::sync {
namespace {

struct Opened {
  Id id = 0;
  int descriptor = -1;
};

/// This process's ends of the doorbells that it has rung. Never destroyed: hub threads ring.
class Directory {
 public:
  static Directory& Instance() {
    static auto* directory = new Directory();
    return *directory;
  }

  os::RingResult Ring(layout::Slot* slot, Id id, uint64_t key) {
    const std::lock_guard<std::mutex> guard(mutex_);
    Opened& opened = opened_[slot];
    if (opened.id != id) Replace(&opened, slot, id);
    if (opened.descriptor < 0) return os::RingResult::kGone;
    return os::RingDoorbell(opened.descriptor, key);
  }

 private:
  static void Replace(Opened* opened, layout::Slot* slot, Id id) {
    if (opened->descriptor >= 0) os::CloseDoorbell(opened->descriptor);
    opened->id = id;
    opened->descriptor = os::OpenDoorbell(slot->pid.load(std::memory_order_relaxed),
                                          slot->bell.load(std::memory_order_acquire) - 1,
                                          slot->bell_identity.load(std::memory_order_relaxed));
  }

  std::mutex mutex_;
  std::unordered_map<layout::Slot*, Opened> opened_;
};

}  // namespace

void Ring(const Segment& segment, Id id, uint64_t key) {
  layout::Slot* slot = segment.SlotOfLiving(id);
  if (slot == nullptr || slot->bell.load(std::memory_order_acquire) == 0) return;
  if (Directory::Instance().Ring(slot, id, key) != os::RingResult::kGone) return;
  // Out of reach for this process: the owner sees the 0 and has the hub wait for it from now on.
  if (segment.IsAlive(id)) slot->bell.store(0, std::memory_order_release);
}

void WakeAndRing(const Segment& segment, const os::WaitPoint& point, int count,
                 std::atomic<uint32_t>* bell) {
  if (bell != nullptr && bell->load(std::memory_order_seq_cst) != 0) {
    // SYNC POINT bell: acq_rel, pairs with the waiter's steps 1 and 3.
    const Id id = bell->exchange(0, std::memory_order_acq_rel);
    if (id != 0) Ring(segment, id, point.key);
  }
  os::Wake(point, count);
}

}  // namespace mp::sync
