// Objects with names, for JavaScript: made, found, removed. See sync/named_segment.h.
#include "sync/named_segment.h"

#include "napi/memory.h"
#include "napi/objects.h"
#include "os/named_file.h"
#include "sync/inspect.h"

namespace mp::napi {
namespace {

using sync::AddressSpace;
using sync::MappedSegment;

/// Makes a named file a segment of this process, in which this thread lives from now on; what is in
/// it: { segment, descriptor, root, offsets }. The caller guards the name meanwhile.
Napi::Value Enter(Napi::Env env, os::SharedFile file) {
  uint32_t index = 0;
  ThrowUnlessAttached(env, AddressSpace::Instance().AttachFile(std::move(file), &index));
  (void)EnvState::Of(env)->IdIn(env, index);
  const MappedSegment& mapped = *AddressSpace::Instance().At(index);
  std::string root;
  std::vector<uint64_t> offsets;
  if (!sync::ReadNamed(mapped, &root, &offsets)) {
    Throw(env, "ERR_MP_LAYOUT", "the shared memory of this name has no object in it");
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("segment", SegmentIdOf(mapped));
  result.Set("descriptor", mapped.file.descriptor());
  result.Set("root", root);
  Napi::Array places = Napi::Array::New(env, offsets.size());
  for (uint32_t i = 0; i < offsets.size(); ++i) {
    places.Set(i, static_cast<double>(offsets[i]));
  }
  result.Set("offsets", places);
  return result;
}

std::string NameAt(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::String>().Utf8Value();
}

/// namedCreate(name, mode, root, addresses) → what is in it; undefined when the name is taken
Napi::Value NamedCreate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto addresses = info[3].As<Napi::Array>();
  std::vector<sync::NamedPart> parts;
  uint64_t total = 0;
  for (uint32_t i = 0; i < addresses.Length(); ++i) {
    const uint64_t address = addresses.Get(i).As<Napi::Number>().Int64Value();
    const sync::Place place = AddressSpace::Instance().Resolve(address, layout::kGranule);
    if (place.mapped == nullptr) Throw(env, "ERR_MP_INTERNAL", "native call: no such object");
    const uint64_t size = place.mapped->allocator().SizeOf(address - place.mapped->window_base);
    if (size == 0) Throw(env, "ERR_MP_INTERNAL", "native call: no object at this address");
    parts.push_back({place.pointer, size});
    total += size;
  }
  os::SharedFile file;
  if (os::Status status = os::CreateHidden(static_cast<uint32_t>(WholeAt(info, 1)), &file);
      !status.ok()) {
    ThrowSystem(env, status, "shared memory with a name cannot be made");
  }
  ThrowUnlessAllocated(env, sync::WriteNamed(file, NameAt(info, 2), parts), total);
  // Held before the name is there: so whoever sweeps unused names never sees it unused.
  os::NameGuard guard;
  bool exists = false;
  os::Status status = guard.TakeShared(file);
  if (status.ok()) status = os::Publish(file, NameAt(info, 0), &exists);
  if (!status.ok()) ThrowSystem(env, status, "shared memory cannot be given this name");
  return exists ? env.Undefined() : Enter(env, std::move(file));
}

/// namedOpen(name, ownOnly) → what is in it; undefined when there is no such name, false when it is
/// another user's
Napi::Value NamedOpen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool own_only = info[1].As<Napi::Boolean>();
  for (;;) {
    os::SharedFile file;
    os::Status status = os::OpenNamed(NameAt(info, 0), &file);
    if (status.IsNotFound()) return env.Undefined();
    bool own = false;
    bool named = false;
    os::NameGuard guard;
    if (status.ok()) status = os::IsOwn(file, &own);
    if (status.ok() && !own && own_only) return Napi::Boolean::New(env, false);
    if (status.ok()) status = guard.TakeShared(file);
    if (status.ok()) status = guard.IsNamed(&named);
    if (!status.ok()) ThrowSystem(env, status, "the shared memory of this name cannot be opened");
    // Somebody removed the name in between: it may have been given again.
    if (named) return Enter(env, std::move(file));
  }
}

/// namedRemove(name) → false when there is no such name
Napi::Value NamedRemove(const Napi::CallbackInfo& info) {
  os::SharedFile file;
  os::NameGuard guard;
  // So that nobody who removes unused names takes another file for this one. What cannot be opened
  // is none of theirs.
  if (os::OpenNamed(NameAt(info, 0), &file).ok()) (void)guard.TakeShared(file);
  const os::Status status = os::RemoveName(NameAt(info, 0));
  if (!status.ok() && !status.IsNotFound()) {
    ThrowSystem(info.Env(), status, "this name cannot be removed");
  }
  return Napi::Boolean::New(info.Env(), status.ok());
}

/// namedList() → names of this user
Napi::Value NamedList(const Napi::CallbackInfo& info) {
  std::vector<std::string> names;
  if (os::Status status = os::ListNames(&names); !status.ok()) {
    ThrowSystem(info.Env(), status, "the names of shared memory cannot be listed");
  }
  Napi::Array list = Napi::Array::New(info.Env(), names.size());
  for (uint32_t i = 0; i < names.size(); ++i) list.Set(i, names[i]);
  return list;
}

const char* Sweep(const std::string& name, os::Status* status) {
  os::SharedFile file;
  *status = os::OpenNamed(name, &file);
  if (status->IsNotFound()) *status = {};
  if (!status->ok() || file.descriptor() < 0) return "gone";
  os::NameGuard guard;
  bool busy = false;
  bool named = false;
  *status = guard.TakeSole(file, &busy);
  if (status->ok() && busy) return "used";
  if (status->ok()) *status = guard.IsNamed(&named);
  if (!status->ok() || !named) return "gone";
  sync::Inspected inspected;
  if (!sync::Inspect(file, &inspected)) return "unknown";
  if (!inspected.users.empty()) return "used";
  *status = os::RemoveName(name);
  return "removed";
}

/// namedSweep(name): removes it if nobody who lives uses it → 'removed', 'used', 'gone'
/// (meanwhile), or 'unknown' when it is not a segment that this build can read
Napi::Value NamedSweep(const Napi::CallbackInfo& info) {
  os::Status status;
  const char* result = Sweep(NameAt(info, 0), &status);
  if (!status.ok()) ThrowSystem(info.Env(), status, "a name cannot be swept");
  return Napi::String::New(info.Env(), result);
}

Napi::Object ThreadOf(Napi::Env env, const sync::SeenThread& seen) {
  Napi::Object thread = Napi::Object::New(env);
  thread.Set("pid", seen.pid);
  thread.Set("tid", seen.tid);
  return thread;
}

Napi::Object ObjectOf(Napi::Env env, const sync::SeenObject& seen) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("offset", static_cast<double>(seen.offset));
  object.Set("kind", seen.kind);
  object.Set("low", seen.low);
  object.Set("high", seen.high);
  object.Set("depth", seen.depth);
  object.Set("maximum", seen.maximum);
  object.Set("isRobust", seen.is_robust);
  object.Set("waiting", seen.waiting);
  object.Set("byteLength", static_cast<double>(seen.byte_length));
  object.Set("element", seen.element);
  if (!seen.content.empty()) {
    object.Set("content",
               Napi::Buffer<uint8_t>::Copy(env, seen.content.data(), seen.content.size()));
  }
  if (seen.has_owner) object.Set("owner", ThreadOf(env, seen.owner));
  object.Set("ownerLives", seen.owner_lives);
  return object;
}

/// inspect(name) or inspect(pid, descriptor) → { id, users, objects } of a segment, of which this
/// process needs to be no part; undefined when there is none there
Napi::Value InspectSegment(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  os::SharedFile file;
  const os::Status status = info[0].IsString() ? os::OpenNamed(NameAt(info, 0), &file)
                                               : file.OpenOf(static_cast<int>(NumberAt(info, 0)),
                                                             static_cast<int>(NumberAt(info, 1)));
  sync::Inspected inspected;
  // Whatever is the matter: what cannot be read is not ours, or gone.
  if (!status.ok() || !sync::Inspect(file, &inspected)) return env.Undefined();
  Napi::Array users = Napi::Array::New(env, inspected.users.size());
  for (uint32_t i = 0; i < inspected.users.size(); ++i) {
    users.Set(i, ThreadOf(env, inspected.users[i]));
  }
  Napi::Array objects = Napi::Array::New(env, inspected.objects.size());
  for (uint32_t i = 0; i < inspected.objects.size(); ++i) {
    objects.Set(i, ObjectOf(env, inspected.objects[i]));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("id", HexOf(inspected.id.data(), inspected.id.size()));
  result.Set("users", users);
  result.Set("objects", objects);
  return result;
}

}  // namespace

void ExportNamed(Napi::Env env, Napi::Object exports) {
  exports.Set("namedList", Napi::Function::New<NamedList>(env, "namedList"));
  exports.Set("namedSweep", Napi::Function::New<NamedSweep>(env, "namedSweep"));
  exports.Set("inspect", Napi::Function::New<InspectSegment>(env, "inspect"));
  exports.Set("namedCreate", Napi::Function::New<NamedCreate>(env, "namedCreate"));
  exports.Set("namedOpen", Napi::Function::New<NamedOpen>(env, "namedOpen"));
  exports.Set("namedRemove", Napi::Function::New<NamedRemove>(env, "namedRemove"));
}

}  // namespace mp::napi
