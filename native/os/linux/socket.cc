// Linux implementation of os/socket.h.
#include "os/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace mp::os {
namespace {

/// An address as the kernel takes it.
struct Raw {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);

  [[nodiscard]] sockaddr* any() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* any() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);

Status LocalToRaw(const SocketAddress& address, Raw* raw) {
  auto* local = reinterpret_cast<sockaddr_un*>(&raw->storage);
  local->sun_family = AF_UNIX;
  // A path ends with a NUL, an abstract name begins with one.
  const bool is_abstract = address.family == SocketAddress::Family::kAbstract;
  if (address.name.size() + 1 > sizeof(local->sun_path)) return {ENAMETOOLONG, "bind"};
  std::memcpy(local->sun_path + (is_abstract ? 1 : 0), address.name.data(), address.name.size());
  raw->length = static_cast<socklen_t>(kPathOffset + 1 + address.name.size());
  return {};
}

Status ToRaw(const SocketAddress& address, Raw* raw) {
  if (address.family != SocketAddress::Family::kInternet) return LocalToRaw(address, raw);
  auto* four = reinterpret_cast<sockaddr_in*>(&raw->storage);
  if (inet_pton(AF_INET, address.name.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(address.port);
    raw->length = sizeof(*four);
    return {};
  }
  raw->storage = {};
  auto* six = reinterpret_cast<sockaddr_in6*>(&raw->storage);
  if (inet_pton(AF_INET6, address.name.c_str(), &six->sin6_addr) != 1) return {EINVAL, "inet_pton"};
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(address.port);
  raw->length = sizeof(*six);
  return {};
}

SocketAddress LocalFromRaw(const Raw& raw) {
  const auto* local = reinterpret_cast<const sockaddr_un*>(&raw.storage);
  if (raw.length <= kPathOffset) return {};
  const size_t size = raw.length - kPathOffset;
  if (local->sun_path[0] == '\0') {
    return {SocketAddress::Family::kAbstract, std::string(local->sun_path + 1, size - 1), 0};
  }
  return {SocketAddress::Family::kPath,
          std::string(local->sun_path, strnlen(local->sun_path, size)), 0};
}

SocketAddress FromRaw(const Raw& raw) {
  if (raw.family() == AF_UNIX) return LocalFromRaw(raw);
  const bool is_four = raw.family() == AF_INET;
  const auto* four = reinterpret_cast<const sockaddr_in*>(&raw.storage);
  const auto* six = reinterpret_cast<const sockaddr_in6*>(&raw.storage);
  char host[INET6_ADDRSTRLEN] = "";
  const void* bits = is_four ? static_cast<const void*>(&four->sin_addr) : &six->sin6_addr;
  inet_ntop(raw.family(), bits, host, sizeof(host));
  return {SocketAddress::Family::kInternet, host, ntohs(is_four ? four->sin_port : six->sin6_port)};
}

/// Small messages leave at once: they are answers that somebody waits for.
void SendSmallAtOnce(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

Status OpenSocket(const Raw& raw, Descriptor* result) {
  const int number = socket(raw.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  // A failure always sets errno; a status of 0 would be a success without a socket.
  if (number < 0) return {errno == 0 ? EBADF : errno, "socket"};
  *result = Descriptor(number);
  return {};
}

}  // namespace

Status Listen(const SocketAddress& address, int backlog, Descriptor* listener) {
  Raw raw;
  Status status = ToRaw(address, &raw);
  if (status.ok()) status = OpenSocket(raw, listener);
  if (!status.ok()) return status;
  const int on = 1;
  if (raw.family() != AF_UNIX) {
    setsockopt(listener->number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  }
  if (bind(listener->number(), raw.any(), raw.length) < 0) return {errno, "bind"};
  if (listen(listener->number(), backlog) < 0) return {errno, "listen"};
  return {};
}

Moved Accept(int listener, Descriptor* accepted, SocketAddress* peer) {
  Raw raw;
  // A connection that was given up while it waited is no fault of the listener.
  do {
    raw.length = sizeof(raw.storage);
    *accepted = Descriptor(accept4(listener, raw.any(), &raw.length, SOCK_CLOEXEC));
  } while (!accepted->is_open() && (errno == EINTR || errno == ECONNABORTED));
  if (!accepted->is_open()) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Progress::kNotNow, 0, {}};
    return {Progress::kFailed, 0, {errno, "accept4"}};
  }
  if (raw.family() != AF_UNIX) SendSmallAtOnce(accepted->number());
  *peer = FromRaw(raw);
  return {};
}

Moved Connect(const SocketAddress& address, Descriptor* connecting) {
  Raw raw;
  Status status = ToRaw(address, &raw);
  if (status.ok()) status = OpenSocket(raw, connecting);
  if (!status.ok()) return {Progress::kFailed, 0, status};
  if (raw.family() != AF_UNIX) SendSmallAtOnce(connecting->number());
  if (connect(connecting->number(), raw.any(), raw.length) == 0) {
    SetBlocking(connecting->number(), true);
    return {};
  }
  if (errno == EINPROGRESS || errno == EINTR) return {Progress::kNotNow, 0, {}};
  const int error = errno;
  connecting->Close();
  if (error == EAGAIN) return {Progress::kNotNow, 0, {}};
  return {Progress::kFailed, 0, {error, "connect"}};
}

Status FinishConnect(int descriptor) {
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) < 0) {
    return {errno, "getsockopt"};
  }
  if (error != 0) return {error, "connect"};
  SetBlocking(descriptor, true);
  return {};
}

Status LocalAddress(int descriptor, SocketAddress* address) {
  Raw raw;
  if (getsockname(descriptor, raw.any(), &raw.length) < 0) return {errno, "getsockname"};
  *address = FromRaw(raw);
  return {};
}

}  // namespace mp::os
