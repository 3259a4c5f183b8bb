// The blocking wait; see the header.
#include "sync/waiter.h"

namespace mp::sync {

Outcome AcquireBlocking(Awaitable& object, Id self, os::Deadline deadline, const StopSign* stop) {
  Waiter waiter(os::MonotonicNs());
  for (;;) {
    const Outcome outcome = object.Attempt(self, waiter);
    if (outcome == Outcome::kAcquired) return outcome;
    if (outcome == Outcome::kDeadlock && deadline.IsNever()) return outcome;
    const bool stopped = stop != nullptr && waiter.has_slept() && stop->IsUp();
    if (stopped || deadline.IsPast()) {
      object.Withdraw(self);
      return Outcome::kBusy;
    }
    SleepPlan plan;
    if (!object.PrepareSleep(self, waiter, &plan)) continue;
    Sleep(plan, deadline);
    waiter.MarkSlept();
  }
}

}  // namespace mp::sync
