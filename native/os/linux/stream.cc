// Linux implementation of os/stream.h.
#include "os/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace mp::os {
namespace {

bool IsNotNow(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

/// A connection that was reset and one that was closed are the same to whoever reads or writes.
bool IsEnd(int error) { return error == ECONNRESET || error == EPIPE; }

Moved Failed(const char* call) {
  if (IsNotNow(errno)) return {Progress::kNotNow, 0, {}};
  if (IsEnd(errno)) return {Progress::kEnded, 0, {}};
  return {Progress::kFailed, 0, {errno, call}};
}

Moved SendMessage(int descriptor, const msghdr& message) {
  ssize_t sent = 0;
  do {
    sent = sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return Failed("sendmsg");
  return {Progress::kMoved, static_cast<size_t>(sent), {}};
}

/// Room for the control message that carries one descriptor, aligned as such.
union Control {
  cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

/// The first descriptor of the message; all others that came are closed.
Descriptor TakeDescriptor(msghdr& message) {
  Descriptor first;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      Descriptor one(number);
      if (!first.is_open()) first = std::move(one);
    }
  }
  return first;
}

}  // namespace

Moved Receive(int descriptor, void* into, size_t size) {
  ssize_t got = 0;
  do {
    got = recv(descriptor, into, size, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Failed("recv");
  if (got == 0) return {Progress::kEnded, 0, {}};
  return {Progress::kMoved, static_cast<size_t>(got), {}};
}

Moved Send(int descriptor, Span first, Span second) {
  iovec parts[] = {{const_cast<uint8_t*>(first.data), first.size},
                   {const_cast<uint8_t*>(second.data), second.size}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return SendMessage(descriptor, message);
}

Moved SendDescriptor(int descriptor, uint8_t byte, int sent) {
  iovec part{&byte, 1};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &sent, sizeof(int));
  return SendMessage(descriptor, message);
}

Moved ReceiveDescriptor(int descriptor, uint8_t* byte, Descriptor* received) {
  iovec part{byte, 1};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  ssize_t got = 0;
  do {
    got = recvmsg(descriptor, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Failed("recvmsg");
  *received = TakeDescriptor(message);
  if (got == 0) return {Progress::kEnded, 0, {}};
  return {Progress::kMoved, 1, {}};
}

size_t WaitReady(std::vector<Interest>& interests, Deadline deadline) {
  std::vector<pollfd> entries;
  entries.reserve(interests.size());
  for (const Interest& interest : interests) {
    const short events = interest.writes ? POLLOUT : POLLIN;
    entries.push_back({interest.descriptor, events, 0});
  }
  const int64_t left = std::max<int64_t>(deadline.ns - MonotonicNs(), 0);
  constexpr int64_t kNsPerSecond = 1000 * kNsPerMs;
  const timespec time{left / kNsPerSecond, left % kNsPerSecond};
  const int count =
      ppoll(entries.data(), entries.size(), deadline.IsNever() ? nullptr : &time, nullptr);
  for (size_t i = 0; i < interests.size(); ++i) {
    const short events = count > 0 ? entries[i].revents : static_cast<short>(0);
    interests[i].is_invalid = (events & POLLNVAL) != 0;
    interests[i].is_ready = events != 0;
  }
  return static_cast<size_t>(std::max(count, 0));
}

Status OpenStreamPair(Descriptor* one, Descriptor* other) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return {errno, "socketpair"};
  *one = Descriptor(ends[0]);
  *other = Descriptor(ends[1]);
  return {};
}

bool IsStreamSocket(int descriptor) {
  int type = 0;
  socklen_t length = sizeof(type);
  return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

bool IsBlocking(int descriptor) { return (fcntl(descriptor, F_GETFL) & O_NONBLOCK) == 0; }

void SetBlocking(int descriptor, bool blocks) {
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return;
  fcntl(descriptor, F_SETFL, blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

bool IsPeerSameUser(int descriptor) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return false;
  return peer.uid == geteuid();
}

}  // namespace mp::os
