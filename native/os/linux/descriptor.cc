// Linux and POSIX implementation of the contract of the same name; see the header.
#include "os/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mp::os {

void Descriptor::Close() {
  if (number_ >= 0) close(Release());
}

Status OpenMessagePair(Descriptor* one, Descriptor* other) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    return {errno, "socketpair"};
  }
  *one = Descriptor(ends[0]);
  *other = Descriptor(ends[1]);
  return {};
}

void SendByte(int descriptor, uint8_t message) {
  ssize_t sent = 0;
  do {
    sent = send(descriptor, &message, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
}

Received ReceiveByte(int descriptor, uint8_t* message) {
  ssize_t got = 0;
  do {
    got = recv(descriptor, message, 1, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got == 1) return Received::kMessage;
  const bool is_empty = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  return is_empty ? Received::kNothing : Received::kEnded;
}

bool IsReadable(int descriptor, int timeout_ms) {
  pollfd entry{descriptor, POLLIN, 0};
  return poll(&entry, 1, timeout_ms) > 0;
}

bool IsOpen(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

Status OpenAlwaysReadable(Descriptor* result) {
  *result = Descriptor(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  return result->is_open() ? Status{} : Status{errno, "eventfd"};
}

Status OpenNull(Descriptor* result) {
  *result = Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC));
  return result->is_open() ? Status{} : Status{errno, "open"};
}

void StopInheritance(int descriptor) { fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

}  // namespace mp::os
