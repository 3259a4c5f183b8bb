// sync/ring.h: what the others find after a process was killed between any two of its instructions,
// while it puts, takes, grows the ring or leaves a chunk.
//
// A debugger takes it through in single steps, on x64. After each, its life token is marked as the
// kernel would, the others are tried out, and the memory is put back as it was. Not under
// sanitizers, which multiply the instructions and change none of the stores.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <doctest/doctest.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <functional>
#include <iterator>
#include <vector>

#include "support/ring_world.h"

// By the linker.
extern "C" const char __executable_start;
extern "C" const char etext;

namespace {

using mp::os::Deadline;
using mp::sync::RingResult;
using mp::test::RingWorld;
using Numbers = std::vector<uint32_t>;

constexpr uint32_t kMessages = 4;
constexpr uint32_t kSmall = 24;
constexpr uint32_t kLimit = 2U << 20;
constexpr uint32_t kKilobyte = 1024 - 8;

/// What the victim says about itself, in shared memory.
struct Diary {
  std::atomic<uint32_t> victim;
  std::atomic<uint32_t> has_put;
  std::atomic<uint32_t> taken;  // the number of its message + 1
  std::atomic<uint32_t> has_taken;
};

/// A process that a debugger takes through `act`.
class Victim {
 public:
  explicit Victim(const std::function<void()>& act) : pid_(fork()) {
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      raise(SIGSTOP);
      act();
      _exit(0);
    }
    Wait();
  }
  ~Victim() {
    if (!is_over_) kill(pid_, SIGKILL);
    while (!WIFSIGNALED(status_) && !WIFEXITED(status_)) (void)waitpid(pid_, &status_, 0);
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  [[nodiscard]] bool is_over() const { return is_over_; }

  void Step() {
    if (ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) FAIL("cannot step");
    Wait();
  }

  /// At full speed to an instruction.
  void RunTo(uint64_t address) {
    const long before = ptrace(PTRACE_PEEKTEXT, pid_, address, nullptr);
    REQUIRE(ptrace(PTRACE_POKETEXT, pid_, address, (before & ~0xffL) | 0xcc) == 0);
    REQUIRE(ptrace(PTRACE_CONT, pid_, nullptr, nullptr) == 0);
    Wait();
    if (is_over_) return;
    REQUIRE(ptrace(PTRACE_POKETEXT, pid_, address, before) == 0);
    user_regs_struct registers = Registers();
    registers.rip = address;
    REQUIRE(ptrace(PTRACE_SETREGS, pid_, nullptr, &registers) == 0);
  }

  [[nodiscard]] user_regs_struct Registers() const {
    user_regs_struct registers{};
    REQUIRE(ptrace(PTRACE_GETREGS, pid_, nullptr, &registers) == 0);
    return registers;
  }
  [[nodiscard]] uint64_t WordAt(uint64_t address) const {
    return static_cast<uint64_t>(ptrace(PTRACE_PEEKDATA, pid_, address, nullptr));
  }

 private:
  void Wait() {
    if (waitpid(pid_, &status_, 0) != pid_) FAIL("cannot wait");
    is_over_ = WIFEXITED(status_);
  }

  pid_t pid_;
  int status_ = 0;
  bool is_over_ = false;
};

/// One ring after the other, each with messages in it; processes share it by forking.
struct KillWorld : RingWorld {
  explicit KillWorld(uint32_t payload_in = kSmall)
      : RingWorld(mp::layout::kCountMax, kLimit, 64U << 20),
        payload(payload_in),
        diary(shared.New<Diary>()) {}

  virtual ~KillWorld() = default;

  void Reset() {
    {
      const mp::sync::Allocator allocator = shared.allocator();
      const mp::sync::Allocator::Exclusive held(allocator, self.id());
      ring().ReleaseChunks();
    }
    auto* at = reinterpret_cast<uint8_t*>(layout);
    REQUIRE(
        shared.allocator().Free(self.id(), static_cast<uint64_t>(at - shared.segment().base())));
    NewRing(mp::layout::kCountMax, kLimit);
    diary->has_put = 0;
    diary->taken = 0;
    diary->has_taken = 0;
    at_start = shared.segment().header()->used_bytes.load();
    Prepare();
  }

  virtual void Prepare() {
    for (uint32_t i = 0; i < kMessages; ++i) REQUIRE(Put(i, payload) == RingResult::kReady);
  }
  virtual void Check() { CheckOthers(); }

  /// Puts a small message that might have been as large as `most`.
  void PutOne(mp::sync::Id id, uint32_t most) {
    mp::sync::MessageRing at = ring();
    if (at.BeginPut(id, most, Deadline::After(0)) != RingResult::kReady) return;
    Fill(at.Reserve(most), kMessages, kSmall);
    at.EndPut(kSmall, kTag);
    diary->has_put = 1;
  }

  void TakeOne(mp::sync::Id id) {
    mp::sync::MessageRing at = ring();
    if (at.BeginGet(id, Deadline::After(0)) != RingResult::kReady) return;
    uint32_t number = 0;
    std::memcpy(&number, at.Peek() + 1, sizeof number);
    diary->taken = number + 1;
    at.EndGet();
    diary->has_taken = 1;
  }

  /// Everything that was put and not taken comes once, whole and in order; the ring goes on.
  void CheckOthers(uint32_t before = kMessages) {
    const uint32_t count = ring().Count();
    const Numbers rest = GetAll();
    CHECK(rest.size() == count);
    Numbers expected;
    const bool was_taken = rest.empty() || rest.front() != 0;
    for (uint32_t i = was_taken ? 1 : 0; i < before; ++i) expected.push_back(i);
    const bool was_put = rest.size() > expected.size();
    if (was_put) expected.push_back(before);
    REQUIRE(rest == expected);
    if (diary->has_put == 1) REQUIRE(was_put);
    if (diary->has_taken == 1) REQUIRE(was_taken);
    // What it took it had in hand, and it was the first one.
    if (was_taken) REQUIRE(diary->taken == 1);
    for (uint32_t i = 0; i < 3; ++i) REQUIRE(Put(100 + i, payload) == RingResult::kReady);
    REQUIRE(GetAll() == Numbers{100, 101, 102});
  }

  uint32_t payload;
  Diary* diary;
  uint64_t at_start = 0;
};

struct LargeWorld : KillWorld {
  LargeWorld() : KillWorld(kKilobyte) {}

  void Check() override {
    CheckOthers();
    REQUIRE(layout->growing == 0);
    // A chunk that was not linked is free again: by who mended.
    const uint64_t used = shared.segment().header()->used_bytes.load() - at_start;
    const bool has_grown = layout->put_chunk != offsetof(mp::layout::Ring, first_chunk);
    CHECK(used == (has_grown ? layout->grown_bytes + 64 : 0));
  }
};

/// Two chunks behind the first, and one message, at the end of the second chunk.
struct LeavingWorld : KillWorld {
  void Prepare() override {
    for (const uint32_t bytes : {70'000, 400'000, 60'000}) {
      REQUIRE(Put(0, bytes) == RingResult::kReady);
    }
    while (ring().Count() > 1) REQUIRE(Get() != kTorn);
    REQUIRE(layout->get_chunk == layout->first_chunk.next);
    REQUIRE(layout->put_chunk != layout->get_chunk);
  }

  void Check() override {
    const bool was_taken = ring().Count() == 0;
    const Numbers rest = GetAll();
    if (was_taken) {
      REQUIRE(diary->taken == 1);
    } else {
      REQUIRE(rest == Numbers{0});
      REQUIRE(diary->has_taken == 0);
    }
    // The chunk that was left is free: by the victim, or by who mended.
    REQUIRE(layout->retired == 0);
    const uint64_t used = shared.segment().header()->used_bytes.load() - at_start;
    CHECK(used == layout->grown_bytes + 64);
    REQUIRE(Put(7) == RingResult::kReady);
    REQUIRE(Get() == 7);
  }
};

/// Where the stepping starts.
__attribute__((noinline)) void Begin() { __asm__ volatile(""); }

template <typename Function>
uint64_t AddressOf(Function function) {
  uint64_t address = 0;
  static_assert(sizeof function >= sizeof address);
  // Of a function that is not virtual, the code's comes first.
  std::memcpy(&address, &function, sizeof address);
  return address;
}

/// Everything that processes share, as it was.
class Snapshot {
 public:
  explicit Snapshot(mp::sync::Segment& segment)
      : base_(segment.base()), bytes_(base_, base_ + segment.header()->committed.load()) {}
  ~Snapshot() { std::memcpy(base_, bytes_.data(), bytes_.size()); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  uint8_t* base_;
  std::vector<uint8_t> bytes_;
};

/// As the kernel does when the holder of a robust mutex ends.
void MarkDead(mp::sync::Segment& segment, mp::sync::Id id) {
  constexpr uint32_t kOwnerDied = 0x40000000;
  uint8_t* token = segment.SlotAt(id % mp::layout::kMaxSlots)->life_token;
  std::memcpy(token, &kOwnerDied, sizeof kOwnerDied);
  REQUIRE_FALSE(segment.IsAlive(id));
}

/// Calls that are taken in one step: what is not of this program (memset, the kernel's clock), and
/// what is long and has kill tests of its own.
bool IsOneStep(uint64_t place) {
  using mp::sync::Allocator;
  static const uint64_t long_calls[] = {
      AddressOf(&Allocator::Find),  AddressOf(&Allocator::Grow),    AddressOf(&Allocator::Prepare),
      AddressOf(&Allocator::Start), AddressOf(&Allocator::Release), AddressOf(&Allocator::SizeOf)};
  const bool is_ours = place >= reinterpret_cast<uint64_t>(&__executable_start) &&
                       place < reinterpret_cast<uint64_t>(&etext);
  return !is_ours ||
         std::find(std::begin(long_calls), std::end(long_calls), place) != std::end(long_calls);
}

/// The number of instructions after which it was as good as killed.
template <typename World, typename Act>
uint64_t KillAtEveryStep(Act act) {
  World world;
  mp::sync::Segment& segment = world.shared.segment();
  world.Reset();
  Victim victim([&] {
    const mp::sync::Id id = segment.Enter();
    world.diary->victim = id;
    Begin();
    act(world, id);
  });
  victim.RunTo(AddressOf(&Begin));
  for (uint64_t steps = 0;; ++steps) {
    {
      const Snapshot snapshot(segment);
      CAPTURE(steps);
      if (!victim.is_over()) MarkDead(segment, world.diary->victim);
      world.Check();
    }
    if (victim.is_over()) return steps;
    victim.Step();
    if (!victim.is_over() && IsOneStep(victim.Registers().rip)) {
      victim.RunTo(victim.WordAt(victim.Registers().rsp));
    }
  }
}

TEST_SUITE("killed after any instruction at a ring") {
  TEST_CASE("a putter: its message is there, whole, or not at all") {
    CHECK(KillAtEveryStep<KillWorld>([](auto& world, auto id) { world.PutOne(id, kSmall); }) > 100);
  }

  TEST_CASE("a getter: the first message is there, or gone with it") {
    CHECK(KillAtEveryStep<KillWorld>([](auto& world, auto id) { world.TakeOne(id); }) > 100);
  }

  TEST_CASE("a putter whose message needs a new chunk") {
    CHECK(KillAtEveryStep<LargeWorld>([](auto& world, auto id) { world.PutOne(id, 70'000); }) >
          100);
  }

  TEST_CASE("a getter that leaves a chunk and frees it") {
    CHECK(KillAtEveryStep<LeavingWorld>([](auto& world, auto id) { world.TakeOne(id); }) > 100);
  }
}

}  // namespace

#endif
