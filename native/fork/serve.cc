// The server's loop; see the header.
#include "fork/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>

#include "fork/threads.h"

namespace mp::fork {
namespace {

constexpr unsigned kStopLimitMs = 2000;

/// Ctrl-C is for the children and the client: the server ends when its client has.
class InterruptsIgnored {
 public:
  InterruptsIgnored() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &before_);
  }
  ~InterruptsIgnored() { sigaction(SIGINT, &before_, nullptr); }
  InterruptsIgnored(const InterruptsIgnored&) = delete;
  InterruptsIgnored& operator=(const InterruptsIgnored&) = delete;

 private:
  struct sigaction before_{};
};

Reply ReplyOf(ReplyKind kind, uint32_t sequence = 0, int number = 0) {
  Reply reply;
  reply.kind = kind;
  reply.sequence = sequence;
  reply.number = number;
  return reply;
}

/// Puts the order's descriptors, all but the first, under 0, 1, 2 …
void Place(DescriptorList* descriptors) {
  for (size_t i = 1; i < descriptors->count; ++i) {
    const int number = static_cast<int>(i) - 1;
    // The three standard ones are for programs that this one starts, too.
    dup3(descriptors->numbers[i], number, number > 2 ? O_CLOEXEC : 0);
    close(descriptors->numbers[i]);
  }
  descriptors->count = 1;
}

}  // namespace

Verdict Serve(int socket, const ForkPlan& plan, Assignment* assignment) {
  if (Verdict verdict = PrepareToFork(kStopLimitMs); !verdict.ok()) {
    Reply refusal = ReplyOf(ReplyKind::kRefused);
    static_assert(sizeof refusal.text == sizeof verdict.reason);
    std::memcpy(refusal.text, verdict.reason, sizeof refusal.text);
    SendReply(socket, refusal);
    return verdict;
  }
  const InterruptsIgnored ignored;
  SendReply(socket, ReplyOf(ReplyKind::kReady));
  for (;;) {
    Order order;
    DescriptorList descriptors;
    if (ReceiveOrder(socket, &order, &descriptors) == Received::kEnded) _exit(0);
    const Forked forked = ForkStopped(plan);
    if (forked.side == Side::kChild) {
      SendReply(socket, ReplyOf(ReplyKind::kForked, order.sequence, forked.pid));
      Place(&descriptors);
      assignment->task_descriptor = descriptors.numbers[0];
      return Verdict::Ok();
    }
    const bool is_forked = forked.side == Side::kParent;
    SendReply(socket, is_forked ? ReplyOf(ReplyKind::kForked, order.sequence, forked.pid)
                                : ReplyOf(ReplyKind::kFailed, order.sequence, forked.error));
    descriptors.CloseAll();
  }
}

}  // namespace mp::fork
