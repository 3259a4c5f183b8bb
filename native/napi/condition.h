// A condition and its tickets, as arguments of native calls.
#pragma once

#include <memory>

#include "napi/arguments.h"
#include "sync/condition.h"

namespace mp::napi {

/// The ticket at `address`, which this thread has at the condition.
layout::Ticket* TicketAt(const Napi::CallbackInfo& info, const Target& target, uint64_t address);

std::unique_ptr<sync::Awaitable> ConditionWaitOf(const Napi::CallbackInfo& info,
                                                 const Target& target, uint64_t ticket_address);

}  // namespace mp::napi
