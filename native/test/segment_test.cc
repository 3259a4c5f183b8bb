// sync/segment.h: format and check, slots and the ids of living and dead threads.
#include "sync/segment.h"

#include <doctest/doctest.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "os/process.h"
#include "support/child.h"
#include "support/shared_segment.h"
#include "support/sleeper.h"
#include "support/watchdog.h"

namespace {

using mp::os::WaitPoint;
using mp::sync::Id;
using mp::sync::Segment;
using mp::sync::SegmentFault;
using mp::test::Child;
using mp::test::Eventually;
using mp::test::Party;
using mp::test::SharedSegment;

TEST_CASE("what Format wrote passes Check, in another mapping too") {
  SharedSegment shared;
  CHECK(shared.segment().Check(shared.file()) == SegmentFault::kNone);
  CHECK(shared.MapAgain().Check(shared.file()) == SegmentFault::kNone);
}

TEST_CASE("two segments have different ids") {
  SharedSegment one;
  SharedSegment two;
  CHECK(std::memcmp(one.segment().header()->id, two.segment().header()->id, 16) != 0);
}

TEST_CASE("Check names what is wrong") {
  SharedSegment shared;
  auto* header = shared.segment().header();
  SUBCASE("no magic") {
    header->magic.store(0);
    CHECK(shared.segment().Check(shared.file()) == SegmentFault::kNotASegment);
  }
  SUBCASE("another magic") {
    header->magic.store(mp::layout::kMagic ^ 1);
    CHECK(shared.segment().Check(shared.file()) == SegmentFault::kNotASegment);
  }
  SUBCASE("another layout version") {
    ++header->layout_version;
    CHECK(shared.segment().Check(shared.file()) == SegmentFault::kVersion);
  }
  SUBCASE("another architecture") {
    header->architecture ^= 32U << 8;
    CHECK(shared.segment().Check(shared.file()) == SegmentFault::kArchitecture);
  }
  SUBCASE("both: the version is told, for it says how to read the rest") {
    ++header->layout_version;
    header->architecture = 0;
    CHECK(shared.segment().Check(shared.file()) == SegmentFault::kVersion);
  }
}

TEST_CASE("Check refuses places that do not fit") {
  SharedSegment shared;
  auto* header = shared.segment().header();
  SUBCASE("no slot to hand out") { header->slot_count = 1; }
  SUBCASE("more slots than an id can name") { header->slot_count = mp::layout::kMaxSlots + 1; }
  SUBCASE("slots that reach into the map") { header->slot_count = 4000; }
  SUBCASE("map before slots") { header->map_offset = 0; }
  SUBCASE("heap before map") { header->heap_offset = header->map_offset; }
  SUBCASE("heap behind the end") { header->heap_offset = header->capacity; }
  CHECK(shared.segment().Check(shared.file()) == SegmentFault::kSize);
}

TEST_CASE("Check refuses a heap behind the end of the mapping") {
  SharedSegment shared;
  const uint64_t heap = shared.segment().header()->heap_offset;
  CHECK(Segment(shared.segment().base(), heap).Check(shared.file()) == SegmentFault::kSize);
  CHECK(Segment(shared.segment().base(), heap + 4096).Check(shared.file()) == SegmentFault::kNone);
}

TEST_CASE("Check refuses memory that the file does not have") {
  SharedSegment shared;
  auto* header = shared.segment().header();
  (void)shared.New<uint64_t>();
  CHECK(shared.segment().Check(shared.file()) == SegmentFault::kNone);
  uint64_t size = 0;
  REQUIRE(shared.file().Size(&size).ok());
  SUBCASE("more is committed") { header->committed.store(size + 64); }
  SUBCASE("more than there can be is committed") { header->committed.store(~uint64_t{0}); }
  SUBCASE("less than an empty heap") { header->committed.store(header->heap_offset - 64); }
  CHECK(shared.segment().Check(shared.file()) == SegmentFault::kSize);
}

TEST_CASE("a thread that enters is alive until it leaves") {
  SharedSegment shared;
  Segment& segment = shared.segment();
  const Id id = segment.Enter();
  REQUIRE(id != 0);
  CHECK((id & ~mp::layout::kIdMask) == 0);
  CHECK(segment.IsAlive(id));
  CHECK(shared.MapAgain().IsAlive(id));
  const auto* slot = segment.SlotAt(id % mp::layout::kMaxSlots);
  CHECK(slot->pid.load() == mp::os::ProcessId());
  CHECK(slot->tid.load() == mp::os::ThreadId());
  segment.Leave(id);
  CHECK_FALSE(segment.IsAlive(id));
}

TEST_CASE("nobody, slot 0 and slots beyond the table are dead") {
  SharedSegment shared;
  CHECK_FALSE(shared.segment().IsAlive(0));
  CHECK_FALSE(shared.segment().IsAlive(1U << 12));
  CHECK_FALSE(shared.segment().IsAlive(SharedSegment::kSlots));
  CHECK_FALSE(shared.segment().IsAlive(mp::layout::kIdMask));
  WaitPoint point;
  CHECK_FALSE(shared.segment().ArmDeathNotice(mp::layout::kIdMask, &point));
  shared.segment().SpreadDeathNotice(0);
  shared.segment().SpreadDeathNotice(mp::layout::kIdMask);
}

TEST_CASE("slots are handed out in turn, so an id does not come back soon") {
  SharedSegment shared;
  std::set<Id> seen;
  std::set<uint32_t> slots;
  for (uint32_t i = 0; i < 5 * (SharedSegment::kSlots - 1); ++i) {
    const Id id = mp::test::DeadId(shared);
    CHECK(seen.insert(id).second);
    slots.insert(id % mp::layout::kMaxSlots);
  }
  CHECK(slots.size() == SharedSegment::kSlots - 1);
  CHECK(slots.count(0) == 0);
}

TEST_CASE("an old id stays dead when its slot is used again") {
  SharedSegment shared({SharedSegment::kCapacity, 2});  // one slot
  const Id old = mp::test::DeadId(shared);
  const Party next(shared);
  CHECK(next.id() % mp::layout::kMaxSlots == old % mp::layout::kMaxSlots);
  CHECK(shared.segment().IsAlive(next.id()));
  CHECK_FALSE(shared.segment().IsAlive(old));
}

TEST_CASE("the generation wraps around without becoming nobody") {
  SharedSegment shared({SharedSegment::kCapacity, 2});
  shared.segment().SlotAt(1)->generation.store((1U << mp::layout::kGenerationBits) - 1);
  const Party party(shared);
  CHECK(party.id() == 1);  // generation 0, slot 1
  CHECK(shared.segment().IsAlive(party.id()));
}

TEST_CASE("when all slots are taken by the living there is none, until one leaves") {
  SharedSegment shared({SharedSegment::kCapacity, 5});
  Party a(shared);
  const Party b(shared);
  const Party c(shared);
  const Party d(shared);
  CHECK(shared.segment().Enter() == 0);
  a.End();
  const Party e(shared);
  CHECK(e.id() != a.id());
  CHECK(shared.segment().Enter() == 0);
}

TEST_CASE("the slots of ended threads are found again") {
  SharedSegment shared({SharedSegment::kCapacity, 3});
  Id ids[2] = {};
  for (Id& id : ids) {
    std::thread([&] { id = shared.segment().Enter(); }).join();
    REQUIRE(id != 0);
    // The kernel marks the token an instant after join() returns.
    CHECK(Eventually([&] { return !shared.segment().IsAlive(id); }));
  }
  const Party next(shared);
  const Party last(shared);
  for (const Id id : ids) CHECK_FALSE(shared.segment().IsAlive(id));
}

/// A child that enters and tells its id.
struct EnteredChild {
  SharedSegment shared{{SharedSegment::kCapacity, 3}};
  std::atomic<uint32_t>* id = shared.New<std::atomic<uint32_t>>();
  Child child{[this] {
    id->store(shared.segment().Enter());
    mp::test::SleepForEver();
    return 0;
  }};

  EnteredChild() {
    REQUIRE(Eventually([this] { return id->load() != 0; }));
  }
};

TEST_CASE_FIXTURE(EnteredChild, "a process's id dies with it, and its slot is used again") {
  CHECK(shared.segment().IsAlive(id->load()));
  child.Kill();
  CHECK_FALSE(shared.segment().IsAlive(id->load()));
  const Party one(shared);
  const Party two(shared);
  CHECK(shared.segment().Enter() == 0);
  CHECK_FALSE(shared.segment().IsAlive(id->load()));
}

TEST_CASE_FIXTURE(EnteredChild, "the news of a process's death reaches all who wait for it") {
  WaitPoint point;
  REQUIRE(shared.segment().ArmDeathNotice(id->load(), &point));
  mp::test::Sleeper one(point);
  mp::test::Sleeper two(point);
  REQUIRE(one.FallsAsleep());
  REQUIRE(two.FallsAsleep());
  child.Kill();
  CHECK_FALSE(shared.segment().ArmDeathNotice(id->load(), &point));
  shared.segment().SpreadDeathNotice(id->load());
  CHECK(one.WakesUp());
  CHECK(two.WakesUp());
}

TEST_CASE("threads that enter at once get different slots") {
  SharedSegment shared;
  std::vector<Id> ids(20);
  std::atomic<uint32_t> entered{0};
  std::vector<std::thread> threads;
  for (Id& id : ids) {
    threads.emplace_back([&shared, &entered, &id, count = ids.size()] {
      id = shared.segment().Enter();
      entered.fetch_add(1);
      while (entered.load() < count) mp::test::Nap(50'000);
      shared.segment().Leave(id);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::set<Id>(ids.begin(), ids.end()).size() == ids.size());
  for (const Id id : ids) CHECK_FALSE(shared.segment().IsAlive(id));
}

TEST_CASE("the key of a word is the same in every mapping and differs between words") {
  SharedSegment shared;
  auto* words = shared.New<std::atomic<uint32_t>[2]>()[0];
  Segment again = shared.MapAgain();
  const auto offset = reinterpret_cast<uint8_t*>(words) - shared.segment().base();
  auto* alias = reinterpret_cast<std::atomic<uint32_t>*>(again.base() + offset);
  CHECK(shared.segment().PointAt(words, 1).key == again.PointAt(alias, 1).key);
  CHECK(shared.segment().PointAt(words, 1).key != shared.segment().PointAt(words + 1, 1).key);
}

}  // namespace
