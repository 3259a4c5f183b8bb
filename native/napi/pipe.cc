// Pipes over rings for JavaScript: two ends, one ring or two between them, and descriptors to wait
// for them. What is put and got goes through napi/ring.cc. See layout/pipe_end.h.
#include <array>

#include "layout/pipe_end.h"
#include "napi/memory.h"
#include "napi/objects.h"
#include "napi/ring.h"
#include "sync/ring_wait.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;
using layout::PipeEnd;
using layout::SyncObject;

uint32_t GranuleOf(const Napi::CallbackInfo& info, const void* object) {
  const auto* base = Tree(info).segment.base();
  const auto offset = static_cast<const uint8_t*>(object) - base;
  return static_cast<uint32_t>(offset / layout::kGranule);
}

/// What a pipe consists of; all of it is held by this thread.
struct Parts {
  SyncObject* one = nullptr;
  SyncObject* other = nullptr;
  layout::Ring* to_one = nullptr;
  layout::Ring* to_other = nullptr;

  [[nodiscard]] std::array<const void*, 4> All() const { return {one, other, to_one, to_other}; }
};

/// This thread lets go of a part, however often it holds it.
void Drop(const Napi::CallbackInfo& info, const void* part) {
  if (part == nullptr) return;
  EnvState* state = EnvState::Of(info.Env());
  const uint64_t address = uint64_t{GranuleOf(info, part)} * layout::kGranule;
  while (state->held().Has(address)) state->held().Remove(address);
  (void)Tree(info).references().Drop(state->IdIn(info.Env(), 0), address);
}

SyncObject* NewEnd(const Napi::CallbackInfo& info) {
  const uint64_t address = CreateCounted(info, sizeof(SyncObject));
  const sync::Segment& segment = Tree(info).segment;
  auto* end = reinterpret_cast<SyncObject*>(segment.base() + address);
  end->serial = segment.header()->next_serial.fetch_add(1, std::memory_order_relaxed);
  end->kind = static_cast<uint32_t>(ObjectKind::kPipeEnd);
  return end;
}

/// A ring for messages of any size, that is known to both ends.
layout::Ring* NewWay(const Napi::CallbackInfo& info, SyncObject* from, SyncObject* to,
                     uint32_t most_bytes) {
  layout::Ring* ring = NewRing(info, layout::kCountMax, most_bytes);
  ring->flags = layout::kOversize;
  ring->writer = GranuleOf(info, from);
  ring->writer_serial = from->serial;
  ring->reader = GranuleOf(info, to);
  ring->reader_serial = to->serial;
  auto* out = reinterpret_cast<PipeEnd*>(from);
  out->out = GranuleOf(info, ring);
  out->out_serial = ring->serial;
  auto* in = reinterpret_cast<PipeEnd*>(to);
  in->in = out->out;
  in->in_serial = out->out_serial;
  // The ends are two objects here, and each holds both rings.
  EnvState::Of(info.Env())->held().Add(uint64_t{out->out} * layout::kGranule);
  return ring;
}

Napi::Value AddressIn(const Napi::CallbackInfo& info, const void* object) {
  const double address = object == nullptr ? 0 : GranuleOf(info, object) * double{layout::kGranule};
  return Napi::Number::New(info.Env(), address);
}

/// createPipe(duplex, most bytes in flight each way) → [one end, other end, ring to one, ring to
/// other]: addresses; without `duplex` nothing goes to the other, and 0 is there. The ends are held
/// once, the rings twice.
Napi::Value CreatePipe(const Napi::CallbackInfo& info) {
  const bool duplex = info[0].ToBoolean();
  const auto most_bytes = static_cast<uint32_t>(WholeAt(info, 1));
  Parts parts;
  try {
    parts.one = NewEnd(info);
    parts.other = NewEnd(info);
    parts.to_one = NewWay(info, parts.other, parts.one, most_bytes);
    if (duplex) parts.to_other = NewWay(info, parts.one, parts.other, most_bytes);
  } catch (const Napi::Error&) {
    // There was no memory for the rest.
    for (const void* part : parts.All()) Drop(info, part);
    throw;
  }
  Napi::Array result = Napi::Array::New(info.Env(), 4);
  uint32_t i = 0;
  for (const void* part : parts.All()) result[i++] = AddressIn(info, part);
  return result;
}

/// ringSettle(address, putting): shuts a pipe's ring down if nobody is at its far end any more
void Settle(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kQueue);
  sync::MessageRing ring = RingOf(target);
  const sync::RingSide side = info[1].ToBoolean() ? ring.put_side() : ring.get_side();
  sync::Id holder = 0;
  if (!ring.SeesFarEnd(side, target.self, &holder)) ring.Settle(side, target.self);
}

/// ringDescriptor(address) → a descriptor that can be read while there may be something to get
Napi::Value OpenDescriptor(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kQueue);
  os::Status status;
  const int descriptor = EnvState::Of(info.Env())
                             ->ring_watches()
                             .Open(RingAwaitable(target, kAwaitRecord), target.self, &status);
  if (!status.ok()) ThrowSystem(info.Env(), status, "there is no descriptor for the pipe");
  return Napi::Number::New(info.Env(), descriptor);
}

/// ringDescriptorRearm(descriptor): nothing was there; it can be read once there may be
void RearmDescriptor(const Napi::CallbackInfo& info) {
  EnvState::Of(info.Env())->ring_watches().Rearm(static_cast<int>(WholeAt(info, 0)));
}

/// ringDescriptorClose(descriptor)
void CloseDescriptor(const Napi::CallbackInfo& info) {
  EnvState::Of(info.Env())->ring_watches().Close(static_cast<int>(WholeAt(info, 0)));
}

}  // namespace

void ExportPipe(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("createPipe", Napi::Function::New<CreatePipe>(env, "createPipe"));
  set("ringSettle", Napi::Function::New<Settle>(env, "ringSettle"));
  set("ringDescriptor", Napi::Function::New<OpenDescriptor>(env, "ringDescriptor"));
  set("ringDescriptorRearm", Napi::Function::New<RearmDescriptor>(env, "ringDescriptorRearm"));
  set("ringDescriptorClose", Napi::Function::New<CloseDescriptor>(env, "ringDescriptorClose"));
}

}  // namespace mp::napi
