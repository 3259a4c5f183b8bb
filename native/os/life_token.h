// A token in shared memory that a thread holds for its whole life. When the thread ends, however it
// ends (SIGKILL included), the kernel marks the token, and waiters are woken.
//
// posix: a robust, process-shared mutex. The kernel walks the thread's list of robust mutexes when
// the thread ends, sets the owner-died bit in the mutex's lock word and wakes one waiter.
#pragma once

#include <cstdint>

#include "os/status.h"
#include "os/wait.h"

namespace mp::os {

enum class TokenTake { kTaken, kBusy, kFailed };

/// A view of the token at `memory` (layout::kTokenSize bytes, 8-byte aligned, pinned while held).
class LifeToken {
 public:
  explicit LifeToken(void* memory) : memory_(memory) {}

  /// Makes a token that nobody holds. The creator of the segment calls it before others see it.
  Status Format();

  /// Takes the token for the calling thread if nobody who is alive holds it.
  [[nodiscard]] TokenTake Take();

  /// Gives the token back; only on the thread that holds it. Wakes all who wait for it.
  void Release();

  /// False once the holder has ended or released.
  [[nodiscard]] bool IsHeld() const;

  /// Asks for a wake-up at the holder's end. False when there is no holder any more.
  [[nodiscard]] bool ArmDeathNotice(WaitPoint* point) const;

  /// The kernel wakes one waiter only: whoever sees the death passes it on to all.
  void SpreadDeathNotice() const;

 private:
  void* memory_;
};

}  // namespace mp::os
