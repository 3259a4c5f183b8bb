// A ring, parties at its two sides, and messages that tell whether they are whole.
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "support/shared_segment.h"
#include "sync/ring_wait.h"

namespace mp::test {

struct RingWorld {
  static constexpr uint32_t kTag = 7;
  static constexpr uint32_t kByteLimit = 8U << 20;

  explicit RingWorld(uint32_t maximum = layout::kCountMax, uint32_t byte_limit = kByteLimit,
                     uint64_t capacity = 64ULL << 20)
      : shared({capacity, SharedSegment::kSlots}) {
    NewRing(maximum, byte_limit);
  }

  void NewRing(uint32_t maximum, uint32_t byte_limit) {
    const sync::Allocation made = shared.allocator().Allocate(self.id(), sync::MessageRing::kBytes);
    REQUIRE(made.fault == sync::AllocationFault::kNone);
    layout = reinterpret_cast<layout::Ring*>(shared.segment().base() + made.offset);
    sync::MessageRing::Format(layout, maximum, byte_limit);
  }

  SharedSegment shared;
  Party self{shared};
  Party other{shared};
  layout::Ring* layout = nullptr;

  [[nodiscard]] sync::MessageRing ring() { return {shared.segment(), shared.allocator(), layout}; }

  /// Puts a message of so many bytes that begins with `number`.
  sync::RingResult PutAs(sync::Id id, uint32_t number, uint32_t bytes = 8,
                         os::Deadline deadline = os::Deadline::After(0)) {
    sync::MessageRing at = ring();
    const sync::RingResult result = at.BeginPut(id, bytes, deadline);
    if (result != sync::RingResult::kReady) {
      if (result != sync::RingResult::kBusy) at.CancelPut();
      return result;
    }
    Fill(at.Reserve(bytes), number, bytes);
    at.EndPut(bytes, kTag);
    return result;
  }
  sync::RingResult Put(uint32_t number, uint32_t bytes = 8) {
    return PutAs(self.id(), number, bytes);
  }

  /// The number of the next message, which is whole; or no message.
  sync::RingResult Get(sync::Id id, uint32_t* number, uint32_t* bytes = nullptr,
                       os::Deadline deadline = os::Deadline::After(0)) {
    sync::MessageRing at = ring();
    const sync::RingResult result = at.BeginGet(id, deadline);
    if (result != sync::RingResult::kReady) {
      if (result != sync::RingResult::kBusy) at.CancelGet();
      return result;
    }
    const layout::Record* record = at.Peek();
    *number = NumberIn(record);
    if (bytes != nullptr) *bytes = record->bytes;
    at.EndGet();
    return result;
  }
  /// As above; kTorn for a message that is not whole, kNoMessage for none.
  uint32_t Get() {
    uint32_t number = kNoMessage;
    const sync::RingResult result = Get(other.id(), &number);
    return result == sync::RingResult::kReady ? number : kNoMessage;
  }
  std::vector<uint32_t> GetAll() {
    std::vector<uint32_t> numbers;
    for (uint32_t number = Get(); number != kNoMessage; number = Get()) numbers.push_back(number);
    return numbers;
  }

  static constexpr uint32_t kNoMessage = ~0U;
  static constexpr uint32_t kTorn = ~0U - 1;

  static void Fill(uint8_t* payload, uint32_t number, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; ++i) payload[i] = static_cast<uint8_t>(number * 31 + i);
    if (bytes >= sizeof number) std::memcpy(payload, &number, sizeof number);
  }
  static uint32_t NumberIn(const layout::Record* record) {
    const auto* payload = reinterpret_cast<const uint8_t*>(record + 1);
    uint32_t number = 0;
    if (record->tag != kTag || record->bytes < sizeof number) return kTorn;
    std::memcpy(&number, payload, sizeof number);
    for (uint32_t i = sizeof number; i < record->bytes; ++i) {
      if (payload[i] != static_cast<uint8_t>(number * 31 + i)) return kTorn;
    }
    return number;
  }
};

}  // namespace mp::test
