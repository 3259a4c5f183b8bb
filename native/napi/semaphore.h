// What awaiting needs of a robust semaphore.
#pragma once

#include "napi/arguments.h"
#include "sync/robust_semaphore.h"

namespace mp::napi {

[[nodiscard]] bool IsRobust(const Target& target);
/// Throws unless `target` is one.
[[nodiscard]] sync::RobustSemaphore RobustOf(const Napi::CallbackInfo& info, const Target& target);

}  // namespace mp::napi
