// When a reader that is quicker than its writer lets messages gather. If it takes each one as soon
// as it is there, the cache lines of both sides go to and fro for every message, which costs more
// than the message; for several at once they go once.
#pragma once

#include <cstdint>

namespace mp::sync {

/// What one thread's waits for messages were like. It is a stream when one after the other was
/// there almost at once; not when a reader asks and waits for the answer, which has to come as it
/// is there.
class Pace {
 public:
  /// How long messages gather: of the quickest senders some tens, and no delay that anybody sees.
  static constexpr int64_t kGatherNs = 1000;

  [[nodiscard]] bool IsStream() const { return in_a_row_ == kStreak; }

  /// A message was there after so many looks.
  void CameAfter(uint32_t looks) {
    if (looks > kSoon) in_a_row_ = 0;
    if (looks <= kSoon && in_a_row_ < kStreak) ++in_a_row_;
  }

  /// So many were there in the end. A single one would have been there without the delay.
  void Gathered(uint32_t messages) {
    if (messages < 2) in_a_row_ = 0;
  }

 private:
  static constexpr uint32_t kSoon = 8;
  static constexpr uint32_t kStreak = 4;
  uint32_t in_a_row_ = 0;
};

}  // namespace mp::sync
