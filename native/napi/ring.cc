// Rings for JavaScript: making one, and the calls that the fast path could not answer. See
// sync/ring.h. Places are distances from the start of the data of the chunk that a side uses.
#include "napi/ring.h"

#include <algorithm>

#include "napi/memory.h"
#include "napi/objects.h"
#include "sync/ring_wait.h"

namespace mp::napi {
namespace {

using layout::ObjectKind;
using sync::MessageRing;
using sync::RingResult;

struct RingTarget {
  Target target;
  MessageRing ring;
};

RingTarget RingAt(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kQueue);
  return {target, RingOf(target)};
}

uint32_t BytesAt(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<uint32_t>(std::min<uint64_t>(WholeAt(info, index), layout::kCountMax));
}

/// Negative: why there is no place.
Napi::Value Refusal(const Napi::CallbackInfo& info, RingResult result) {
  return Napi::Number::New(info.Env(), -static_cast<int32_t>(result));
}

Napi::Value PlaceIn(const Napi::CallbackInfo& info, const layout::Ring* ring, uint32_t chunk,
                    const void* pointer) {
  const auto data =
      reinterpret_cast<const uint8_t*>(ring) + static_cast<int32_t>(chunk) + sizeof(layout::Chunk);
  const auto place = static_cast<const uint8_t*>(pointer) - data;
  return Napi::Number::New(info.Env(), static_cast<double>(place));
}

uint32_t GranuleOf(uint64_t offset) { return static_cast<uint32_t>(offset / layout::kGranule); }

/// createRing(most items, most bytes in flight) → address; held here
Napi::Value CreateRing(const Napi::CallbackInfo& info) {
  const layout::Ring* ring = NewRing(info, BytesAt(info, 0), BytesAt(info, 1));
  const auto* base = Tree(info).segment.base();
  return Napi::Number::New(info.Env(),
                           static_cast<double>(reinterpret_cast<const uint8_t*>(ring) - base));
}

/// ringBeginPut(address, bytes, timeoutMs) → where the payload belongs, with the putters' lock; or
/// -RingResult, without. Blocks the thread.
Napi::Value BeginPut(const Napi::CallbackInfo& info) {
  auto [target, ring] = RingAt(info);
  const uint32_t bytes = BytesAt(info, 1);
  const WorkerEnd stop(info.Env());
  const RingResult result = ring.BeginPut(target.self, bytes, DeadlineAt(info, 2), &stop);
  if (result != RingResult::kReady) {
    if (result != RingResult::kBusy) ring.CancelPut();
    return Refusal(info, result);
  }
  const auto* layout = reinterpret_cast<const layout::Ring*>(target.object);
  return PlaceIn(info, layout, layout->put_chunk, ring.Reserve(bytes));
}

/// ringEndPut(address, bytes, tag): puts what was written, releases the lock
void EndPut(const Napi::CallbackInfo& info) {
  RingAt(info).ring.EndPut(BytesAt(info, 1), static_cast<uint32_t>(WholeAt(info, 2)));
}

/// ringFinishPut(address): after a fast put that could not release the lock, or somebody waits
void FinishPut(const Napi::CallbackInfo& info) {
  auto [target, ring] = RingAt(info);
  ring.FinishPut(target.self);
}

/// ringBeginGet(address, timeoutMs, discarded) → where the next record is, with the getters' lock;
/// or -RingResult, without. Blocks the thread.
Napi::Value BeginGet(const Napi::CallbackInfo& info) {
  auto [target, ring] = RingAt(info);
  const WorkerEnd stop(info.Env());
  const RingResult result =
      ring.BeginGet(target.self, DeadlineAt(info, 1), &stop, info[2].ToBoolean());
  if (result != RingResult::kReady) {
    if (result != RingResult::kBusy) ring.CancelGet();
    return Refusal(info, result);
  }
  const auto* layout = reinterpret_cast<const layout::Ring*>(target.object);
  return PlaceIn(info, layout, layout->get_chunk, ring.Peek());
}

/// ringEndGet(address): takes that record, releases the lock
void EndGet(const Napi::CallbackInfo& info) { RingAt(info).ring.EndGet(); }

/// ringFinishGet(address): as ringFinishPut
void FinishGet(const Napi::CallbackInfo& info) {
  auto [target, ring] = RingAt(info);
  ring.FinishGet(target.self);
}

/// ringShutDown(address, discard)
void ShutDown(const Napi::CallbackInfo& info) {
  auto [target, ring] = RingAt(info);
  ring.ShutDown(target.self, info[1].ToBoolean());
}

/// ringKeeper(address) → the ring as the holder of what its messages refer to, for describe;
/// undefined for a ring with a name, which may be nobody's; this thread, for another tree's
Napi::Value Keeper(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kQueue);
  if (reinterpret_cast<const layout::Ring*>(target.object)->maker == 0) {
    return info.Env().Undefined();
  }
  if (target.mapped != sync::AddressSpace::Instance().At(0)) {
    return Napi::Number::New(info.Env(), EnvState::Of(info.Env())->IdIn(info.Env(), 0));
  }
  const auto offset =
      reinterpret_cast<const uint8_t*>(target.object) - target.mapped->segment.base();
  return Napi::Number::New(info.Env(), static_cast<double>(layout::kInRing | GranuleOf(offset)));
}

/// ringCount(address) → items in it
Napi::Value Count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), RingAt(info).ring.Count());
}

/// ringTaskDone(address) → false when all are done
Napi::Value TaskDone(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), RingAt(info).ring.TaskDone());
}

/// ringUnfinished(address) → items that are not reported done
Napi::Value Unfinished(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), RingAt(info).ring.Unfinished());
}

/// ringJoin(address, timeoutMs) → whether everything is done; blocks the thread
Napi::Value Join(const Napi::CallbackInfo& info) {
  auto [target, ring] = RingAt(info);
  const WorkerEnd stop(info.Env());
  return Napi::Boolean::New(info.Env(), ring.Join(target.self, DeadlineAt(info, 1), &stop));
}

}  // namespace

MessageRing RingOf(const Target& target) {
  return {target.mapped->segment, target.mapped->allocator(),
          reinterpret_cast<layout::Ring*>(target.object)};
}

layout::Ring* NewRing(const Napi::CallbackInfo& info, uint32_t maximum, uint32_t byte_limit) {
  const uint64_t address = CreateCounted(info, MessageRing::kBytes);
  sync::MappedSegment& tree = Tree(info);
  auto* ring = reinterpret_cast<layout::Ring*>(tree.segment.base() + address);
  MessageRing::Format(ring, maximum, byte_limit);
  ring->serial = tree.segment.header()->next_serial.fetch_add(1, std::memory_order_relaxed);
  ring->maker = EnvState::Of(info.Env())->IdIn(info.Env(), 0);
  ring->kind = static_cast<uint32_t>(ObjectKind::kQueue);
  return ring;
}

std::unique_ptr<sync::Awaitable> RingAwaitable(const Target& target, uint32_t detail) {
  const MessageRing ring = RingOf(target);
  const sync::Segment& segment = target.mapped->segment;
  if (detail == kAwaitRecord) return std::make_unique<sync::GetWait>(ring, segment, false);
  if (detail == kAwaitDone) return std::make_unique<sync::JoinWait>(ring, segment);
  return std::make_unique<sync::PutWait>(ring, segment, detail);
}

void ExportRing(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("createRing", Napi::Function::New<CreateRing>(env, "createRing"));
  set("ringBeginPut", Napi::Function::New<BeginPut>(env, "ringBeginPut"));
  set("ringEndPut", Napi::Function::New<EndPut>(env, "ringEndPut"));
  set("ringFinishPut", Napi::Function::New<FinishPut>(env, "ringFinishPut"));
  set("ringBeginGet", Napi::Function::New<BeginGet>(env, "ringBeginGet"));
  set("ringEndGet", Napi::Function::New<EndGet>(env, "ringEndGet"));
  set("ringFinishGet", Napi::Function::New<FinishGet>(env, "ringFinishGet"));
  set("ringShutDown", Napi::Function::New<ShutDown>(env, "ringShutDown"));
  set("ringKeeper", Napi::Function::New<Keeper>(env, "ringKeeper"));
  set("ringCount", Napi::Function::New<Count>(env, "ringCount"));
  set("ringTaskDone", Napi::Function::New<TaskDone>(env, "ringTaskDone"));
  set("ringUnfinished", Napi::Function::New<Unfinished>(env, "ringUnfinished"));
  set("ringJoin", Napi::Function::New<Join>(env, "ringJoin"));
}

}  // namespace mp::napi
