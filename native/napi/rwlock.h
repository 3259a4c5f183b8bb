// What awaiting needs of a reader-writer lock.
#pragma once

#include "napi/arguments.h"
#include "sync/rwlock.h"

namespace mp::napi {

/// The calling thread's cell; throws when there is none left.
std::atomic<uint64_t>* CellOf(const Napi::CallbackInfo& info, const Target& target);
sync::ReadLock ReaderOf(const Napi::CallbackInfo& info, const Target& target);

}  // namespace mp::napi
