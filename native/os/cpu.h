// What spinning needs to know about the processor.
#pragma once

namespace mp::os {

/// Tells the core that this is a spin loop, for some tens of nanoseconds.
inline void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

/// Cores that this process may run on, by its affinity. Read once: on one core nobody spins.
[[nodiscard]] int AvailableCpus();

}  // namespace mp::os
