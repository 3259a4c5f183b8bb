// Results of the core become JavaScript errors; see the header.
#include "napi/errors.h"

#include <system_error>

#include "napi/env_state.h"

namespace mp::napi {
namespace {

Napi::Error Make(Napi::Env env, const char* code, const std::string& message,
                 Napi::Object details) {
  EnvState* state = EnvState::Of(env);
  if (state->error_factory.IsEmpty()) return Napi::Error::New(env, message);
  const Napi::Value error = state->error_factory.Call(
      {Napi::String::New(env, code), Napi::String::New(env, message), details});
  return {env, error};
}

std::string Reason(os::Status status) { return std::generic_category().message(status.error); }

std::string Bytes(uint64_t bytes) { return std::to_string(bytes) + " bytes"; }

std::string SegmentMessage(const sync::AttachFault& fault) {
  switch (fault.segment) {
    case sync::SegmentFault::kVersion:
      return "the shared memory has layout version " + std::to_string(fault.found_version) +
             ", this build of node-multiprocessing reads version " +
             std::to_string(layout::kLayoutVersion) +
             ": all processes that share objects must use the same version of the package";
    case sync::SegmentFault::kArchitecture:
      return "the shared memory was made by a build for another architecture or C library (" +
             std::to_string(fault.found_architecture) + ", this one is " +
             std::to_string(layout::kArchitecture) + ")";
    case sync::SegmentFault::kSize:
      return "the shared memory is damaged, or larger than this process has address space for "
             "(ulimit -v)";
    default:
      return "this is not shared memory of node-multiprocessing";
  }
}

}  // namespace

void SetErrorFactory(const Napi::CallbackInfo& info) {
  EnvState::Of(info.Env())->error_factory = Napi::Persistent(info[0].As<Napi::Function>());
}

void Throw(Napi::Env env, const char* code, const std::string& message) {
  throw Make(env, code, message, Napi::Object::New(env));
}

void ThrowSystem(Napi::Env env, os::Status status, const std::string& what) {
  Napi::Object details = Napi::Object::New(env);
  details.Set("errno", status.error);
  details.Set("syscall", status.call);
  throw Make(env, "ERR_MP_SYSTEM_CALL", what + ": " + status.call + " failed: " + Reason(status),
             details);
}

void ThrowUnlessAttached(Napi::Env env, const sync::AttachFault& fault) {
  using Kind = sync::AttachFault::Kind;
  switch (fault.kind) {
    case Kind::kNone:
      return;
    case Kind::kSystem:
      ThrowSystem(env, fault.status, "shared memory cannot be opened");
    case Kind::kSegment:
      Throw(env, "ERR_MP_LAYOUT", SegmentMessage(fault));
    case Kind::kOtherSegment:
      Throw(env, "ERR_MP_HANDLE_STALE",
            "the shared memory that this handle names is gone: the process that shared it has "
            "ended, and this process did not use the same memory yet");
    case Kind::kFull:
      Throw(env, "ERR_MP_MEMORY_EXHAUSTED",
            "this process uses too many shared memory segments at once");
  }
  Throw(env, "ERR_MP_INTERNAL", "unknown fault");
}

void ThrowUnlessAllocated(Napi::Env env, const sync::Allocation& allocation, uint64_t size_bytes) {
  if (allocation.fault == sync::AllocationFault::kNone) return;
  std::string message = "shared memory is exhausted: no room for another " + Bytes(size_bytes);
  Napi::Object details = Napi::Object::New(env);
  if (allocation.fault == sync::AllocationFault::kSystem) {
    details.Set("errno", allocation.status.error);
    details.Set("syscall", allocation.status.call);
    message +=
        " (" + std::string(allocation.status.call) + " failed: " + Reason(allocation.status) + ")";
  }
  throw Make(env, "ERR_MP_MEMORY_EXHAUSTED", message, details);
}

}  // namespace mp::napi
