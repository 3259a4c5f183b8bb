// Opened doorbells of other threads, kept by slot. See the header.
#include "sync/bells.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
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
    if (opened_.size() >= sweep_at_ && opened_.count(slot) == 0) Sweep();
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

  /// Closes those whose owners have ended: slots are used again late, and each descriptor counts.
  void Sweep() {
    for (auto entry = opened_.begin(); entry != opened_.end();) {
      const int descriptor = entry->second.descriptor;
      const bool is_gone = descriptor < 0 || os::IsDoorbellGone(descriptor);
      if (is_gone && descriptor >= 0) os::CloseDoorbell(descriptor);
      entry = is_gone ? opened_.erase(entry) : std::next(entry);
    }
    sweep_at_ = std::max(kFewest, 2 * opened_.size());
  }

  static constexpr size_t kFewest = 16;

  std::mutex mutex_;
  /// With how many it is worth to look for those that are gone.
  size_t sweep_at_ = kFewest;
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
