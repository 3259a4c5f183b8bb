// sync/references.h: who keeps an object, messages in flight, and what the dead leave. Kills are in
// references_kill_test.cc.
#include "sync/references.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <random>
#include <thread>

#include "support/child.h"
#include "support/object_world.h"
#include "sync/ring.h"

namespace {

using mp::sync::AllocationFault;
using mp::sync::AttachResult;
using mp::sync::Id;
using mp::sync::InFlight;
using mp::test::Child;
using mp::test::CountsOf;
using mp::test::ObjectWorld;
using mp::test::Party;
using mp::test::RequireSound;
using mp::test::SharedSegment;

TEST_CASE_FIXTURE(ObjectWorld, "an object that its creator drops is gone, and its memory is free") {
  const uint64_t before = Used();
  const uint64_t object = Create(self.id(), 1000);
  CHECK(CountsOf(shared, object).holders == 1);
  CHECK(Used() == before + 1024);
  CHECK(references.Drop(self.id(), object));
  CHECK_FALSE(Exists(object));
  CHECK(Used() == before);
  CHECK_FALSE(references.Drop(self.id(), object));
}

TEST_CASE_FIXTURE(ObjectWorld, "whoever holds it keeps it, whatever others drop") {
  const Party other(shared);
  const uint64_t object = Create(self.id());
  Hold(other.id(), object);
  CHECK(references.Drop(self.id(), object));
  CHECK(Exists(object));
  CHECK_FALSE(references.Drop(self.id(), object));
  CHECK(references.Drop(other.id(), object));
  CHECK_FALSE(Exists(object));
}

TEST_CASE_FIXTURE(ObjectWorld, "a message keeps it until it is attached, and is attached once") {
  const Party other(shared);
  const uint64_t object = Create(self.id());
  const InFlight message = Share(self.id(), object);
  CHECK(references.Drop(self.id(), object));
  CHECK(Exists(object));
  CHECK(Attach(other.id(), object, message));
  CHECK(CountsOf(shared, object).holders == 1);
  CHECK(CountsOf(shared, object).in_flight == 0);
  CHECK(Attach(self.id(), object, message));  // it still lives, by the other holder
  CHECK(CountsOf(shared, object).holders == 2);
}

TEST_CASE_FIXTURE(ObjectWorld, "who holds it already only ends the message's reference") {
  const uint64_t object = Create(self.id());
  const InFlight message = Share(self.id(), object);
  CHECK(Attach(self.id(), object, message, true));
  CHECK(CountsOf(shared, object).holders == 1);
  CHECK(CountsOf(shared, object).in_flight == 0);
}

TEST_CASE_FIXTURE(ObjectWorld, "a message that is taken back ends, and only that one") {
  const uint64_t object = Create(self.id());
  const InFlight one = Share(self.id(), object);
  const InFlight two = Share(self.id(), object);
  CHECK(one.token != two.token);
  CHECK(references.Withdraw(self.id(), NameOf(object), one));
  CHECK_FALSE(references.Withdraw(self.id(), NameOf(object), one));
  CHECK(references.Drop(self.id(), object));
  CHECK(Exists(object));
  CHECK(references.Withdraw(self.id(), NameOf(object), two));
  CHECK_FALSE(Exists(object));
}

TEST_CASE_FIXTURE(ObjectWorld, "what is gone, or another object by now, cannot be attached") {
  const uint64_t object = Create(self.id());
  const auto name = NameOf(object);
  const InFlight message = Share(self.id(), object);
  CHECK(references.Withdraw(self.id(), name, message));
  references.Drop(self.id(), object);
  CHECK(references.Attach(self.id(), name, message, false) == AttachResult::kGone);
  REQUIRE(Create(self.id()) == object);
  CHECK(references.Attach(self.id(), name, message, false) == AttachResult::kGone);
  CHECK_FALSE(references.Withdraw(self.id(), name, message));
  for (const uint64_t wrong : {uint64_t{0}, object + 1, object + 64, ~uint64_t{63}}) {
    CHECK(references.Attach(self.id(), {wrong, kKind, 1}, message, false) == AttachResult::kGone);
    CHECK_FALSE(references.Drop(self.id(), wrong));
  }
  // Numbers that no handle has: they match no entry.
  for (const Id thread : {Id{0}, mp::layout::kIdMask, self.id()}) {
    CHECK(Attach(self.id(), object, {thread, 12345}, true));
  }
  CHECK(CountsOf(shared, object).entries() == 1);
}

TEST_CASE_FIXTURE(ObjectWorld, "many references go on in granules, which come back") {
  const uint64_t object = Create(self.id());
  const uint64_t used = Used();
  std::vector<InFlight> messages;
  for (int i = 0; i < 100; ++i) messages.push_back(Share(self.id(), object));
  const auto counts = CountsOf(shared, object);
  CHECK(counts.in_flight == 100);
  CHECK(counts.granules == 15);  // one of two entries, and seven in each granule but the last
  RequireSound(shared);
  std::shuffle(messages.begin(), messages.end(), std::mt19937(3));
  for (const InFlight& message : messages) {
    CHECK(references.Withdraw(self.id(), NameOf(object), message));
    RequireSound(shared);
  }
  CHECK(Used() == used);
  CHECK(references.Drop(self.id(), object));
}

TEST_CASE_FIXTURE(ObjectWorld, "a sweep drops what the dead held and sent, and nothing else") {
  const uint64_t used = Used();
  const uint64_t mine = Create(self.id());
  uint64_t theirs = 0;
  uint64_t both = 0;
  uint64_t sent = 0;
  {
    Party other(shared);
    theirs = Create(other.id(), 5000);
    both = Create(other.id());
    CHECK(Attach(self.id(), both, Share(other.id(), both)));
    sent = Create(self.id());
    const InFlight lost = Share(self.id(), sent, other.id());
    CHECK(lost.holder == other.id());
    references.Drop(self.id(), sent);
    CHECK(references.Sweep(self.id()) == 0);
    CHECK(Exists(theirs));
  }
  CHECK(Exists(theirs));
  CHECK(references.Sweep(self.id()) == 5056 + 64);
  CHECK(Used() == used + 128);
  CHECK(Exists(mine));
  CHECK(CountsOf(shared, both).holders == 1);
  CHECK_FALSE(Exists(sent));
  RequireSound(shared);
  CHECK(references.Sweep(self.id()) == 0);
}

/// Objects that lie in messages of rings.
struct RingedWorld : ObjectWorld {
  [[nodiscard]] uint64_t CreateRing(Id creator) {
    const uint64_t offset = Create(creator, mp::sync::MessageRing::kBytes);
    auto* ring = reinterpret_cast<mp::layout::Ring*>(At(offset));
    mp::sync::MessageRing::Format(ring, 100, 1 << 16);
    ring->kind = static_cast<uint32_t>(mp::layout::ObjectKind::kQueue);
    ring->maker = creator;
    return offset;
  }
  static uint32_t HolderOf(uint64_t ring) {
    return mp::layout::kInRing | static_cast<uint32_t>(ring / mp::layout::kGranule);
  }
};

TEST_CASE_FIXTURE(RingedWorld, "what lies in a ring lives as long as the ring, whoever ends") {
  const uint64_t used = Used();
  const uint64_t ring = CreateRing(self.id());
  uint64_t object = 0;
  InFlight message;
  {
    const Party sender(shared);
    object = Create(sender.id());
    message = Share(sender.id(), object, HolderOf(ring));
    CHECK(references.Drop(sender.id(), object));
  }
  CHECK(references.Sweep(self.id()) == 0);
  CHECK(Exists(object));
  CHECK(Attach(self.id(), object, message));
  CHECK(CountsOf(shared, object).entries() == 1);
  // Two messages with it, of which one is received.
  const InFlight one = Share(self.id(), object, HolderOf(ring));
  const InFlight two = Share(self.id(), object, HolderOf(ring));
  CHECK(references.Withdraw(self.id(), NameOf(object), one));
  CHECK(references.Drop(self.id(), object));
  CHECK(Exists(object));
  CHECK(references.Drop(self.id(), ring));
  CHECK(references.Sweep(self.id()) > 0);
  CHECK_FALSE(Exists(object));
  CHECK_FALSE(references.Withdraw(self.id(), {object, kKind, 2}, two));
  CHECK(Used() == used);
  RequireSound(shared);
}

TEST_CASE_FIXTURE(RingedWorld, "a ring that ends in a sweep takes along what lies in it") {
  const uint64_t used = Used();
  {
    const Party other(shared);
    const uint64_t before = Create(other.id());
    const uint64_t ring = CreateRing(other.id());
    const uint64_t behind = Create(other.id());
    (void)Share(other.id(), before, HolderOf(ring));
    (void)Share(other.id(), behind, HolderOf(ring));
  }
  references.Sweep(self.id());
  CHECK(Used() == used);
  RequireSound(shared);
}

TEST_CASE_FIXTURE(RingedWorld, "rings in each other's messages do not keep each other for ever") {
  const uint64_t used = Used();
  {
    const Party other(shared);
    const uint64_t one = CreateRing(other.id());
    const uint64_t two = CreateRing(other.id());
    CHECK(Share(other.id(), one, HolderOf(two)).holder == other.id());
    CHECK(Share(other.id(), two, HolderOf(one)).holder == other.id());
    CHECK(Share(other.id(), one, HolderOf(one)).holder == other.id());
  }
  references.Sweep(self.id());
  CHECK(Used() == used);
}

TEST_CASE_FIXTURE(ObjectWorld,
                  "whether anybody living holds an object is told, and ends it if not") {
  uint64_t object = 0;
  {
    const Party other(shared);
    object = Create(other.id());
    CHECK(references.HasHolder(self.id(), NameOf(object)));
  }
  const mp::sync::ObjectName name = NameOf(object);
  CHECK_FALSE(references.HasHolder(self.id(), name));
  CHECK_FALSE(Exists(object));
  CHECK_FALSE(references.HasHolder(self.id(), name));
  RequireSound(shared);
}

TEST_CASE_FIXTURE(ObjectWorld, "a message to a receiver lives when its sender has ended") {
  const Party receiver(shared);
  uint64_t object = 0;
  InFlight message;
  {
    const Party sender(shared);
    object = Create(sender.id());
    message = Share(sender.id(), object, receiver.id());
  }
  CHECK(references.Sweep(self.id()) == 0);
  CHECK(Attach(receiver.id(), object, message));
  CHECK(references.Drop(receiver.id(), object));
  CHECK_FALSE(Exists(object));
}

TEST_CASE_FIXTURE(ObjectWorld,
                  "a sweep is made once for each death, also of a slot that was used again") {
  SharedSegment small({kCapacity, 3});
  auto few = small.references();
  const Party keeper(small);
  const uint64_t used = small.segment().header()->used_bytes.load();
  for (int i = 0; i < 5; ++i) {
    const Party victim(small);  // all of them in the one other slot
    REQUIRE(few.Create(victim.id(), 64).ok());
    REQUIRE(few.Create(victim.id(), 64).ok());
  }
  CHECK(few.Sweep(keeper.id()) == 10 * 64);
  CHECK(small.segment().header()->used_bytes.load() == used);
  CHECK(few.Sweep(keeper.id()) == 0);
}

TEST_CASE_FIXTURE(ObjectWorld,
                  "a heap that is full of what the dead held is swept before it is told full") {
  Child child([&] {
    const Id id = shared.segment().Enter();
    while (references.Create(id, 64 * 1024).ok()) {
    }
    return 0;  // by _exit: nothing is dropped
  });
  REQUIRE(child.Wait() == 0);
  const uint64_t committed = shared.segment().header()->committed.load();
  for (int i = 0; i < 10; ++i) CHECK(references.Create(self.id(), 64 * 1024).ok());
  CHECK(shared.segment().header()->committed.load() == committed);
  RequireSound(shared);
}

TEST_CASE_FIXTURE(ObjectWorld,
                  "an object that only the dead held can still be attached until a sweep") {
  std::vector<uint64_t> all;
  for (auto made = references.Create(self.id(), 64); made.ok();) {
    all.push_back(made.offset);
    made = references.Create(self.id(), 64);
  }
  references.DropAll(self.id(), {all[5], all[9]});
  uint64_t object = 0;
  InFlight message;
  {
    const Party sender(shared);
    object = Create(sender.id());
    for (int i = 0; i < 8; ++i) message = Share(sender.id(), object);
  }
  // No room in its list, none in the heap: the sweep that makes room must not take the object.
  REQUIRE(shared.allocator().Find(1) == 0);
  message.token += 1000;
  CHECK(Attach(self.id(), object, message));
  CHECK(CountsOf(shared, object).entries() == 1);
  RequireSound(shared);
}

TEST_CASE_FIXTURE(ObjectWorld, "sharing without room is an error, and changes nothing") {
  const uint64_t object = Create(self.id());
  (void)Share(self.id(), object);
  while (references.Create(self.id(), 64).ok()) {
  }
  InFlight message;
  CHECK(references.Share(self.id(), object, self.id(), &message).fault ==
        AllocationFault::kExhausted);
  CHECK(CountsOf(shared, object).entries() == 2);
}

TEST_CASE_FIXTURE(ObjectWorld,
                  "a forked child holds what its parent held, also after the parent's end") {
  Party parent(shared);
  const std::vector<uint64_t> objects = {Create(parent.id()), Create(parent.id(), 500)};
  const Party child(shared);
  CHECK(references.Rehold(child.id(), objects).ok());
  parent.End();
  CHECK(references.Sweep(self.id()) == 0);
  for (const uint64_t object : objects) CHECK(CountsOf(shared, object).holders == 1);
  references.DropAll(child.id(), objects);
  for (const uint64_t object : objects) CHECK_FALSE(Exists(object));
}

TEST_CASE("threads that make, share, attach and drop at random leave nothing") {
  SharedSegment shared({ObjectWorld::kCapacity * 4, 24});
  const uint64_t used = shared.segment().header()->used_bytes.load();
  struct Sent {
    mp::sync::ObjectName name;
    InFlight message;
  };
  std::mutex mutex;
  std::vector<Sent> channel;
  const auto work = [&](unsigned seed) {
    const Party party(shared);
    auto references = shared.references();
    std::mt19937 random(seed);
    std::vector<mp::sync::ObjectName> mine;
    for (uint32_t step = 0; step < 3000; ++step) {
      if (mine.size() < 3) {
        const auto made = references.Create(party.id(), 1 + random() % 300);
        if (!made.ok()) return;
        auto* object =
            reinterpret_cast<mp::layout::SyncObject*>(shared.segment().base() + made.offset);
        object->kind = ObjectWorld::kKind;
        object->serial = shared.segment().header()->next_serial.fetch_add(1);
        mine.push_back({made.offset, object->kind, object->serial});
      }
      Sent sent{mine[random() % mine.size()], {}};
      if (!references.Share(party.id(), sent.name.offset, party.id(), &sent.message).ok()) return;
      Sent received{};
      {
        const std::lock_guard<std::mutex> guard(mutex);
        channel.push_back(sent);
        std::swap(channel[random() % channel.size()], channel.back());
        received = channel.back();
        channel.pop_back();
      }
      bool holds = false;
      for (const auto& name : mine) holds = holds || name.offset == received.name.offset;
      if (references.Attach(party.id(), received.name, received.message, holds) !=
          AttachResult::kAttached) {
        continue;  // its sender has ended, and nobody else held it
      }
      if (!holds) mine.push_back(received.name);
      if (mine.size() > 8) {
        references.Drop(party.id(), mine.front().offset);
        mine.erase(mine.begin());
      }
      if (step % 500 == 0) references.Sweep(party.id());
    }
    std::vector<uint64_t> rest;
    for (const auto& name : mine) rest.push_back(name.offset);
    references.DropAll(party.id(), rest);
  };
  std::array<std::thread, 4> threads;
  unsigned seed = 1;
  for (std::thread& thread : threads) thread = std::thread(work, seed++);
  for (std::thread& thread : threads) thread.join();
  const Party last(shared);
  for (const Sent& sent : channel) shared.references().Withdraw(last.id(), sent.name, sent.message);
  RequireSound(shared);
  shared.references().Sweep(last.id());
  CHECK(shared.segment().header()->used_bytes.load() == used);
}

}  // namespace
