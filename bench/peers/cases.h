// The C peers: one function for each `peer <case> <ms>`. Each prints one JSON line.
#pragma once

namespace peer {

// What one run may take; `measured_ms` excludes warm-up.
struct Options {
  int measured_ms;
};

// uncontended.cc
void MutexPair(const Options& options);
void RobustMutexPair(const Options& options);
void MutexTryPair(const Options& options);
void RecursiveMutexPair(const Options& options);
void RecursiveMutexNestedPair(const Options& options);
void ReadPair(const Options& options);
void SemaphorePair(const Options& options);

// contended.cc
void MutexContended(const Options& options);

// ping_pong.cc
void SemaphorePingPong(const Options& options);

// signals.cc
void LoadCall(const Options& options);
void ExchangePair(const Options& options);
void ConditionSignal(const Options& options);
void ConditionPingPong(const Options& options);
void FutexPingPong(const Options& options);

// meetings.cc
void BarrierOf2(const Options& options);
void BarrierOf4(const Options& options);
void BarrierOf8(const Options& options);
void ReadersOf1(const Options& options);
void ReadersOf2(const Options& options);
void ReadersOf4(const Options& options);

// fairness.cc
void MutexFairness(const Options& options);

// values.cc
void CopyIn(const Options& options);
void CopyOut(const Options& options);
void AtomicAdd(const Options& options);

}  // namespace peer
