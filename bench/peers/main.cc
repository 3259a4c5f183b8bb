// `peer <case> <ms>`: runs one C peer in a fresh process and prints its metrics as one JSON line.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cases.h"

namespace {

struct Case {
  const char* name;
  void (*run)(const peer::Options&);
};

constexpr Case kCases[] = {
    {"mutex", peer::MutexPair},
    {"robust-mutex", peer::RobustMutexPair},
    {"mutex-try", peer::MutexTryPair},
    {"recursive", peer::RecursiveMutexPair},
    {"recursive-nested", peer::RecursiveMutexNestedPair},
    {"read", peer::ReadPair},
    {"semaphore", peer::SemaphorePair},
    {"mutex-contended", peer::MutexContended},
    {"semaphore-ping-pong", peer::SemaphorePingPong},
    {"load", peer::LoadCall},
    {"exchange-pair", peer::ExchangePair},
    {"condition-signal", peer::ConditionSignal},
    {"condition-ping-pong", peer::ConditionPingPong},
    {"futex-ping-pong", peer::FutexPingPong},
    {"barrier-2", peer::BarrierOf2},
    {"barrier-4", peer::BarrierOf4},
    {"barrier-8", peer::BarrierOf8},
    {"readers-1", peer::ReadersOf1},
    {"readers-2", peer::ReadersOf2},
    {"readers-4", peer::ReadersOf4},
    {"mutex-fairness", peer::MutexFairness},
    {"copy-in", peer::CopyIn},
    {"copy-out", peer::CopyOut},
    {"atomic-add", peer::AtomicAdd},
};

}  // namespace

int main(int argc, char** argv) {
  const int measured_ms = argc > 2 ? std::atoi(argv[2]) : 300;
  for (const Case& one : kCases) {
    if (argc > 1 && measured_ms > 0 && std::strcmp(argv[1], one.name) == 0) {
      one.run({measured_ms});
      return 0;
    }
  }
  std::fprintf(stderr, "usage: peer <case> [ms]; cases:");
  for (const Case& one : kCases) std::fprintf(stderr, " %s", one.name);
  std::fprintf(stderr, "\n");
  return 2;
}
