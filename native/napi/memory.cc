// Shared memory for JavaScript: the arena, windows and views, new objects, numbers of the layout.
// layout.
#include "napi/memory.h"

#include <algorithm>
#include <charconv>

#include "layout/barrier.h"
#include "layout/condition.h"
#include "layout/data_block.h"
#include "layout/ring.h"
#include "layout/robust_semaphore.h"
#include "layout/rwlock.h"
#include "napi/objects.h"
#include "os/process.h"

namespace mp::napi {

sync::Place PlaceAt(const Napi::CallbackInfo& info, size_t index, uint64_t length) {
  const sync::Place place = sync::AddressSpace::Instance().Resolve(WholeAt(info, index), length);
  if (place.mapped == nullptr) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no shared memory at this address");
  }
  return place;
}

sync::MappedSegment& Tree(const Napi::CallbackInfo& info) {
  if (!sync::AddressSpace::Instance().has_tree()) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no shared memory is open");
  }
  return *sync::AddressSpace::Instance().At(0);
}

namespace {

using layout::SyncObject;
using sync::AddressSpace;
using sync::MappedSegment;
using sync::Place;

std::array<uint8_t, 16> IdFromHex(Napi::Env env, const std::string& hex) {
  std::array<uint8_t, 16> id{};
  bool valid = hex.size() == 2 * id.size();
  for (size_t i = 0; valid && i < id.size(); ++i) {
    const char* start = hex.data() + 2 * i;
    valid = std::from_chars(start, start + 2, id[i], 16).ptr == start + 2;
  }
  if (!valid) Throw(env, "ERR_MP_HANDLE_STALE", "this is not the handle of a shared object");
  return id;
}

/// openTree(): makes this process's first segment, unless it has one
void OpenTree(const Napi::CallbackInfo& info) {
  ThrowUnlessAttached(info.Env(), AddressSpace::Instance().OpenTree());
}

/// treeInfo() → { descriptor, id, capacity, committedBytes, usedBytes }
Napi::Value TreeInfo(const Napi::CallbackInfo& info) {
  const MappedSegment& tree = Tree(info);
  const layout::SegmentHeader* head = tree.segment.header();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("descriptor", tree.file.descriptor());
  result.Set("id", SegmentIdOf(tree));
  result.Set("capacity", static_cast<double>(head->capacity));
  result.Set("committedBytes", static_cast<double>(head->committed - head->heap_offset));
  result.Set("usedBytes", static_cast<double>(head->used_bytes));
  return result;
}

/// useWindow(Uint8Array over a WebAssembly.Memory of windowBytes)
void UseWindow(const Napi::CallbackInfo& info) {
  auto view = info[0].As<Napi::Uint8Array>();
  const auto base = reinterpret_cast<uintptr_t>(view.Data());
  if (view.ByteLength() < AddressSpace::kWindowBytes || base % layout::kPage != 0) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: the window is too small or not aligned");
  }
  EnvState::Of(info.Env())->UseWindow(info.Env(), view.Data());
}

Napi::Value ExternalBuffer(Napi::Env env, uint8_t* data, uint64_t length) {
  napi_value buffer = nullptr;
  // The mapping is pinned for the life of the process, so there is nothing to finalize.
  const napi_status status =
      napi_create_external_arraybuffer(env, data, length, nullptr, nullptr, &buffer);
  if (status == napi_no_external_buffers_allowed) {
    Throw(env, "ERR_MP_UNSUPPORTED_RUNTIME",
          "this runtime forbids ArrayBuffers over shared memory (as Electron does)");
  }
  if (status != napi_ok) {
    Throw(env, "ERR_MP_INTERNAL", "an ArrayBuffer over shared memory cannot be made");
  }
  return {env, buffer};
}

/// chunk(address, length) → ArrayBuffer over mapped, perhaps not committed memory (plain back end)
Napi::Value Chunk(const Napi::CallbackInfo& info) {
  const uint64_t address = WholeAt(info, 0);
  const uint64_t length = WholeAt(info, 1);
  auto& space = AddressSpace::Instance();
  for (uint32_t i = 0; i < space.count(); ++i) {
    const MappedSegment& mapped = *space.At(i);
    const uint64_t offset = address - mapped.window_base;
    const uint64_t bytes = mapped.segment.mapped_bytes();
    if (address < mapped.window_base || offset >= bytes || length > bytes - offset) continue;
    return ExternalBuffer(info.Env(), mapped.segment.base() + offset, length);
  }
  Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no shared memory at this address");
}

/// bytes(address, length) → ArrayBuffer over exactly these bytes, for bulk copies
Napi::Value Bytes(const Napi::CallbackInfo& info) {
  const uint64_t length = WholeAt(info, 1);
  return ExternalBuffer(info.Env(), PlaceAt(info, 0, length).pointer, length);
}

/// preferLargePages(bytes): for memory of JavaScript's own that will be filled
void PreferLargePages(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray()) return;
  auto bytes = info[0].As<Napi::Uint8Array>();
  os::PreferLargePages(bytes.Data(), bytes.ByteLength());
}

/// expectLargeBlocks(): for memory of JavaScript's own that is taken and freed again and again
void ExpectLargeBlocks(const Napi::CallbackInfo&) { os::ExpectLargeBlocks(); }

/// allocate(sizeBytes) → address of zeroed bytes, 64-byte aligned, that stay until free
Napi::Value Allocate(const Napi::CallbackInfo& info) {
  const uint64_t size_bytes = WholeAt(info, 0);
  const sync::Id self = EnvState::Of(info.Env())->IdIn(info.Env(), 0);
  const sync::Allocation allocation = Tree(info).allocator().Allocate(self, size_bytes);
  ThrowUnlessAllocated(info.Env(), allocation, size_bytes);
  return Napi::Number::New(info.Env(), static_cast<double>(allocation.offset));
}

/// free(address) → false when no such block starts there
Napi::Value Free(const Napi::CallbackInfo& info) {
  const Place place = PlaceAt(info, 0, layout::kGranule);
  const sync::Id self = EnvState::Of(info.Env())->IdIn(info.Env(), place.index);
  const uint64_t offset = WholeAt(info, 0) - place.mapped->window_base;
  return Napi::Boolean::New(info.Env(), place.mapped->allocator().Free(self, offset));
}

/// createObject(kind, flags, maximum, low half of the state, sizeBytes?) → address; held here.
/// What is behind the first granule is zeroed.
Napi::Value CreateObject(const Napi::CallbackInfo& info) {
  const auto kind = static_cast<uint32_t>(WholeAt(info, 0));
  const auto flags = static_cast<uint32_t>(WholeAt(info, 1));
  const auto maximum = static_cast<uint32_t>(WholeAt(info, 2));
  const auto low = static_cast<uint32_t>(WholeAt(info, 3));
  const uint64_t size_bytes = info[4].IsUndefined() ? sizeof(SyncObject) : WholeAt(info, 4);
  const uint64_t address = CreateCounted(info, std::max(size_bytes, sizeof(SyncObject)));
  MappedSegment& tree = Tree(info);
  auto* object = reinterpret_cast<SyncObject*>(tree.segment.base() + address);
  object->flags = flags;
  object->maximum = maximum;
  object->serial = tree.segment.header()->next_serial.fetch_add(1, std::memory_order_relaxed);
  object->state.store(low, std::memory_order_relaxed);
  // Handles travel by channels of their own, which order them after this.
  object->kind = kind;
  return Napi::Number::New(info.Env(), static_cast<double>(address));
}

/// segmentAt(address) → index of the segment in this process
Napi::Value SegmentAt(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), PlaceAt(info, 0, layout::kGranule).index);
}

/// placeOf(address) → { segment: its id, offset: in it }
Napi::Value PlaceOf(const Napi::CallbackInfo& info) {
  const Place place = PlaceAt(info, 0, layout::kGranule);
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("segment", SegmentIdOf(*place.mapped));
  const uint64_t offset = WholeAt(info, 0) - place.mapped->window_base;
  result.Set("offset", static_cast<double>(offset));
  return result;
}

/// selfAt(address) → id of this thread in that segment
Napi::Value SelfAt(const Napi::CallbackInfo& info) {
  const Place place = PlaceAt(info, 0, layout::kGranule);
  return Napi::Number::New(info.Env(), EnvState::Of(info.Env())->IdIn(info.Env(), place.index));
}

/// attachSegment(id, pid, descriptor) → where the segment starts in this process's window
Napi::Value AttachSegment(const Napi::CallbackInfo& info) {
  sync::SegmentSource source;
  source.id = IdFromHex(info.Env(), info[0].As<Napi::String>());
  source.pid = static_cast<int>(NumberAt(info, 1));
  source.descriptor = static_cast<int>(NumberAt(info, 2));
  uint32_t index = 0;
  ThrowUnlessAttached(info.Env(), AddressSpace::Instance().Attach(source, &index));
  const MappedSegment& mapped = *AddressSpace::Instance().At(index);
  return Napi::Number::New(info.Env(), static_cast<double>(mapped.window_base));
}

/// randomBytes(typed array): fills it
void FillRandom(const Napi::CallbackInfo& info) {
  const auto view = info[0].As<Napi::TypedArray>();
  auto* start = static_cast<uint8_t*>(view.ArrayBuffer().Data()) + view.ByteOffset();
  const os::Status status = os::RandomBytes(start, view.ByteLength());
  if (!status.ok()) ThrowSystem(info.Env(), status, "there are no random bytes");
}

void ExportConstants(Napi::Env env, Napi::Object exports) {
  Napi::Object constants = Napi::Object::New(env);
  constants.Set("layoutVersion", layout::kLayoutVersion);
  constants.Set("windowBytes", static_cast<double>(AddressSpace::kWindowBytes));
  constants.Set("granule", static_cast<double>(layout::kGranule));
  constants.Set("idMask", layout::kIdMask);
  constants.Set("waiters", static_cast<double>(layout::kWaiters));
  constants.Set("abandoned", layout::kAbandoned);
  constants.Set("pending", layout::kPending);
  constants.Set("awaited", static_cast<double>(layout::kAwaited));
  constants.Set("countMax", layout::kCountMax);
  constants.Set("robust", layout::kRobust);
  constants.Set("conditionBytes", static_cast<double>(sizeof(layout::ConditionObject)));
  constants.Set("eventSet", layout::kEventSet);
  constants.Set("eventSequence", layout::kEventSequence);
  constants.Set("stateLow", static_cast<double>(offsetof(SyncObject, state)));
  constants.Set("stateHigh", static_cast<double>(offsetof(SyncObject, state) + 4));
  constants.Set("flags", static_cast<double>(offsetof(SyncObject, flags)));
  constants.Set("depth", static_cast<double>(offsetof(SyncObject, depth)));
  constants.Set("maximum", static_cast<double>(offsetof(SyncObject, maximum)));
  constants.Set("hasAction", layout::kHasAction);
  constants.Set("broken", layout::kBroken);
  constants.Set("maxParties", layout::kMaxParties);
  constants.Set("barrierArrivals", static_cast<double>(sizeof(layout::Barrier)));
  constants.Set("robustUnits", static_cast<double>(sizeof(layout::RobustSemaphore)));
  constants.Set("rwlockWriter", static_cast<double>(offsetof(layout::RWLock, writer)));
  constants.Set("rwlockTorn", static_cast<double>(offsetof(layout::RWLock, torn)));
  constants.Set("rwlockClaimed", static_cast<double>(offsetof(layout::RWLock, claimed)));
  constants.Set("rwlockCells", static_cast<double>(sizeof(layout::RWLock)));
  constants.Set("blockData", static_cast<double>(sizeof(layout::DataBlock)));
  constants.Set("ringPutChunk", static_cast<double>(offsetof(layout::Ring, put_chunk)));
  constants.Set("ringGetChunk", static_cast<double>(offsetof(layout::Ring, get_chunk)));
  constants.Set("ringMaximum", static_cast<double>(offsetof(layout::Ring, maximum)));
  constants.Set("ringShutDown", layout::kShutDown);
  constants.Set("chunkBytes", static_cast<double>(offsetof(layout::Chunk, bytes)));
  constants.Set("chunkData", static_cast<double>(sizeof(layout::Chunk)));
  constants.Set("versionInHeader",
                static_cast<double>(offsetof(layout::SegmentHeader, layout_version)));
  exports.Set("constants", constants);
}

}  // namespace

std::string HexOf(const uint8_t* bytes, size_t length) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string hex;
  for (size_t i = 0; i < length; ++i) {
    hex += kHexDigits[bytes[i] >> 4];
    hex += kHexDigits[bytes[i] & 15];
  }
  return hex;
}

std::string SegmentIdOf(const MappedSegment& mapped) {
  const layout::SegmentHeader* head = mapped.segment.header();
  return HexOf(head->id, sizeof head->id);
}

void ExportMemory(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("openTree", Napi::Function::New<OpenTree>(env, "openTree"));
  set("treeInfo", Napi::Function::New<TreeInfo>(env, "treeInfo"));
  set("useWindow", Napi::Function::New<UseWindow>(env, "useWindow"));
  set("chunk", Napi::Function::New<Chunk>(env, "chunk"));
  set("bytes", Napi::Function::New<Bytes>(env, "bytes"));
  set("expectLargeBlocks", Napi::Function::New<ExpectLargeBlocks>(env, "expectLargeBlocks"));
  set("preferLargePages", Napi::Function::New<PreferLargePages>(env, "preferLargePages"));
  set("allocate", Napi::Function::New<Allocate>(env, "allocate"));
  set("free", Napi::Function::New<Free>(env, "free"));
  set("createObject", Napi::Function::New<CreateObject>(env, "createObject"));
  set("segmentAt", Napi::Function::New<SegmentAt>(env, "segmentAt"));
  set("placeOf", Napi::Function::New<PlaceOf>(env, "placeOf"));
  set("selfAt", Napi::Function::New<SelfAt>(env, "selfAt"));
  set("attachSegment", Napi::Function::New<AttachSegment>(env, "attachSegment"));
  set("randomBytes", Napi::Function::New<FillRandom>(env, "randomBytes"));
  ExportConstants(env, exports);
}

}  // namespace mp::napi
