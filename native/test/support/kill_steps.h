// A party is killed after any of the instructions of what it does, and the others look at each
// state that it can leave (support/stepper.h): on a copy of the memory, in which it is dead.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "support/shared_segment.h"
#include "support/stepper.h"

namespace mp::test {

/// One state of the memory, seen by the survivors.
class Left {
 public:
  Left(SharedSegment& original, const SegmentImage& image)
      : original_(original.segment().base()), copy_(image) {}
  ~Left() { os::Unmap(copy_.segment().base(), copy_.segment().header()->capacity); }
  Left(const Left&) = delete;
  Left& operator=(const Left&) = delete;

  [[nodiscard]] const sync::Segment& segment() { return copy_.segment(); }
  [[nodiscard]] sync::Allocator allocator() const { return copy_.allocator(); }
  /// What is at this place of the original.
  template <typename T>
  [[nodiscard]] T* At(T* place) {
    return reinterpret_cast<T*>(copy_.segment().base() +
                                (reinterpret_cast<uint8_t*>(place) - original_));
  }

 private:
  uint8_t* original_;
  SharedSegment copy_;
};

/// `look` is called for each state that `run` can leave, in their order.
inline void KillAtEveryStep(SharedSegment& shared, const std::function<void(sync::Id)>& run,
                            const std::function<void(Left&)>& look) {
  const std::vector<SegmentImage> states = StatesOf(shared, run);
  if (states.empty()) {
    WARN_MESSAGE(false, "this system forbids ptrace: nothing was checked");
    return;
  }
  CHECK(states.size() >= 2);
  for (const SegmentImage& state : states) {
    Left left(shared, state);
    look(left);
  }
}

template <uint64_t kBytes>
layout::SyncObject* NewSized(SharedSegment& shared, layout::ObjectKind kind, uint32_t maximum) {
  struct Bytes {
    uint8_t bytes[kBytes];
  };
  auto* object = reinterpret_cast<layout::SyncObject*>(shared.New<Bytes>());
  object->kind = static_cast<uint32_t>(kind);
  object->flags = layout::kRobust;
  object->maximum = maximum;
  return object;
}

}  // namespace mp::test
