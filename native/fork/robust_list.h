// What the kernel keeps per thread for glibc, and has to be told again after a fork or a bare
// clone: the list of robust mutexes that the thread holds, and the area of restartable sequences.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mp::fork {

/// The calling thread's list of robust mutexes.
class RobustList {
 public:
  void Read();
  void Register() const;
  /// Forgets the mutexes in it: they are the parent's. Their links lie in shared memory, so a list
  /// that kept them would change the parent's. As glibc's own fork does: `robust_prev` stands
  /// before the head since 2006, and the gate checks it (IsAsExpected).
  void Empty() const;
  /// Whether the list of a thread without robust mutexes looks as Empty() makes it.
  [[nodiscard]] bool IsAsExpected() const;

 private:
  void** head_ = nullptr;
  size_t bytes_ = 0;
};

/// Registers what glibc has registered for the thread with this thread pointer, if it has.
void RegisterRestartableSequences(uintptr_t thread_pointer);
/// Looks up where that is; before the first fork.
void FindRestartableSequences();

}  // namespace mp::fork
