// Rings, for the files that wait for any object, and that make pipes of them.
#pragma once

#include <memory>

#include "napi/arguments.h"
#include "sync/ring.h"

namespace mp::napi {

/// `detail` of a wait: what for, or how many bytes of payload there must be room for.
inline constexpr uint32_t kAwaitRecord = ~0U;
inline constexpr uint32_t kAwaitDone = ~0U - 1;

std::unique_ptr<sync::Awaitable> RingAwaitable(const Target& target, uint32_t detail);

sync::MessageRing RingOf(const Target& target);

/// A ring in the tree's segment, which this thread holds.
layout::Ring* NewRing(const Napi::CallbackInfo& info, uint32_t maximum, uint32_t byte_limit);

}  // namespace mp::napi
