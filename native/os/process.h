// Who this thread is, random bytes, environment, and threads of our own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/status.h"

namespace mp::os {

[[nodiscard]] uint32_t ProcessId();
[[nodiscard]] uint32_t ThreadId();
Status RandomBytes(void* buffer, size_t length);

/// Starts a detached thread with a small stack and all signals blocked, so that the process's
/// signal handlers keep running where they did. `run(argument)` must not throw.
Status StartThread(void (*run)(void*), void* argument);
/// Whether the thread was started by StartThread, in this process.
[[nodiscard]] bool IsOwnThread(uint32_t thread_id);
/// In a forked child, which has none of its parent's.
void ForgetOwnThreads();

/// Bytes that this process may still allocate under its memory control group; the largest value
/// when there is no such limit or it cannot be read.
[[nodiscard]] uint64_t MemoryHeadroom();

/// Asks for large pages behind memory that will be written to soon: fewer faults. A hint.
void PreferLargePages(void* start, uint64_t bytes);

/// Lets malloc keep up to 64 MiB of large blocks that were freed, for the next ones. A hint.
void ExpectLargeBlocks();

}  // namespace mp::os
