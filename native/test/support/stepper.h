// Every state of shared memory that a process can leave when it is killed while it runs some code:
// it is traced, one instruction after another, and each change is recorded.
#pragma once

#include <functional>
#include <vector>

#include "support/shared_segment.h"

namespace mp::test {

/// The segment as it was before the code, after each instruction that changed it, and at the end.
/// `run` is executed in a forked process, with the id of a party of its own, which is dead in all
/// images. Empty when the system forbids tracing.
[[nodiscard]] std::vector<SegmentImage> StatesOf(SharedSegment& shared,
                                                 const std::function<void(sync::Id)>& run);

}  // namespace mp::test
