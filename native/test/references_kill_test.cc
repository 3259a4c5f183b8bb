// sync/references.h: a process is killed at every step of everything that it can do to references.
// Whatever it leaves, a sweep by somebody else keeps what the living hold, and frees all the rest.
#include <array>
#include <cstring>
#include <functional>
#include <vector>

#include "support/child.h"
#include "support/object_world.h"
#include "support/stepper.h"
#include "support/watchdog.h"

namespace {

using mp::sync::Id;
using mp::sync::InFlight;
using mp::test::Child;
using mp::test::CountsOf;
using mp::test::ObjectWorld;
using mp::test::Party;
using mp::test::RequireSound;
using mp::test::SegmentImage;
using mp::test::SharedSegment;

/// What the test's own party holds before the other one does anything.
struct KillWorld : ObjectWorld {
  static constexpr uint8_t kPattern = 0xa5;

  struct Kept {
    uint64_t offset;
    size_t least;  // entries
    size_t most;
  };
  std::vector<Kept> kept;

  /// An object of two granules, so that its second one can show whether it was touched.
  [[nodiscard]] uint64_t Keep() {
    const uint64_t object = Create(self.id(), 128);
    std::memset(shared.segment().base() + object + 64, kPattern, 64);
    return object;
  }
  /// It stays, with so many entries.
  void Expect(uint64_t object, size_t least, size_t most) { kept.push_back({object, least, most}); }
  void Expect(uint64_t object) { Expect(object, 1, 1); }

  /// In each state that `run` can leave: the sweep of a survivor puts everything in order.
  void KillAtEveryStep(const std::function<void(Id)>& run) {
    const std::vector<SegmentImage> states = mp::test::StatesOf(shared, run);
    if (states.empty()) {
      WARN_MESSAGE(false, "this system forbids ptrace: nothing was checked");
      return;
    }
    CHECK(states.size() > 5);
    for (const SegmentImage& state : states) CheckState(state);
  }

 private:
  void CheckState(const SegmentImage& state) {
    SharedSegment copy(state);
    copy.references().Sweep(self.id());
    RequireSound(copy);
    uint64_t objects = 0;
    auto allocator = copy.allocator();
    for (uint64_t at = allocator.Next(mp::sync::Mark::kObject, 0); at != 0;
         at = allocator.Next(mp::sync::Mark::kObject, at + 64)) {
      ++objects;
    }
    REQUIRE(objects == kept.size());
    for (const Kept& object : kept) {
      REQUIRE(allocator.SizeOf(object.offset) == 128);
      const size_t entries = CountsOf(copy, object.offset).entries();
      REQUIRE(entries >= object.least);
      REQUIRE(entries <= object.most);
      const uint8_t* data = copy.segment().base() + object.offset;
      for (int i = 64; i < 128; ++i) REQUIRE(data[i] == kPattern);
    }
    // It is used on: and when the last holder drops everything, nothing is left.
    const auto made = copy.references().Create(self.id(), 1000);
    REQUIRE(made.ok());
    REQUIRE(copy.references().Drop(self.id(), made.offset));
    for (const Kept& object : kept) copy.references().Drop(self.id(), object.offset);
    RequireSound(copy);
    mp::os::Unmap(copy.segment().base(), copy.segment().header()->capacity);
  }
};

TEST_CASE_FIXTURE(KillWorld, "killed while it creates") {
  Expect(Keep());
  KillAtEveryStep([&](Id id) { (void)references.Create(id, 300); });
}

TEST_CASE_FIXTURE(KillWorld, "killed while it creates and the heap grows") {
  Expect(Keep());
  while (shared.allocator().Find(4) != 0) {
    REQUIRE(shared.allocator().Allocate(self.id(), 256).ok());
  }
  KillAtEveryStep([&](Id id) { (void)references.Create(id, 256); });
}

TEST_CASE_FIXTURE(KillWorld, "killed while it drops what nobody else holds") {
  Expect(Keep());
  KillAtEveryStep([&](Id id) {
    const auto made = references.Create(id, 300);
    references.Drop(id, made.offset);
  });
}

TEST_CASE_FIXTURE(KillWorld, "killed while it attaches a message, and drops again") {
  const uint64_t object = Keep();
  const InFlight message = Share(self.id(), object);
  Expect(object, 1, 2);  // the message is there until the victim has attached it
  KillAtEveryStep([&](Id id) {
    (void)references.Attach(id, NameOf(object), message, false);
    references.Drop(id, object);
  });
}

TEST_CASE_FIXTURE(KillWorld, "killed while it moves the references of others to a granule") {
  const uint64_t object = Keep();
  (void)Share(self.id(), object);  // the second entry, which makes place for the link
  Expect(object, 2, 2);
  KillAtEveryStep([&](Id id) {
    (void)references.Attach(id, NameOf(object), {}, false);
    references.Drop(id, object);
  });
}

TEST_CASE_FIXTURE(KillWorld, "killed while it shares, more than the header has room for") {
  const uint64_t object = Keep();
  Expect(object);
  KillAtEveryStep([&](Id id) {
    (void)references.Attach(id, NameOf(object), {}, false);
    std::array<InFlight, 10> messages;
    for (InFlight& message : messages) (void)references.Share(id, object, id, &message);
    for (const InFlight& message : messages) references.Withdraw(id, NameOf(object), message);
  });
}

TEST_CASE_FIXTURE(KillWorld, "killed while it holds several, and ends normally") {
  const uint64_t one = Keep();
  const uint64_t two = Keep();
  Expect(one);
  Expect(two);
  KillAtEveryStep([&](Id id) {
    (void)references.Attach(id, NameOf(one), {}, false);
    (void)references.Attach(id, NameOf(two), {}, false);
    const auto made = references.Create(id, 64);
    references.DropAll(id, {one, two, made.offset});
  });
}

TEST_CASE_FIXTURE(KillWorld, "killed while it sweeps what others left") {
  const uint64_t object = Keep();
  {
    const Party victim(shared);
    for (int i = 0; i < 3; ++i) (void)Create(victim.id(), 200);
    for (int i = 0; i < 20; ++i) (void)Share(self.id(), object, victim.id());
    Hold(victim.id(), object);
  }
  Expect(object);
  KillAtEveryStep([&](Id id) { references.Sweep(id); });
}

TEST_CASE_FIXTURE(KillWorld, "killed while it sweeps what somebody killed in there left") {
  const uint64_t object = Keep();
  std::vector<InFlight> messages;
  for (int i = 0; i < 20; ++i) messages.push_back(Share(self.id(), object));
  Expect(object, 21, 21);
  Child child([&] {
    const Id id = shared.segment().Enter();
    auto allocator = shared.allocator();
    new mp::sync::Allocator::Exclusive(allocator, id);  // never given back
    const uint64_t lost = allocator.Find(1);
    allocator.Prepare(lost, 1);
    allocator.Start(lost, 1, mp::sync::Mark::kReferences);
    return 0;
  });
  REQUIRE(child.Wait() == 0);
  KillAtEveryStep([&](Id id) { references.Sweep(id); });
}

TEST_CASE_FIXTURE(KillWorld, "killed at random, many times, while many share the same objects") {
  std::array<uint64_t, 3> objects{};
  for (uint64_t& object : objects) object = Keep();
  for (int round = 0; round < 20; ++round) {
    const auto play = [&] {
      const Id id = shared.segment().Enter();
      for (uint32_t i = 0;; ++i) {
        const uint64_t object = objects[i % objects.size()];
        (void)references.Attach(id, NameOf(object), {}, false);
        InFlight message;
        (void)references.Share(id, object, id, &message);
        const auto made = references.Create(id, 1 + i % 700);
        references.Withdraw(id, NameOf(object), message);
        references.Drop(id, object);
        if (i % 3 != 0) references.Drop(id, made.offset);
      }
      return 0;
    };
    Child one(play);
    Child two(play);
    mp::test::Nap(2'000'000 + round * 137'000);
    one.Kill();
    references.Sweep(self.id());
    two.Kill();
    references.Sweep(self.id());
    RequireSound(shared);
    for (const uint64_t object : objects) CHECK(CountsOf(shared, object).entries() == 1);
    CHECK(Used() == objects.size() * 128);
  }
}

}  // namespace
