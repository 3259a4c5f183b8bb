// Single steps by ptrace; see the header.
#include "support/stepper.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace mp::test {
namespace {

/// Enough of the heap for any change that the tests of references make.
constexpr uint64_t kWatchedHeap = 32 * 1024;
constexpr int kMaxSteps = 2'000'000;

class Traced {
 public:
  Traced(SharedSegment& shared, const std::function<void(sync::Id)>& run) {
    pid_ = fork();
    if (pid_ != 0) return;
    const sync::Id id = shared.segment().Enter();
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
    // Slot 0 is nobody's: it tells the id.
    shared.segment().SlotAt(0)->tid.store(id);
    raise(SIGSTOP);
    run(id);
    raise(SIGSTOP);
    _exit(0);
  }
  ~Traced() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, __WALL);
  }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

  /// True when it stopped at a SIGSTOP of its own.
  [[nodiscard]] bool IsAtMark() const { return mark_; }
  [[nodiscard]] bool WaitForStop() {
    int status = 0;
    if (waitpid(pid_, &status, __WALL) != pid_ || !WIFSTOPPED(status)) return false;
    mark_ = WSTOPSIG(status) == SIGSTOP;
    return true;
  }
  [[nodiscard]] bool Step() {
    return ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) == 0 && WaitForStop();
  }

 private:
  pid_t pid_ = -1;
  bool mark_ = false;
};

}  // namespace

std::vector<SegmentImage> StatesOf(SharedSegment& shared,
                                   const std::function<void(sync::Id)>& run) {
  std::vector<SegmentImage> states;
  Traced traced(shared, run);
  if (!traced.WaitForStop()) return {};
  const sync::Id id = shared.segment().SlotAt(0)->tid.load();
  const auto record = [&] { states.push_back(shared.Image()); };
  const auto has_changed = [&] {
    const auto* head = shared.segment().header();
    const std::vector<uint8_t>& last = states.back().bytes;
    return head->committed.load() != last.size() ||
           std::memcmp(last.data(), shared.segment().base(), head->heap_offset + kWatchedHeap) != 0;
  };
  record();
  for (int steps = 0; steps < kMaxSteps && traced.Step() && !traced.IsAtMark(); ++steps) {
    if (has_changed()) record();
  }
  if (!traced.IsAtMark()) return {};
  // As if the process had been killed there: its token cannot be, for no kernel watches a copy.
  for (SegmentImage& image : states) {
    auto* head = reinterpret_cast<layout::SegmentHeader*>(image.bytes.data());
    auto* slots = reinterpret_cast<layout::Slot*>(image.bytes.data() + head->slots_offset);
    slots[id % layout::kMaxSlots].generation.fetch_add(1);
  }
  return states;
}

}  // namespace mp::test
