// sync/held_objects.h: what one thread holds, against a map of the standard library.
#include "sync/held_objects.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

namespace {

using mp::sync::HeldObjects;

TEST_CASE("the first add and the last remove are told") {
  HeldObjects held;
  CHECK_FALSE(held.Has(640));
  CHECK(held.Add(640));
  CHECK_FALSE(held.Add(640));
  CHECK(held.Has(640));
  CHECK_FALSE(held.Remove(640));
  CHECK(held.Remove(640));
  CHECK_FALSE(held.Has(640));
  CHECK_FALSE(held.Remove(640));
  CHECK(held.size() == 0);
}

TEST_CASE("the addresses of a range are told, once each") {
  HeldObjects held;
  for (const uint64_t address : {64, 128, 128, 4096, 8192}) held.Add(address);
  std::vector<uint64_t> between = held.Between(128, 8192);
  std::sort(between.begin(), between.end());
  CHECK(between == std::vector<uint64_t>{128, 4096});
}

TEST_CASE("it grows and shrinks, and holds what a map holds") {
  HeldObjects held;
  std::map<uint64_t, int> expected;
  std::mt19937 random(1);
  for (int step = 0; step < 200'000; ++step) {
    // More adds than removes in the first half, then the reverse; neighbours and strangers.
    const bool adds = random() % 100 < (step < 100'000 ? 70U : 30U);
    const uint64_t address = 64 * (1 + random() % 3000 + (random() % 2) * (uint64_t{1} << 24));
    if (adds) {
      CHECK(held.Add(address) == (expected[address]++ == 0));
    } else if (expected[address] > 0) {
      CHECK(held.Remove(address) == (--expected[address] == 0));
    } else {
      CHECK_FALSE(held.Remove(address));
    }
    if (expected[address] == 0) expected.erase(address);
    CHECK(held.Has(address) == (expected.count(address) != 0));
  }
  CHECK(held.size() == expected.size());
  std::vector<uint64_t> all = held.Between(0, ~uint64_t{0});
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == expected.size());
  CHECK(std::equal(all.begin(), all.end(), expected.begin(),
                   [](uint64_t address, const auto& entry) { return address == entry.first; }));
}

}  // namespace
