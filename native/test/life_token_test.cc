// os/life_token.h: who holds a token, and the news of the holder's end.
#include "os/life_token.h"

#include <doctest/doctest.h>

#include <thread>

#include "layout/segment.h"
#include "support/child.h"
#include "support/shared_segment.h"
#include "support/sleeper.h"
#include "support/watchdog.h"

namespace {

using mp::os::LifeToken;
using mp::os::TokenTake;
using mp::os::WaitPoint;
using mp::test::Child;
using mp::test::Eventually;
using mp::test::Sleeper;

struct Memory {
  alignas(8) uint8_t token[mp::layout::kTokenSize];
  std::atomic<uint32_t> is_taken;
};

/// A formatted token in memory that forked children share.
struct TokenInSharedMemory {
  TokenInSharedMemory() { REQUIRE(token.Format().ok()); }

  /// A process that takes the token and keeps it until it is killed.
  [[nodiscard]] int HoldUntilKilled() {
    if (token.Take() != TokenTake::kTaken) return 1;
    memory->is_taken.store(1);
    mp::test::SleepForEver();
  }
  [[nodiscard]] bool IsTakenByChild() const {
    return Eventually([&] { return memory->is_taken.load() == 1; });
  }

  mp::test::SharedSegment shared;
  Memory* memory = shared.New<Memory>();
  LifeToken token{memory->token};
};

TokenTake TakeOnAnotherThread(LifeToken token) {
  TokenTake result = TokenTake::kFailed;
  std::thread([&] {
    result = token.Take();
    if (result == TokenTake::kTaken) token.Release();
  }).join();
  return result;
}

TEST_CASE_FIXTURE(TokenInSharedMemory, "a fresh token is held by nobody") {
  CHECK_FALSE(token.IsHeld());
  WaitPoint point;
  CHECK_FALSE(token.ArmDeathNotice(&point));
}

TEST_CASE_FIXTURE(TokenInSharedMemory, "a token that is taken is busy for others until released") {
  REQUIRE(token.Take() == TokenTake::kTaken);
  CHECK(token.IsHeld());
  CHECK(TakeOnAnotherThread(token) == TokenTake::kBusy);
  token.Release();
  CHECK_FALSE(token.IsHeld());
  CHECK(TakeOnAnotherThread(token) == TokenTake::kTaken);
}

TEST_CASE_FIXTURE(TokenInSharedMemory, "looking at a token leaves it as it is") {
  REQUIRE(token.Take() == TokenTake::kTaken);
  WaitPoint first;
  WaitPoint second;
  REQUIRE(token.ArmDeathNotice(&first));
  REQUIRE(token.ArmDeathNotice(&second));
  CHECK(first.word == second.word);
  CHECK(first.expected == second.expected);
  CHECK(first.word->load() == first.expected);
  CHECK(token.IsHeld());
  token.Release();
  CHECK(first.word->load() != first.expected);
}

TEST_CASE_FIXTURE(TokenInSharedMemory, "a thread that ends holds its token no more") {
  std::thread([&] { REQUIRE(token.Take() == TokenTake::kTaken); }).join();
  // join() returns when the thread has run, an instant before the kernel walks its list.
  CHECK(Eventually([&] { return !token.IsHeld(); }));
  CHECK(token.Take() == TokenTake::kTaken);
  CHECK(token.IsHeld());
  token.Release();
}

TEST_CASE_FIXTURE(TokenInSharedMemory, "a killed process holds its token no more") {
  Child child([&] { return HoldUntilKilled(); });
  REQUIRE(IsTakenByChild());
  CHECK(token.IsHeld());
  CHECK(token.Take() == TokenTake::kBusy);
  child.Kill();
  CHECK_FALSE(token.IsHeld());
  WaitPoint point;
  CHECK_FALSE(token.ArmDeathNotice(&point));
  CHECK(token.Take() == TokenTake::kTaken);
  token.Release();
}

TEST_CASE_FIXTURE(TokenInSharedMemory, "the death of the holder wakes a sleeper") {
  Child child([&] { return HoldUntilKilled(); });
  REQUIRE(IsTakenByChild());
  WaitPoint point;
  REQUIRE(token.ArmDeathNotice(&point));
  Sleeper sleeper(point);
  REQUIRE(sleeper.FallsAsleep());
  child.Kill();
  CHECK(sleeper.WakesUp());
}

TEST_CASE_FIXTURE(TokenInSharedMemory, "who sees the death can wake all the others") {
  Child child([&] { return HoldUntilKilled(); });
  REQUIRE(IsTakenByChild());
  WaitPoint point;
  REQUIRE(token.ArmDeathNotice(&point));
  Sleeper sleepers[3] = {Sleeper(point), Sleeper(point), Sleeper(point)};
  for (const Sleeper& sleeper : sleepers) REQUIRE(sleeper.FallsAsleep());
  child.Kill();
  token.SpreadDeathNotice();
  for (const Sleeper& sleeper : sleepers) CHECK(sleeper.WakesUp());
}

TEST_CASE_FIXTURE(TokenInSharedMemory, "releasing wakes all who wait for the end") {
  REQUIRE(token.Take() == TokenTake::kTaken);
  WaitPoint point;
  REQUIRE(token.ArmDeathNotice(&point));
  Sleeper sleepers[2] = {Sleeper(point), Sleeper(point)};
  for (const Sleeper& sleeper : sleepers) REQUIRE(sleeper.FallsAsleep());
  token.Release();
  for (const Sleeper& sleeper : sleepers) CHECK(sleeper.WakesUp());
}

TEST_CASE_FIXTURE(TokenInSharedMemory,
                  "one thread may hold many tokens, and loses all at its end") {
  auto* more = shared.New<Memory>();
  LifeToken second(more->token);
  REQUIRE(second.Format().ok());
  Child child([&] { return second.Take() == TokenTake::kTaken ? HoldUntilKilled() : 1; });
  REQUIRE(IsTakenByChild());
  CHECK(second.IsHeld());
  child.Kill();
  CHECK_FALSE(token.IsHeld());
  CHECK_FALSE(second.IsHeld());
}

}  // namespace
