// Descriptors that were sent inside messages; see the header.
#include "napi/descriptor_office.h"

#include <errno.h>

#include <utility>
#include <vector>

#include "os/child_process.h"
#include "os/process.h"
#include "os/socket.h"
#include "os/stream.h"

namespace mp::napi {
namespace {

/// How long one side waits for the other: both answer at once unless the machine is very busy.
constexpr double kGuestPatienceMs = 1000;
constexpr double kFetchPatienceMs = 10'000;
constexpr int kBacklog = 128;

os::SocketAddress AddressOf(const std::string& name) {
  return {os::SocketAddress::Family::kAbstract, name, 0};
}

bool WaitFor(int descriptor, bool writes, os::Deadline deadline) {
  std::vector<os::Interest> interests(1);
  interests[0].descriptor = descriptor;
  interests[0].writes = writes;
  while (os::WaitReady(interests, deadline) == 0) {
    if (deadline.IsPast()) return false;
  }
  return true;
}

bool ReceiveTicket(int guest, Ticket* ticket) {
  const os::Deadline deadline = os::Deadline::After(kGuestPatienceMs);
  size_t got = 0;
  while (got < ticket->size()) {
    const os::Moved moved = os::Receive(guest, ticket->data() + got, ticket->size() - got);
    got += moved.bytes;
    if (moved.progress == os::Progress::kMoved) continue;
    if (moved.progress != os::Progress::kNotNow) return false;
    if (!WaitFor(guest, false, deadline)) return false;
  }
  return true;
}

os::Status ConnectTo(const std::string& name, os::Deadline deadline, os::Descriptor* result) {
  for (;;) {
    const os::Moved moved = os::Connect(AddressOf(name), result);
    if (moved.progress == os::Progress::kMoved) return {};
    if (moved.progress == os::Progress::kFailed) {
      const bool is_gone = moved.status.error == ECONNREFUSED || moved.status.IsNotFound();
      return is_gone ? os::Status{ESRCH, "connect"} : moved.status;
    }
    // Its queue is full, and the system does not tell when it is not.
    if (deadline.IsPast()) return {ETIMEDOUT, "connect"};
    os::SleepMs(1);
  }
}

}  // namespace

DescriptorOffice*& DescriptorOffice::TheOffice() {
  // Never destroyed: its thread uses it to the end.
  static auto* office = new DescriptorOffice();
  return office;
}

DescriptorOffice& DescriptorOffice::Instance() { return *TheOffice(); }

void DescriptorOffice::ResetAfterFork() {
  TheOffice()->listener_.Close();
  TheOffice()->deposits_.clear();
  // Its mutex may have been held: that memory is lost.
  TheOffice() = new DescriptorOffice();
}

os::Status DescriptorOffice::Open() {
  if (listener_.is_open()) return {};
  uint64_t number[2];
  os::Status status = os::RandomBytes(number, sizeof(number));
  if (!status.ok()) return status;
  name_ = "nmp-" + std::to_string(number[0]) + "-" + std::to_string(number[1]);
  status = os::Listen(AddressOf(name_), kBacklog, &listener_);
  if (!status.ok()) return status;
  const auto serve = [](void* office) { static_cast<DescriptorOffice*>(office)->Serve(); };
  status = os::StartThread(serve, this);
  if (!status.ok()) listener_.Close();
  return status;
}

os::Status DescriptorOffice::Deposit(int descriptor, Ticket* ticket, std::string* name) {
  os::Descriptor copy;
  os::Status status = os::Duplicate(descriptor, &copy);
  if (status.ok()) status = os::RandomBytes(ticket->data(), ticket->size());
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  status = Open();
  if (!status.ok()) return status;
  *name = name_;
  deposits_[*ticket] = std::move(copy);
  return {};
}

void DescriptorOffice::Keep(const Ticket& ticket, os::Descriptor descriptor) {
  const std::lock_guard<std::mutex> lock(mutex_);
  deposits_[ticket] = std::move(descriptor);
}

os::Descriptor DescriptorOffice::Withdraw(const Ticket& ticket) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = deposits_.find(ticket);
  if (found == deposits_.end()) return os::Descriptor();
  os::Descriptor descriptor = std::move(found->second);
  deposits_.erase(found);
  return descriptor;
}

os::Status DescriptorOffice::Fetch(const std::string& name, const Ticket& ticket,
                                   os::Descriptor* result) {
  *result = Instance().Withdraw(ticket);
  if (result->is_open()) return {};
  const os::Deadline deadline = os::Deadline::After(kFetchPatienceMs);
  os::Descriptor office;
  const os::Status status = ConnectTo(name, deadline, &office);
  if (!status.ok()) return status;
  // So few bytes are taken at once.
  const os::Moved sent = os::Send(office.number(), {ticket.data(), ticket.size()}, {});
  if (sent.progress != os::Progress::kMoved) return {ESRCH, "sendmsg"};
  for (;;) {
    uint8_t byte = 0;
    const os::Moved moved = os::ReceiveDescriptor(office.number(), &byte, result);
    if (moved.progress == os::Progress::kMoved && result->is_open()) return {};
    if (moved.progress == os::Progress::kFailed) return moved.status;
    if (moved.progress != os::Progress::kNotNow) return {ESRCH, "recvmsg"};
    if (!WaitFor(office.number(), false, deadline)) return {ETIMEDOUT, "recvmsg"};
  }
}

void DescriptorOffice::Serve() {
  for (;;) {
    if (!WaitFor(listener_.number(), false, os::Deadline::Never())) continue;
    os::Descriptor guest;
    os::SocketAddress peer;
    const os::Moved moved = os::Accept(listener_.number(), &guest, &peer);
    // Out of descriptors, for one: that passes.
    if (moved.progress == os::Progress::kFailed) os::SleepMs(1);
    if (guest.is_open() && os::IsPeerSameUser(guest.number())) ServeOne(guest.number());
  }
}

void DescriptorOffice::ServeOne(int guest) {
  Ticket ticket{};
  if (!ReceiveTicket(guest, &ticket)) return;
  const os::Descriptor descriptor = Withdraw(ticket);
  if (!descriptor.is_open()) return;
  // Once the system has taken it, it reaches the receiver, or is closed when that one has ended.
  (void)os::SendDescriptor(guest, 1, descriptor.number());
}

}  // namespace mp::napi
