// What keeps shared objects alive, for JavaScript: handles in flight, objects held and dropped. See
// sync/references.h.
#include "napi/memory.h"
#include "napi/objects.h"
#include "os/process.h"

namespace mp::napi {
namespace {

using layout::SyncObject;
using sync::AddressSpace;
using sync::MappedSegment;
using sync::Place;

/// A thread, or a ring.
constexpr uint32_t kHolderMask = layout::kIdMask | layout::kInRing;

/// An object of a handle, and the reference of the message that brought the handle.
struct Named {
  Place place;
  sync::Id self = 0;
  sync::ObjectName name;
  sync::InFlight message;
};

/// Arguments (address, kind, serial, holder, token); false when nothing is at the address.
bool ReadNamed(const Napi::CallbackInfo& info, Named* named) {
  const uint64_t address = WholeAt(info, 0);
  named->place = AddressSpace::Instance().Resolve(address, sizeof(SyncObject));
  if (named->place.mapped == nullptr) return false;
  named->self = EnvState::Of(info.Env())->IdIn(info.Env(), named->place.index);
  named->name = {address - named->place.mapped->window_base,
                 static_cast<uint32_t>(WholeAt(info, 1)), static_cast<uint32_t>(WholeAt(info, 2))};
  named->message = {static_cast<uint32_t>(WholeAt(info, 3)) & kHolderMask,
                    static_cast<uint32_t>(WholeAt(info, 4))};
  return true;
}

Napi::Object HandleOf(const Napi::CallbackInfo& info, const Place& place,
                      const sync::InFlight& message) {
  const auto* object = reinterpret_cast<const SyncObject*>(place.pointer);
  Napi::Object handle = Napi::Object::New(info.Env());
  handle.Set("segment", SegmentIdOf(*place.mapped));
  handle.Set("pid", os::ProcessId());
  handle.Set("descriptor", place.mapped->file.descriptor());
  handle.Set("offset", static_cast<double>(place.pointer - place.mapped->segment.base()));
  handle.Set("kind", object->kind);
  handle.Set("serial", object->serial);
  handle.Set("holder", message.holder);
  handle.Set("token", message.token);
  return handle;
}

/// describe(address, holder?) → handle { segment, pid, descriptor, offset, kind, serial, holder,
/// token }, whose object stays until attach or withdraw, or until `holder` ends: this thread,
/// unless another of the same segment is given, or what ringKeeper gave
Napi::Value Describe(const Napi::CallbackInfo& info) {
  const Place place = PlaceAt(info, 0, sizeof(SyncObject));
  const sync::Id self = EnvState::Of(info.Env())->IdIn(info.Env(), place.index);
  uint32_t holder = info[1].IsUndefined() ? self : static_cast<uint32_t>(WholeAt(info, 1));
  holder &= kHolderMask;
  // Rings are in the tree's own segment; what is in another one lives with this thread.
  if ((holder & layout::kInRing) != 0 && place.index != 0) holder = self;
  if (!EnvState::Of(info.Env())->held().Has(WholeAt(info, 0))) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: this thread holds no object here");
  }
  const uint64_t offset = WholeAt(info, 0) - place.mapped->window_base;
  sync::InFlight message;
  ThrowUnlessAllocated(info.Env(), place.mapped->references().Share(self, offset, holder, &message),
                       layout::kGranule);
  return HandleOf(info, place, message);
}

/// attach(address, kind, serial, holder, token) → false when the object is not there any more;
/// else this thread holds it once more, until drop
Napi::Value Attach(const Napi::CallbackInfo& info) {
  Named named;
  if (!ReadNamed(info, &named)) return Napi::Boolean::New(info.Env(), false);
  sync::HeldObjects& held = EnvState::Of(info.Env())->held();
  const uint64_t address = WholeAt(info, 0);
  const auto result = named.place.mapped->references().Attach(named.self, named.name, named.message,
                                                              held.Has(address));
  if (result == sync::AttachResult::kExhausted) {
    ThrowUnlessAllocated(info.Env(), {0, sync::AllocationFault::kExhausted, {}}, layout::kGranule);
  }
  const bool attached = result == sync::AttachResult::kAttached;
  if (attached) held.Add(address);
  return Napi::Boolean::New(info.Env(), attached);
}

/// withdraw(address, kind, serial, holder, token): a handle that nobody will attach; false when
/// somebody has
Napi::Value Withdraw(const Napi::CallbackInfo& info) {
  Named named;
  const bool withdrawn = ReadNamed(info, &named) && named.place.mapped->references().Withdraw(
                                                        named.self, named.name, named.message);
  return Napi::Boolean::New(info.Env(), withdrawn);
}

/// drop(address) → false when this thread does not hold the object; at the last drop of the last
/// holder the object ends
Napi::Value Drop(const Napi::CallbackInfo& info) {
  const Place place = PlaceAt(info, 0, layout::kGranule);
  EnvState* state = EnvState::Of(info.Env());
  const uint64_t address = WholeAt(info, 0);
  const bool holds = state->held().Has(address);
  if (holds && state->held().Remove(address)) {
    place.mapped->references().Drop(state->IdIn(info.Env(), place.index),
                                    address - place.mapped->window_base);
  }
  return Napi::Boolean::New(info.Env(), holds);
}

/// sweep() → bytes that came back from those who have died
Napi::Value Sweep(const Napi::CallbackInfo& info) {
  auto& space = AddressSpace::Instance();
  uint64_t freed = 0;
  for (uint32_t i = 0; i < space.count(); ++i) {
    // To a segment in which all is pinned this thread need not belong.
    if (!space.At(i)->references().HasObjects()) continue;
    const sync::Id self = EnvState::Of(info.Env())->IdIn(info.Env(), i);
    freed += space.At(i)->references().Sweep(self);
  }
  return Napi::Number::New(info.Env(), static_cast<double>(freed));
}

}  // namespace

uint64_t CreateCounted(const Napi::CallbackInfo& info, uint64_t size_bytes) {
  EnvState* state = EnvState::Of(info.Env());
  MappedSegment& tree = Tree(info);
  const sync::Id self = state->IdIn(info.Env(), 0);
  const sync::Allocation made = tree.references().Create(self, size_bytes);
  ThrowUnlessAllocated(info.Env(), made, size_bytes);
  state->held().Add(tree.window_base + made.offset);
  return made.offset;
}

void ExportReferences(Napi::Env env, Napi::Object exports) {
  exports.Set("describe", Napi::Function::New<Describe>(env, "describe"));
  exports.Set("attach", Napi::Function::New<Attach>(env, "attach"));
  exports.Set("withdraw", Napi::Function::New<Withdraw>(env, "withdraw"));
  exports.Set("drop", Napi::Function::New<Drop>(env, "drop"));
  exports.Set("sweep", Napi::Function::New<Sweep>(env, "sweep"));
}

}  // namespace mp::napi
