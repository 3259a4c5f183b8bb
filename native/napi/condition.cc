// Condition for JavaScript: the calls that the fast path could not answer. See sync/condition.h.
#include "napi/condition.h"

#include <algorithm>

#include "napi/objects.h"

namespace mp::napi {

using layout::ObjectKind;

namespace {

sync::Condition ConditionOf(const Target& target) {
  return {target.mapped->segment, reinterpret_cast<layout::ConditionObject*>(target.object)};
}

/// conditionEnter(address) → address of a new ticket
Napi::Value Enter(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kCondition);
  const sync::Entered entered = ConditionOf(target).Enter(target.self, target.mapped->allocator());
  if (entered.ticket == nullptr) {
    ThrowUnlessAllocated(info.Env(), entered.allocation, sizeof(layout::TicketBlock));
  }
  const auto offset = reinterpret_cast<uint8_t*>(entered.ticket) - target.mapped->segment.base();
  return Napi::Number::New(
      info.Env(), static_cast<double>(target.mapped->window_base) + static_cast<double>(offset));
}

/// conditionBlock(address, ticket, timeoutMs) → Outcome; blocks. kBusy: the ticket is gone
Napi::Value Block(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kCondition);
  layout::Ticket* ticket = TicketAt(info, target, WholeAt(info, 1));
  const WorkerEnd stop(info.Env());
  return OutcomeValue(info,
                      ConditionOf(target).Block(target.self, ticket, DeadlineAt(info, 2), &stop));
}

/// conditionLeave(address, ticket): ends the wait of a granted ticket
void Leave(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kCondition);
  ConditionOf(target).Leave(target.self, TicketAt(info, target, WholeAt(info, 1)));
}

/// conditionNotify(address, count)
void Notify(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kCondition);
  const uint64_t count = std::min<uint64_t>(WholeAt(info, 1), UINT32_MAX);
  ConditionOf(target).Notify(target.self, static_cast<uint32_t>(count));
}

/// conditionWaiting(address) → how many wait
Napi::Value Waiting(const Napi::CallbackInfo& info) {
  const Target target = TargetAt(info, ObjectKind::kCondition);
  return Napi::Number::New(info.Env(), ConditionOf(target).Waiting());
}

}  // namespace

layout::Ticket* TicketAt(const Napi::CallbackInfo& info, const Target& target, uint64_t address) {
  const sync::Place place = sync::AddressSpace::Instance().Resolve(address, sizeof(layout::Ticket));
  auto* ticket = reinterpret_cast<layout::Ticket*>(place.pointer);
  const bool is_ticket = place.mapped == target.mapped && address % sizeof(layout::Ticket) == 0 &&
                         ConditionOf(target).IsTicketOf(target.self, ticket);
  if (!is_ticket) Throw(info.Env(), "ERR_MP_INTERNAL", "native call: not a ticket of this thread");
  return ticket;
}

std::unique_ptr<sync::Awaitable> ConditionWaitOf(const Napi::CallbackInfo& info,
                                                 const Target& target, uint64_t ticket_address) {
  return std::make_unique<sync::ConditionWait>(ConditionOf(target),
                                               TicketAt(info, target, ticket_address));
}

void ExportCondition(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("conditionEnter", Napi::Function::New<Enter>(env, "conditionEnter"));
  set("conditionBlock", Napi::Function::New<Block>(env, "conditionBlock"));
  set("conditionLeave", Napi::Function::New<Leave>(env, "conditionLeave"));
  set("conditionWaiting", Napi::Function::New<Waiting>(env, "conditionWaiting"));
  set("conditionNotify", Napi::Function::New<Notify>(env, "conditionNotify"));
}

}  // namespace mp::napi
