// The processes that this one started: what the whole process knows of them, and what each
// JavaScript thread watches.
//
// A child has a control socket, on which it tells in single bytes how far it is, and a mailbox, a
// memory file that carries its task to it and its result back. Nothing of a child's can fill up, so
// neither side ever waits for the other to read.
//
//   BYTE | FROM  | MEANING
//   'S'  | child | started: it has made its arguments its own
//   'R'  | child | the result is in the mailbox
//
// A child outlives the JavaScript thread that started it, and even its Process object. So the list
// belongs to the process, which joins or terminates what is left when it ends (EndChildren).
#pragma once

#include <napi.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "napi/loop_poll.h"
#include "os/child_process.h"
#include "os/shared_file.h"

namespace mp::napi {

/// One child, shared by the process-wide list and the thread that started it.
struct Child {
  std::mutex mutex;  // of all that follows
  os::ChildProcess process;
  os::Descriptor control;
  os::Descriptor sentinel;  // what stands for the process when its own descriptor is closed
  os::SharedFile mailbox;
  std::vector<os::Descriptor> gifts;  // that the result refers to, in the order of its tickets
  bool is_daemon = false;
  bool has_started = false;
  bool has_result = false;
  bool has_hung_up = false;  // it will tell nothing any more

  /// Takes what the child has told.
  void Drain();
  /// The status if it has ended; what it told before it did is taken first. Closes descriptors, so
  /// nobody may watch them.
  std::optional<os::ExitStatus> Poll();
};

/// So many descriptors a child gets.
constexpr size_t kEquipmentCount = 7;

/// A child that is about to be made, and what becomes 0, 1, 2 … in it.
struct Equipment {
  std::shared_ptr<Child> child = std::make_shared<Child>();
  os::Descriptor control;
  os::Descriptor null;
  std::vector<int> descriptors;
};

/// Takes { payload, isDaemon, arena } of the options; throws when the system refuses.
Equipment Equip(Napi::Env env, Napi::Object options);
/// The child exists: the process and this thread watch it from now on. Its number here.
uint32_t Watch(Napi::Env env, std::shared_ptr<Child> child);
std::vector<std::string> StringsOf(const Napi::Value& array);

/// Of the whole process.
class Children {
 public:
  static Children& Instance();

  void Add(std::shared_ptr<Child> child);
  void Remove(const Child* child);
  /// Terminates the daemons, then waits for all. Children ignore it when this process is one that
  /// was forked from theirs.
  void End();
  /// 1, 2, 3 … for the names of this process's children.
  [[nodiscard]] uint32_t NextNumber() { return ++last_number_; }
  /// In a forked child: they are its parent's.
  void ResetAfterFork();

 private:
  std::vector<std::shared_ptr<Child>> TakeAll();

  std::mutex mutex_;
  bool ends_at_exit_ = false;
  std::atomic<uint32_t> last_number_{0};
  std::vector<std::shared_ptr<Child>> list_;
};

/// The children of one JavaScript thread, by number.
class ChildWatches {
 public:
  explicit ChildWatches(Napi::Env env) : env_(env), context_(env, "node-multiprocessing:child") {}

  /// `callback(number)` runs when there is news of a child.
  void SetCallback(Napi::Function callback) { on_child_ = Napi::Persistent(callback); }
  /// Starts to watch; the number of the child in this thread.
  uint32_t Add(std::shared_ptr<Child> child);
  [[nodiscard]] Child* Find(uint32_t number);
  /// The status if the child has ended, and with it the watching; takes what it told before.
  [[nodiscard]] std::optional<os::ExitStatus> Poll(uint32_t number);
  /// Whether the child, while it runs, keeps the loop alive.
  void KeepLoop(uint32_t number, bool keep);
  void Remove(uint32_t number) { watches_.erase(number); }
  void ResetAfterFork() { watches_.clear(); }
  /// The environment ends: its references must not be touched any more.
  void Abandon() { on_child_.SuppressDestruct(); }

 private:
  struct Watch {
    std::shared_ptr<Child> child;
    // Before the descriptors that they watch are closed, these are gone.
    std::unique_ptr<LoopPoll> exit;
    std::unique_ptr<LoopPoll> control;
  };

  void Look(uint32_t number);

  Napi::Env env_;
  Napi::AsyncContext context_;
  Napi::FunctionReference on_child_;
  std::map<uint32_t, Watch> watches_;
  uint32_t last_number_ = 0;
};

}  // namespace mp::napi
