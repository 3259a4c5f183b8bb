// The threads of this process that JavaScript has names for. Process-wide, so that each thread, and
// each copy of the package, sees all of them: JavaScript threads share nothing else.
//
// An entry is made by its thread and ends with that (clean-up hook). The main thread has none until
// it is renamed: it is there as long as the process is.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace mp::napi {

struct ThreadEntry {
  std::string name;
  uint32_t native_id;
  bool is_daemon;
};

class Threads {
 public:
  static Threads& Instance();

  /// 1, 2, 3 … for names.
  [[nodiscard]] uint32_t NextNumber();
  void Enter(uint32_t ident, ThreadEntry entry);
  void Leave(uint32_t ident);
  /// False when there is no such thread.
  bool Rename(uint32_t ident, std::string name);
  [[nodiscard]] std::map<uint32_t, ThreadEntry> List();

  /// In a forked child: its parent's threads are not its own.
  void ResetAfterFork();

 private:
  std::mutex mutex_;
  uint32_t last_number_ = 0;
  std::map<uint32_t, ThreadEntry> entries_;
};

}  // namespace mp::napi
