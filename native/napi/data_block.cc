// Blocks of users' data: made with their header, looked up by their address, taken from a buffer.
#include "layout/data_block.h"

#include <algorithm>

#include "napi/memory.h"
#include "napi/objects.h"

namespace mp::napi {
namespace {

using layout::DataBlock;

/// More cannot be in a segment, and sums with it do not overflow.
constexpr uint64_t kMostBytes = 1ULL << 40;

/// createBlock(kind, element type, byteLength) → address of the header, which this thread
/// holds; the data is zeroed
Napi::Value CreateBlock(const Napi::CallbackInfo& info) {
  const auto kind = static_cast<uint32_t>(WholeAt(info, 0));
  const auto element = static_cast<uint32_t>(WholeAt(info, 1));
  const uint64_t byte_length = WholeAt(info, 2);
  const uint64_t size_bytes = std::min(byte_length, kMostBytes) + sizeof(DataBlock);
  const uint64_t address = CreateCounted(info, size_bytes);
  sync::MappedSegment& tree = Tree(info);
  auto* block = reinterpret_cast<DataBlock*>(tree.segment.base() + address);
  block->byte_length = byte_length;
  block->element = element;
  block->serial = tree.segment.header()->next_serial.fetch_add(1, std::memory_order_relaxed);
  // Handles travel by channels of their own, which order them after this.
  block->kind = kind;
  return Napi::Number::New(info.Env(), static_cast<double>(address));
}

/// blockAt(address) → { element, byteLength } of the block whose header is there
Napi::Value BlockAt(const Napi::CallbackInfo& info) {
  const sync::Place place = PlaceAt(info, 0, sizeof(DataBlock));
  const uint64_t offset = WholeAt(info, 0) - place.mapped->window_base;
  const auto* block = reinterpret_cast<const DataBlock*>(place.pointer);
  const uint64_t size = place.mapped->allocator().SizeOf(offset);
  if (size < sizeof(DataBlock) || block->byte_length > size - sizeof(DataBlock)) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: no block of data at this address");
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("element", block->element);
  result.Set("byteLength", static_cast<double>(block->byte_length));
  return result;
}

/// detach(ArrayBuffer): its length becomes 0, and so that of all views of it
void Detach(const Napi::CallbackInfo& info) {
  if (!info[0].IsArrayBuffer() || napi_detach_arraybuffer(info.Env(), info[0]) != napi_ok) {
    Throw(info.Env(), "ERR_MP_INTERNAL", "native call: this buffer cannot be detached");
  }
}

}  // namespace

void ExportDataBlock(Napi::Env env, Napi::Object exports) {
  exports.Set("createBlock", Napi::Function::New<CreateBlock>(env, "createBlock"));
  exports.Set("blockAt", Napi::Function::New<BlockAt>(env, "blockAt"));
  exports.Set("detach", Napi::Function::New<Detach>(env, "detach"));
}

}  // namespace mp::napi
