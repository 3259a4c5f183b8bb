// Doorbells as pipes; see the header.
#include "os/doorbell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace mp::os {
namespace {

/// Inode number of a pipe; 0 when it is not one.
uint64_t PipeIdentity(int descriptor) {
  struct stat file{};
  if (fstat(descriptor, &file) < 0 || !S_ISFIFO(file.st_mode)) return 0;
  return static_cast<uint64_t>(file.st_ino);
}

}  // namespace

Doorbell::~Doorbell() {
  if (read_end_ >= 0) close(read_end_);
  if (write_end_ >= 0) close(write_end_);
}

Status Doorbell::Create() {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return {errno, "pipe2"};
  read_end_ = ends[0];
  write_end_ = ends[1];
  identity_ = PipeIdentity(read_end_);
  return {};
}

size_t Doorbell::Drain(uint64_t* keys, size_t most) const {
  // Rings are written whole, so a read of a multiple of their size gets whole ones.
  const ssize_t got = read(read_end_, keys, most * sizeof *keys);
  return got > 0 ? static_cast<size_t>(got) / sizeof *keys : 0;
}

int OpenDoorbell(uint32_t pid, uint32_t descriptor, uint64_t identity) {
  char path[64];
  (void)std::snprintf(path, sizeof path, "/proc/%u/fd/%u", pid, descriptor);
  const int opened = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (opened < 0 || PipeIdentity(opened) == identity) return opened;
  close(opened);
  return -1;
}

RingResult RingDoorbell(int opened, uint64_t key) {
  ssize_t written = 0;
  do {
    // At most PIPE_BUF bytes: written whole or not at all, also if this process is killed.
    written = write(opened, &key, sizeof key);
  } while (written < 0 && errno == EINTR);
  if (written >= 0) return RingResult::kRung;
  return errno == EAGAIN ? RingResult::kFull : RingResult::kGone;
}

bool IsDoorbellGone(int opened) {
  pollfd pipe{opened, 0, 0};
  // Of a pipe that nobody can read from; asked for or not.
  return poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR) != 0;
}

void CloseDoorbell(int opened) { close(opened); }

}  // namespace mp::os
