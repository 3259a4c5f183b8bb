// One hub thread and what it watches; the states are in sync/wait_hub.h.
#pragma once

#include <mutex>
#include <vector>

#include "sync/wait_hub.h"

namespace mp::sync {

class WaitGroup {
 public:
  /// Of entries that the bell serves, or of entries whose words must be slept on.
  explicit WaitGroup(bool by_bell) : by_bell_(by_bell) {}

  static void Run(void* group) { static_cast<WaitGroup*>(group)->Loop(); }

  [[nodiscard]] bool by_bell() const { return by_bell_; }
  /// False when there is no room.
  [[nodiscard]] bool TryAdd(HubEntry* entry);
  /// Adds beyond the room that there is; what does not fit is looked at when the others are.
  void Add(HubEntry* entry);
  void Remove(HubEntry* entry);
  /// Watches on for an entry whose loop has tried.
  void Watch(HubEntry* entry);

  std::mutex mutex;

 private:
  struct Batch;

  [[noreturn]] void Loop();
  void Collect(Batch* batch);
  void Look(HubEntry* entry, Batch* batch) const;
  bool Plan(HubEntry* entry, Batch* batch) const;
  void AddLocked(HubEntry* entry);
  [[nodiscard]] size_t Capacity() const;
  /// Under mutex: makes the thread look again.
  void Poke();
  /// Under mutex: as Poke, if the thread would otherwise sleep past what the entry needs.
  void PokeFor(HubEntry* entry);
  os::WaitPoint ControlPoint(uint32_t expected) { return {&control_, expected, 0, true}; }

  const bool by_bell_;
  std::vector<HubEntry*> entries_;
  /// Cancelled, but perhaps slept on.
  std::vector<os::WaitPoint> left_points_;
  /// What the thread sleeps on: deaths, and until when.
  std::vector<std::atomic<uint32_t>*> deaths_;
  int64_t until_ns_ = 0;
  std::atomic<uint32_t> control_{0};
};

}  // namespace mp::sync
