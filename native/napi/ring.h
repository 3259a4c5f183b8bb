// Rings, for the file that waits for any object.
#pragma once

#include <memory>

#include "napi/arguments.h"

namespace mp::napi {

/// `detail` of a wait: what for, or how many bytes of payload there must be room for.
inline constexpr uint32_t kAwaitRecord = ~0U;
inline constexpr uint32_t kAwaitDone = ~0U - 1;

std::unique_ptr<sync::Awaitable> RingAwaitable(const Target& target, uint32_t detail);

}  // namespace mp::napi
