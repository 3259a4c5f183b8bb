// Descriptors that were sent inside messages, until their receivers fetch them.
//
// A message is bytes, and may take any way: a queue, a result, a pipe. So it carries a ticket, and
// this process keeps the descriptor. Whoever decodes the message connects to the office, which is a
// socket of this machine without a file, shows the ticket, and is given the descriptor. A ticket is
// good once. The office is served by a thread of its own, for JavaScript may be busy or blocked.
//
//   FROM     | BYTES             | MEANING
//   receiver | 16                | the ticket, random
//   office   | 1 + descriptor    | here it is
//   office   | the end           | no such ticket
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "os/descriptor.h"
#include "os/status.h"

namespace mp::napi {

using Ticket = std::array<uint8_t, 16>;

class DescriptorOffice {
 public:
  /// That of this process; a forked child gets one of its own.
  static DescriptorOffice& Instance();

  /// In a forked child: what its parent keeps for others is not kept open by the child.
  static void ResetAfterFork();

  /// Keeps a copy of the descriptor. `name` is where to fetch it.
  os::Status Deposit(int descriptor, Ticket* ticket, std::string* name);
  /// Keeps what was deposited in another process, so that it can be fetched here.
  void Keep(const Ticket& ticket, os::Descriptor descriptor);
  /// Gives back what nobody has fetched; closed when somebody has.
  [[nodiscard]] os::Descriptor Withdraw(const Ticket& ticket);
  /// Fetches from the office of that name, which may be this one. IsNotFound: the ticket
  /// is not good any more, or its office is gone.
  static os::Status Fetch(const std::string& name, const Ticket& ticket, os::Descriptor* result);

 private:
  static DescriptorOffice*& TheOffice();
  os::Status Open();
  [[noreturn]] void Serve();
  void ServeOne(int guest);

  std::mutex mutex_;
  std::string name_;
  os::Descriptor listener_;
  std::map<Ticket, os::Descriptor> deposits_;
};

}  // namespace mp::napi
