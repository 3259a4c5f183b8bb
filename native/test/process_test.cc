// os/process.h, os/cpu.h and sync/spin.h: ids, random bytes, threads of our own, spin budgets.
#include "os/process.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "os/cpu.h"
#include "support/watchdog.h"
#include "sync/pace.h"
#include "sync/spin.h"

namespace {

TEST_CASE("ids are those of the process and of each thread") {
  CHECK(mp::os::ProcessId() == static_cast<uint32_t>(getpid()));
  CHECK(mp::os::ThreadId() == mp::os::ProcessId());
  uint32_t other = 0;
  std::thread([&] { other = mp::os::ThreadId(); }).join();
  CHECK(other != 0);
  CHECK(other != mp::os::ThreadId());
}

TEST_CASE("random bytes differ") {
  uint8_t one[16] = {};
  uint8_t two[16] = {};
  REQUIRE(mp::os::RandomBytes(one, sizeof one).ok());
  REQUIRE(mp::os::RandomBytes(two, sizeof two).ok());
  CHECK(std::memcmp(one, two, sizeof one) != 0);
}

TEST_CASE("a started thread runs with all signals blocked, the starter's mask stays") {
  struct Seen {
    std::atomic<bool> done{false};
    bool term_blocked = false;
    bool usr1_blocked = false;
  } seen;
  const auto run = [](void* raw) {
    auto* mine = static_cast<Seen*>(raw);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    mine->term_blocked = sigismember(&mask, SIGTERM) == 1;
    mine->usr1_blocked = sigismember(&mask, SIGUSR1) == 1;
    mine->done.store(true);
  };
  REQUIRE(mp::os::StartThread(run, &seen).ok());
  REQUIRE(mp::test::Eventually([&] { return seen.done.load(); }));
  CHECK(seen.term_blocked);
  CHECK(seen.usr1_blocked);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGTERM) == 0);
}

TEST_CASE("the machine has processors and memory") {
  CHECK(mp::os::AvailableCpus() >= 1);
  CHECK(mp::os::MemoryHeadroom() > 0);
}

TEST_CASE("a spin budget follows success within its bounds, and is 0 on one core") {
  mp::sync::SpinBudget budget;
  const uint32_t start = budget.pauses();
  for (int i = 0; i < 100; ++i) budget.Succeeded();
  const uint32_t most = budget.pauses();
  for (int i = 0; i < 100; ++i) budget.Failed();
  const uint32_t least = budget.pauses();
  if (mp::os::AvailableCpus() == 1) {
    CHECK(most == 0);
    return;
  }
  CHECK(least < start);
  CHECK(start < most);
  CHECK(most == 2000);
  CHECK(least == 20);
}

TEST_CASE("a spin budget tries a long one now and then, and goes on from there when it succeeds") {
  if (mp::os::AvailableCpus() == 1) return;
  mp::sync::SpinBudget budget;
  for (int i = 0; i < 7; ++i) budget.Failed();
  CHECK(budget.pauses() == 20);
  budget.Failed();
  const uint32_t probe = budget.pauses();
  CHECK(probe == 1000);
  budget.Failed();
  CHECK(budget.pauses() == 20);
  for (int i = 0; i < 7; ++i) budget.Failed();
  CHECK(budget.pauses() == probe);
  budget.Succeeded();
  CHECK(budget.pauses() == probe);
  budget.Failed();
  CHECK(budget.pauses() == probe / 2);
}

TEST_CASE("messages that come one by one, each almost at once, are a stream, until one is late") {
  mp::sync::Pace pace;
  for (int i = 0; i < 3; ++i) pace.CameAfter(0);
  CHECK_FALSE(pace.IsStream());
  pace.CameAfter(8);
  CHECK(pace.IsStream());
  pace.CameAfter(1);
  CHECK(pace.IsStream());
  pace.CameAfter(9);
  CHECK_FALSE(pace.IsStream());
}

TEST_CASE("where only one message gathers there is no stream") {
  mp::sync::Pace pace;
  for (int i = 0; i < 4; ++i) pace.CameAfter(0);
  pace.Gathered(2);
  CHECK(pace.IsStream());
  pace.Gathered(1);
  CHECK_FALSE(pace.IsStream());
}

TEST_CASE("SpinUntil stops at once when done, else when the budget is spent") {
  uint32_t looks = 0;
  CHECK(mp::sync::SpinUntil(10, [&] { return ++looks == 3; }));
  CHECK(looks == 3);
  looks = 0;
  CHECK_FALSE(mp::sync::SpinUntil(10, [&] {
    ++looks;
    return false;
  }));
  CHECK(looks == 10);
}

}  // namespace
