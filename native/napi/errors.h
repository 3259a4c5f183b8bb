// The one place where results of the core become JavaScript errors.
//
// The package registers a factory (setErrorFactory) that makes an instance of its own error classes
// from (code, message, details); until then, and in a thread that has none, plain Errors are made.
#pragma once

#include <napi.h>

#include <string>

#include "os/status.h"
#include "sync/address_space.h"
#include "sync/allocator.h"

namespace mp::napi {

void SetErrorFactory(const Napi::CallbackInfo& info);

/// Throws MultiprocessingError `code`.
[[noreturn]] void Throw(Napi::Env env, const char* code, const std::string& message);
/// Throws SystemCallError with errno and the call's name.
[[noreturn]] void ThrowSystem(Napi::Env env, os::Status status, const std::string& what);
void ThrowUnlessAttached(Napi::Env env, const sync::AttachFault& fault);
void ThrowUnlessAllocated(Napi::Env env, const sync::Allocation& allocation, uint64_t size_bytes);

}  // namespace mp::napi
