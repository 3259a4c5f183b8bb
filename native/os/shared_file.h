// Memory that processes share: a file without a name that grows and can be mapped.
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/status.h"

namespace mp::os {

/// Owns one descriptor (or handle) of shared memory. Mappings outlive it.
class SharedFile {
 public:
  SharedFile() = default;
  ~SharedFile();
  SharedFile(SharedFile&& other) noexcept;
  SharedFile& operator=(SharedFile&& other) noexcept;
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;

  /// Anonymous memory; nothing of it is backed yet.
  Status Create();
  /// Opens the memory behind descriptor `descriptor` of the living process `pid` of this user.
  Status OpenOf(int pid, int descriptor);

  /// Takes over an open descriptor of shared memory.
  void Adopt(int descriptor);

  /// Makes these bytes its whole content.
  Status Write(const void* data, uint64_t length) const;
  /// Copies its first `length` bytes, which it must have.
  Status Read(void* data, uint64_t length) const;

  /// Backs the range with memory, so that touching it can never fail.
  Status Commit(uint64_t offset, uint64_t length) const;
  Status Size(uint64_t* size_bytes) const;
  /// Maps `[0, length)` anywhere; parts that were not committed yet must not be touched.
  Status Map(uint64_t length, uint8_t** base) const;
  /// Maps `[0, length)` at exactly `address`, replacing what is mapped there.
  Status MapAt(void* address, uint64_t length) const;

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

void Unmap(void* base, uint64_t length);

}  // namespace mp::os
