// Waiting on behalf of event loops: a few threads that sleep on many objects at once and tell an
// event loop when it should try again. They never acquire: the trying is done by the loop's own
// thread, for only that thread can know whether somebody still wants the object.
//
//   STATE      | MEANING                                     | NEXT
//   -----------+---------------------------------------------+------------------------------------
//   kWatching  | a hub thread sleeps until a try may succeed | kPosted when it may
//   kPosted    | the loop was told, and has not tried yet    | kWatching by Rearm; kPassedOn after
//              |                                             | kGrantLife
//   kPassedOn  | the loop is busy: what it could have had    | kWatching by Rearm
//              | went to others (Withdraw)                   |
//   any        |                                             | gone by Cancel, after a Withdraw
//
// So a wake given to a busy event loop rests there for 2 ms at most. And a Cancel of what a thread
// sleeps on makes the thread wake one other sleeper: the wake that comes in between may be lost on
// it. It does no more than that, for the object's memory may have a new use by then.
//
// Threads: one sleeps on up to (WaitCapacity() - 1) / 2 objects (word and owner's death each), and
// one more starts when all are full. Where only one word can be watched, one object each; then an
// owner's death and a Cancel are noticed at the 50 ms bound.
//
// SYNC POINT hub-control: whoever changes a group adds 1 to its control word, under the group's
// mutex, and wakes it; the thread read the word, under the mutex too, before it read the entries.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "sync/waiter.h"

namespace mp::sync {

/// Where a hub reports to: one per event loop. Called from hub threads with a group's mutex held:
/// it only hands the ticket on and never calls the hub.
class HubSink {
 public:
  HubSink() = default;
  virtual ~HubSink() = default;
  HubSink(const HubSink&) = delete;
  HubSink& operator=(const HubSink&) = delete;
  virtual void Post(uint64_t ticket) = 0;
};

class WaitGroup;

/// One object that an event loop waits for. Owned by the caller from Watch to Cancel.
struct HubEntry {
  HubEntry(std::unique_ptr<Awaitable> object_in, Id self_in, HubSink* sink_in, uint64_t ticket_in);

  enum class State { kWatching, kPosted, kPassedOn };

  std::unique_ptr<Awaitable> object;
  Id self;
  HubSink* sink;
  uint64_t ticket;
  Waiter waiter;
  State state = State::kWatching;
  int64_t posted_ns = 0;
  os::WaitPoint slept_on;  // where a thread may sleep for it
  WaitGroup* group = nullptr;
};

/// The process's hub. Its threads live as long as the process: it is never destroyed.
class WaitHub {
 public:
  static WaitHub& Instance();

  /// Starts watching. A failure to start a thread leaves the entry unwatched.
  os::Status Watch(HubEntry* entry);
  /// The loop has tried in vain, or wants to wait on for its next waiter.
  void Rearm(HubEntry* entry);
  /// The loop's try, under the waiter's own memory, so that no hub thread looks meanwhile.
  [[nodiscard]] Outcome Attempt(HubEntry* entry);
  /// Ends the wait; afterwards no hub thread touches the entry. `withdraw` unless it acquired.
  void Cancel(HubEntry* entry, bool withdraw);

  [[nodiscard]] size_t ThreadCount();

 private:
  std::mutex mutex_;
  std::vector<WaitGroup*> groups_;
};

}  // namespace mp::sync
