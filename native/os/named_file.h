// Shared memory files that processes find by a name. A file gets its name when it is complete, in
// one step; the name may be removed while processes use the file, which then live on without it.
//
// linux: files `nmp.<name>` in /dev/shm, made without a name (O_TMPFILE) and linked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/shared_file.h"
#include "os/status.h"

namespace mp::os {

/// Makes a file that nobody finds, for whom `mode` (the permission bits of POSIX) allows.
Status CreateHidden(uint32_t mode, SharedFile* file);

/// Gives it its name. `exists`: another one has it, and nothing was done.
Status Publish(const SharedFile& file, const std::string& name, bool* exists);

/// IsNotFound when there is no such name.
Status OpenNamed(const std::string& name, SharedFile* file);

/// Removes a name. IsNotFound when there is none.
Status RemoveName(const std::string& name);

/// The names of all files of this kind that this user owns.
Status ListNames(std::vector<std::string>* names);

/// Whether this user made it.
Status IsOwn(const SharedFile& file, bool* own);

/// While it lives, nobody removes the file's name for being unused, or, of the sole kind, begins to
/// use it. Ends with the process too, however that ends.
class NameGuard {
 public:
  NameGuard() = default;
  ~NameGuard();
  NameGuard(const NameGuard&) = delete;
  NameGuard& operator=(const NameGuard&) = delete;

  /// Waits for whoever has the sole kind, who keeps it for a moment.
  Status TakeShared(const SharedFile& file);
  /// Never waits; `busy` when somebody has one.
  Status TakeSole(const SharedFile& file, bool* busy);
  /// Whether the file still has its name.
  Status IsNamed(bool* named) const;

 private:
  Status Watch(const SharedFile& file);

  int descriptor_ = -1;  // its own
};

}  // namespace mp::os
