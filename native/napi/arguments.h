// Arguments of native calls. The TypeScript side has checked the user's input; these checks only
// keep a mistake there from crashing the process.
#pragma once

#include <napi.h>

#include <cmath>

#include "layout/sync_object.h"
#include "napi/env_state.h"
#include "napi/errors.h"

namespace mp::napi {

inline double NumberAt(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), "native call: a number is missing");
  }
  return info[index].As<Napi::Number>().DoubleValue();
}

/// A whole number from 0 to 2^53.
inline uint64_t WholeAt(const Napi::CallbackInfo& info, size_t index) {
  const double number = NumberAt(info, index);
  constexpr double kLargest = 9007199254740992.0;
  if (!(number >= 0 && number <= kLargest) || number != std::floor(number)) {
    throw Napi::RangeError::New(info.Env(), "native call: a number is out of range");
  }
  return static_cast<uint64_t>(number);
}

inline os::Deadline DeadlineAt(const Napi::CallbackInfo& info, size_t index) {
  const double timeout_ms = NumberAt(info, index);
  if (std::isnan(timeout_ms)) {
    throw Napi::RangeError::New(info.Env(), "native call: the timeout is not a number");
  }
  return os::Deadline::After(timeout_ms);
}

/// A synchronisation object that argument 0 is the address of.
struct Target {
  sync::MappedSegment* mapped;
  layout::SyncObject* object;
  sync::Id self;
};

inline Target TargetAt(const Napi::CallbackInfo& info, layout::ObjectKind kind) {
  const uint64_t address = WholeAt(info, 0);
  const sync::Place place =
      sync::AddressSpace::Instance().Resolve(address, sizeof(layout::SyncObject));
  const bool aligned = address % layout::kGranule == 0;
  // What lies before the heap is the segment's own, and might look like an object.
  const bool in_heap =
      place.mapped != nullptr &&
      place.pointer >= place.mapped->segment.base() + place.mapped->segment.header()->heap_offset;
  auto* object = reinterpret_cast<layout::SyncObject*>(place.pointer);
  if (!in_heap || !aligned || object->kind != static_cast<uint32_t>(kind)) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no such object at this address");
  }
  return {place.mapped, object, EnvState::Of(info.Env())->IdIn(info.Env(), place.index)};
}

/// Up once worker.terminate() or process.exit() wants this thread to end: JavaScript cannot run any
/// more, so a native wait has to return.
class WorkerEnd final : public sync::StopSign {
 public:
  explicit WorkerEnd(Napi::Env env) : env_(env) {}

  [[nodiscard]] bool IsUp() const override {
    const Napi::HandleScope scope(env_);
    bool found = false;
    // Of the calls that an ending environment refuses this is a cheap one without side effects.
    return napi_has_element(env_, Napi::Object::New(env_), 0, &found) != napi_ok;
  }

 private:
  Napi::Env env_;
};

inline Napi::Value OutcomeValue(const Napi::CallbackInfo& info, sync::Outcome outcome) {
  return Napi::Number::New(info.Env(), static_cast<int32_t>(outcome));
}

}  // namespace mp::napi
