// Sockets that listen and sockets that connect: within this machine and over TCP.
#pragma once

#include <cstdint>
#include <string>

#include "os/stream.h"

namespace mp::os {

struct SocketAddress {
  enum class Family {
    kPath,      // a file; an empty name is that of a socket without one
    kAbstract,  // a name without a file, where the system has such
    kInternet,  // IPv4 or IPv6, as the host is written
  };
  Family family = Family::kPath;
  std::string name;  // the path, the abstract name without its leading NUL, or the numeric host
  uint16_t port = 0;
};

Status Listen(const SocketAddress& address, int backlog, Descriptor* listener);
/// Takes a connection that waits, and says where it comes from.
Moved Accept(int listener, Descriptor* accepted, SocketAddress* peer);

/// kNotNow, with an open descriptor: connecting; it becomes writable when FinishConnect can tell.
/// kNotNow without one: the listener's queue is full.
Moved Connect(const SocketAddress& address, Descriptor* connecting);
/// How that ended. A connected socket is one whose calls may block, as others expect it.
Status FinishConnect(int descriptor);

/// Where a socket of this process is bound.
Status LocalAddress(int descriptor, SocketAddress* address);

}  // namespace mp::os
