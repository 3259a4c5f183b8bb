// Waiting on behalf of event loops, which must not block: who tells a loop when to try again.
//
// Mostly the doorbell does (sync/bells.h): whoever releases the object rings the loop. Beside it
// stand a few hub threads. They watch what no ring tells: the owner's death, a starving wait that
// must ask for hand-off, a wake that was lost; and they do all of the watching for loops that left
// no id in the bell, because another loop's is there or because they cannot be rung.
//
// Nobody here acquires: the trying is done by the loop's own thread, for only that thread can know
// whether somebody still wants the object.
//
//   STATE      | MEANING                                     | NEXT
//   -----------+---------------------------------------------+------------------------------------
//   kWatching  | bell or hub will tell when a try may succeed| kPosted when the hub told
//   kPosted    | the hub told the loop, which has not tried  | kWatching by Rearm; kPassedOn after
//              | yet                                         | kGrantLife
//   kPassedOn  | the loop is busy: what it could have had    | kWatching by Rearm
//              | went to others (PassOn)                     |
//              | or: the loop has acquired it                |
//   any        |                                             | gone by Cancel, after a Withdraw
//
// So a wake that the hub gave to a busy event loop rests there for 2 ms at most; a ring takes no
// wake from anybody. And a Cancel of what a thread sleeps on makes the thread wake one other
// sleeper: the wake that comes in between may be lost on it. It does no more than that, for the
// object's memory may have a new use by then.
//
// Threads: entries that the bell serves need no word to sleep on, so one thread has a thousand of
// them and sleeps on their owners' deaths. The others need a word and a death each: 63 a thread, or
// one a thread where the system can watch one word only; then deaths are noticed at the bound.
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
  bool by_bell = false;
  int64_t posted_ns = 0;
  os::WaitPoint slept_on;  // where a thread may sleep for it
  WaitGroup* group = nullptr;
};

/// The process's hub. Its threads live as long as the process: it is never destroyed. All methods
/// are called by the thread whose loop waits.
class WaitHub {
 public:
  static WaitHub& Instance();
  /// In a forked child, which has none of its parent's hub threads, and none of its waits: it gets
  /// a new hub. The old one's memory is lost, since a thread may have been in the middle of it.
  static void ResetAfterFork();

  /// Starts watching, or finds that a try may succeed now: then only Attempt, Rearm and Cancel may
  /// follow. A failure to start a thread leaves the entry unwatched.
  os::Status Watch(HubEntry* entry, bool* try_now);
  /// The loop has tried in vain, or waits on for its next waiter. False: try again at once.
  [[nodiscard]] bool Rearm(HubEntry* entry);
  /// The loop's try, under the waiter's own memory, so that no hub thread looks meanwhile.
  [[nodiscard]] Outcome Attempt(HubEntry* entry);
  /// Ends the wait; afterwards no hub thread touches the entry. `withdraw` unless it acquired;
  /// `keep_bell` while another entry of the same loop waits for the same object.
  void Cancel(HubEntry* entry, bool withdraw, bool keep_bell);

  [[nodiscard]] size_t ThreadCount();

 private:
  os::Status Place(HubEntry* entry);

  std::mutex mutex_;
  std::vector<WaitGroup*> groups_;
};

}  // namespace mp::sync
