// Messages with descriptors; see the header.
#include "fork/messages.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace mp::fork {
namespace {

constexpr size_t kControlBytes = CMSG_SPACE(sizeof(int) * kMaxDescriptors);

/// The parts of a message, and how sendmsg and recvmsg want them.
class Envelope {
 public:
  Envelope(void* data, size_t length) : part_{data, length} {
    header_.msg_iov = &part_;
    header_.msg_iovlen = 1;
    header_.msg_control = control_;
    header_.msg_controllen = sizeof control_;
  }

  void Enclose(const DescriptorList& descriptors) {
    const size_t bytes = sizeof(int) * descriptors.count;
    header_.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* part = CMSG_FIRSTHDR(&header_);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(part), descriptors.numbers, bytes);
  }

  void TakeOut(DescriptorList* descriptors) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header_); part != nullptr;
         part = CMSG_NXTHDR(&header_, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
      const size_t bytes = part->cmsg_len - CMSG_LEN(0);
      std::memcpy(descriptors->numbers, CMSG_DATA(part), bytes);
      descriptors->count = bytes / sizeof(int);
    }
  }

  msghdr* header() { return &header_; }

 private:
  iovec part_;
  msghdr header_{};
  alignas(cmsghdr) char control_[kControlBytes] = {};
};

}  // namespace

void DescriptorList::CloseAll() {
  for (size_t i = 0; i < count; ++i) close(numbers[i]);
  count = 0;
}

os::Status OpenSocketPair(int ends[2]) {
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) return {};
  return {errno, "socketpair"};
}

os::Status SendOrder(int socket, const Order& order, const DescriptorList& descriptors) {
  Order copy = order;
  Envelope envelope(&copy, sizeof copy);
  envelope.Enclose(descriptors);
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, envelope.header(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? os::Status{errno, "sendmsg"} : os::Status{};
}

Received ReceiveOrder(int socket, Order* order, DescriptorList* descriptors) {
  Envelope envelope(order, sizeof *order);
  ssize_t got = 0;
  do {
    got = recvmsg(socket, envelope.header(), MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return Received::kEnded;
  descriptors->count = 0;
  envelope.TakeOut(descriptors);
  return Received::kMessage;
}

void SendReply(int socket, const Reply& reply) {
  ssize_t sent = 0;
  do {
    sent = send(socket, &reply, sizeof reply, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
}

Received ReceiveReply(int socket, Reply* reply) {
  ssize_t got = 0;
  do {
    got = recv(socket, reply, sizeof *reply, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof *reply)) return Received::kMessage;
  const bool is_empty = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  return is_empty ? Received::kNothing : Received::kEnded;
}

}  // namespace mp::fork
