// What shared data is held against: copies by memcpy, and an atomic addition.
#include <atomic>
#include <cstring>
#include <memory>

#include "cases.h"
#include "measure.h"
#include "shared.h"

namespace peer {
namespace {

constexpr size_t kCopyBytes = 1'000'000;
struct Bytes {
  unsigned char data[kCopyBytes];
};

// Keeps the compiler from dropping copies whose result nobody reads.
inline void Touch(void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

void PrintCopy(const Options& options, unsigned char* to, const unsigned char* from) {
  PrintBatches(options.measured_ms, [to, from](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(to, from, kCopyBytes);
      Touch(to);
    }
  });
}

}  // namespace

void CopyIn(const Options& options) {
  auto own = std::make_unique<Bytes>();
  std::memset(own->data, 1, kCopyBytes);
  PrintCopy(options, NewShared<Bytes>()->data, own->data);
}

void CopyOut(const Options& options) {
  auto own = std::make_unique<Bytes>();
  auto* shared = NewShared<Bytes>();
  std::memset(shared->data, 1, kCopyBytes);
  PrintCopy(options, own->data, shared->data);
}

void AtomicAdd(const Options& options) {
  auto* word = NewShared<std::atomic<int>>();
  PrintBatches(options.measured_ms, [word](int64_t count) {
    for (int64_t i = 0; i < count; ++i) word->fetch_add(1);
  });
}

}  // namespace peer
