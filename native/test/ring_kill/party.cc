// A party's life at a ring; see stage.h.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <optional>
#include <random>

#include "ring_kill/stage.h"
#include "support/event_loop.h"
#include "support/own_death.h"
#include "support/watchdog.h"
#include "sync/ring_wait.h"

namespace mp::test {
namespace {

using sync::RingResult;

constexpr int64_t kAimNs = 20'000;
constexpr uint32_t kTag = 7;
/// Seat and number.
constexpr uint32_t kLeastBytes = 8;

/// How a party waits, by its seat.
enum class Manner { kBlocking, kTimed, kRung };

uint8_t FillOf(uint32_t number, uint32_t at) { return static_cast<uint8_t>(number * 31 + at); }

class RingParty {
 public:
  RingParty(const RingContest& contest, int index)
      : stage_(*contest.stage),
        me_(contest.stage->parties[index]),
        mark_(static_cast<uint32_t>(index) + 1),
        seat_(static_cast<uint32_t>(index % kSeats)),
        manner_(static_cast<Manner>(seat_)),
        segment_(contest.shared->segment()),
        self_(segment_.Enter()),
        ring_(segment_, contest.shared->allocator(), contest.ring),
        random_(std::random_device{}()) {
    if (manner_ == Manner::kRung) loop_.emplace(segment_, self_, Bell::kPublished);
  }

  void Produce() {
    while (stage_.stops == 0) {
      Linger();
      const uint32_t number = stage_.began[seat_].fetch_add(1);
      if (number >= kMostMessages) _exit(2);
      PutWhole(number, SizeOf(number));
      stage_.acknowledged[seat_] = number + 1;
      me_.phase = Phase::kIdle;
    }
  }

  void Consume() {
    while (GetOne()) {
      me_.phase = Phase::kIdle;
      Linger();
    }
  }

 private:
  int64_t Random(int64_t below) {
    return std::uniform_int_distribution<int64_t>(0, below - 1)(random_);
  }

  void Enter(Phase phase) {
    me_.phase = phase;
    if (stage_.aim == mark_ && stage_.aim_phase == phase) death_.After(Random(kAimNs) + 1);
  }

  /// Busy most of the time, so that kills hit every line; asleep now and then.
  void Linger() {
    constexpr int64_t kMostNs = 10'000;
    const int64_t until_ns = os::MonotonicNs() + Random(kMostNs);
    if (Random(16) == 0) Nap(Random(4 * kMostNs) + 1);
    while (os::MonotonicNs() < until_ns) {
    }
  }

  /// Small ones, some that need a chunk of the ring, few that need a new one.
  uint32_t SizeOf(uint32_t number) {
    if (number % 512 == 511) return kLeastBytes + static_cast<uint32_t>(Random(300'000));
    if (number % 32 == 31) return kLeastBytes + static_cast<uint32_t>(Random(20'000));
    return kLeastBytes + static_cast<uint32_t>(Random(200));
  }

  os::Deadline DeadlineOfManner() {
    return manner_ == Manner::kTimed ? os::Deadline::After(static_cast<double>(Random(2000)) / 1000)
                                     : os::Deadline::Never();
  }

  /// With the lock of the side that it returns true for; false: not yet.
  bool Await(std::unique_ptr<sync::RingWait> side) {
    LoopWait wait(sync::WaitHub::Instance(), *loop_, std::move(side), self_);
    return wait.Finish(Random(3) == 0
                           ? os::Deadline::After(static_cast<double>(Random(1000)) / 1000)
                           : os::Deadline::Never());
  }

  bool TryBeginPut(uint32_t bytes) {
    if (manner_ == Manner::kRung) {
      return Await(std::make_unique<sync::PutWait>(ring_, segment_, bytes));
    }
    return ring_.BeginPut(self_, bytes, DeadlineOfManner()) == RingResult::kReady;
  }

  bool TryBeginGet() {
    if (manner_ == Manner::kRung) {
      return Await(std::make_unique<sync::GetWait>(ring_, segment_, false));
    }
    const RingResult result = ring_.BeginGet(self_, DeadlineOfManner());
    return result == RingResult::kReady || result == RingResult::kShutDown;
  }

  void PutWhole(uint32_t number, uint32_t bytes) {
    Enter(Phase::kWaiting);
    while (!TryBeginPut(bytes)) {
    }
    Enter(Phase::kMoving);
    uint8_t* payload = ring_.Reserve(bytes);
    std::memcpy(payload, &seat_, sizeof seat_);
    std::memcpy(payload + sizeof seat_, &number, sizeof number);
    for (uint32_t i = kLeastBytes; i < bytes; ++i) payload[i] = FillOf(number, i);
    ring_.EndPut(bytes, kTag);
  }

  /// False when the ring is shut down and empty.
  bool GetOne() {
    Enter(Phase::kWaiting);
    while (!TryBeginGet()) {
    }
    if (ring_.Count() == 0) {
      ring_.CancelGet();
      return false;
    }
    Enter(Phase::kMoving);
    uint32_t seat = 0;
    uint32_t number = 0;
    Read(ring_.Peek(), &seat, &number);
    me_.in_hand = uint64_t{seat} * kMostMessages + number + 1;
    ring_.EndGet();
    Account(seat, number);
    me_.in_hand = 0;
    return true;
  }

  void Read(const layout::Record* record, uint32_t* seat, uint32_t* number) {
    const auto* payload = reinterpret_cast<const uint8_t*>(record + 1);
    std::memcpy(seat, payload, sizeof *seat);
    std::memcpy(number, payload + sizeof *seat, sizeof *number);
    bool is_whole = record->tag == kTag && record->bytes >= kLeastBytes && *seat < kSeats &&
                    *number < kMostMessages;
    for (uint32_t i = kLeastBytes; is_whole && i < record->bytes; ++i) {
      is_whole = payload[i] == FillOf(*number, i);
    }
    if (is_whole) return;
    ++stage_.torn;
    *seat = *number = 0;
  }

  void Account(uint32_t seat, uint32_t number) {
    if (stage_.seen[uint64_t{seat} * kMostMessages + number].fetch_add(1) != 0) ++stage_.doubled;
    if (int64_t{number} <= last_[seat]) ++stage_.disordered;
    last_[seat] = number;
    ++stage_.consumed;
  }

  RingStage& stage_;
  PartyRecord& me_;
  uint32_t mark_;
  uint32_t seat_;
  Manner manner_;
  sync::Segment& segment_;
  sync::Id self_;
  sync::MessageRing ring_;
  std::mt19937_64 random_;
  std::optional<EventLoop> loop_;
  OwnDeath death_;
  int64_t last_[kSeats] = {-1, -1, -1};
};

}  // namespace

void RunRingParty(const RingContest& contest, int index) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody is left behind
  signal(SIGPIPE, SIG_IGN);          // as Node does
  RingParty party(contest, index);
  if (index < kSeats) {
    party.Produce();
  } else {
    party.Consume();
  }
  _exit(0);
}

}  // namespace mp::test
