// Linux and POSIX implementation of the contract of the same name; see the header.
#include "os/shared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace mp::os {
namespace {

Status Failed(const char* call) { return {errno, call}; }

}  // namespace

SharedFile::~SharedFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

SharedFile::SharedFile(SharedFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

SharedFile& SharedFile::operator=(SharedFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Status SharedFile::Create() {
  descriptor_ = memfd_create("node-multiprocessing", MFD_CLOEXEC);
  return descriptor_ < 0 ? Failed("memfd_create") : Status{};
}

Status SharedFile::OpenOf(int pid, int descriptor) {
  char path[64];
  (void)std::snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, descriptor);
  descriptor_ = open(path, O_RDWR | O_CLOEXEC);
  return descriptor_ < 0 ? Failed("open") : Status{};
}

void SharedFile::Adopt(int descriptor) {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = descriptor;
}

Status SharedFile::Write(const void* data, uint64_t length) const {
  if (ftruncate(descriptor_, 0) < 0) return Failed("ftruncate");
  const auto* bytes = static_cast<const uint8_t*>(data);
  for (uint64_t done = 0; done < length;) {
    const ssize_t written =
        pwrite(descriptor_, bytes + done, length - done, static_cast<off_t>(done));
    if (written < 0 && errno != EINTR) return Failed("pwrite");
    if (written > 0) done += static_cast<uint64_t>(written);
  }
  return {};
}

Status SharedFile::Read(void* data, uint64_t length) const {
  auto* bytes = static_cast<uint8_t*>(data);
  for (uint64_t done = 0; done < length;) {
    const ssize_t got = pread(descriptor_, bytes + done, length - done, static_cast<off_t>(done));
    if (got == 0) return {EIO, "pread"};
    if (got < 0 && errno != EINTR) return Failed("pread");
    if (got > 0) done += static_cast<uint64_t>(got);
  }
  return {};
}

Status SharedFile::Commit(uint64_t offset, uint64_t length) const {
  int result = 0;
  do {
    result = fallocate(descriptor_, 0, static_cast<off_t>(offset), static_cast<off_t>(length));
  } while (result < 0 && errno == EINTR);
  return result < 0 ? Failed("fallocate") : Status{};
}

Status SharedFile::Size(uint64_t* size_bytes) const {
  struct stat file{};
  if (fstat(descriptor_, &file) < 0) return Failed("fstat");
  *size_bytes = static_cast<uint64_t>(file.st_size);
  return {};
}

Status SharedFile::Map(uint64_t length, uint8_t** base) const {
  void* address =
      mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor_, 0);
  if (address == MAP_FAILED) return Failed("mmap");
  *base = static_cast<uint8_t*>(address);
  return {};
}

Status SharedFile::MapAt(void* address, uint64_t length) const {
  void* mapped = mmap(address, length, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_NORESERVE | MAP_FIXED, descriptor_, 0);
  return mapped == MAP_FAILED ? Failed("mmap") : Status{};
}

void Unmap(void* base, uint64_t length) { munmap(base, length); }

}  // namespace mp::os
