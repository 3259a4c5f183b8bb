// One process that contends, until it is killed.
#pragma once

#include <cstdint>

#include "kill/stage.h"
#include "support/shared_segment.h"

namespace mp::test {

/// How a party waits, by its index.
enum class Manner {
  kBlocking,  // without a timeout
  kTimed,     // blocking, with random timeouts
  kRung,      // an event loop that is rung, with random cancellations
  kBusyLoop,  // an event loop that the hub tells, and that blocks now and then
};

struct Contest {
  SharedSegment* shared = nullptr;
  Stage* stage = nullptr;
  layout::SyncObject* object = nullptr;
  bool is_semaphore = false;
  /// How long the busy loop blocks.
  int64_t blocked_ns = 0;
};

/// Runs in a forked process and never returns.
[[noreturn]] void RunParty(const Contest& contest, int index);

}  // namespace mp::test
