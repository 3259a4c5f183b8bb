// Linux implementation of os/named_file.h: files of a tmpfs, and advisory locks on them.
#include "os/named_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>

namespace mp::os {
namespace {

constexpr char kFolder[] = "/dev/shm";
constexpr char kPrefix[] = "nmp.";

Status Failed(const char* call) { return {errno, call}; }

std::string PathOf(const std::string& name) { return std::string(kFolder) + "/" + kPrefix + name; }

int LockFile(int descriptor, int operation) {
  int result = 0;
  do {
    result = flock(descriptor, operation);
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

Status CreateHidden(uint32_t mode, SharedFile* file) {
  const int descriptor = open(kFolder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) return Failed("open");
  file->Adopt(descriptor);
  // What the user asked for, whatever the umask is.
  return fchmod(descriptor, static_cast<mode_t>(mode)) < 0 ? Failed("fchmod") : Status{};
}

Status Publish(const SharedFile& file, const std::string& name, bool* exists) {
  char source[64];
  (void)std::snprintf(source, sizeof source, "/proc/self/fd/%d", file.descriptor());
  const int result = linkat(AT_FDCWD, source, AT_FDCWD, PathOf(name).c_str(), AT_SYMLINK_FOLLOW);
  *exists = result < 0 && errno == EEXIST;
  return result < 0 && !*exists ? Failed("linkat") : Status{};
}

Status OpenNamed(const std::string& name, SharedFile* file) {
  // Nobody may lead us elsewhere by a link: everybody may write into the folder.
  const int descriptor = open(PathOf(name).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return Failed("open");
  file->Adopt(descriptor);
  return {};
}

Status RemoveName(const std::string& name) {
  return unlink(PathOf(name).c_str()) < 0 ? Failed("unlink") : Status{};
}

Status ListNames(std::vector<std::string>* names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(kFolder), closedir);
  if (folder == nullptr) return Failed("opendir");
  const size_t prefix = std::strlen(kPrefix);
  // No other thread reads this folder stream. NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const dirent* entry = readdir(folder.get())) {
    if (std::strncmp(entry->d_name, kPrefix, prefix) != 0) continue;
    struct stat found{};
    if (fstatat(dirfd(folder.get()), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (S_ISREG(found.st_mode) && found.st_uid == geteuid()) {
      names->emplace_back(entry->d_name + prefix);
    }
  }
  return {};
}

Status IsOwn(const SharedFile& file, bool* own) {
  struct stat found{};
  if (fstat(file.descriptor(), &found) < 0) return Failed("fstat");
  *own = found.st_uid == geteuid();
  return {};
}

NameGuard::~NameGuard() {
  if (descriptor_ < 0) return;
  // All duplicates have one lock, and the other one may stay open.
  LockFile(descriptor_, LOCK_UN);
  close(descriptor_);
}

Status NameGuard::Watch(const SharedFile& file) {
  descriptor_ = fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0);
  return descriptor_ < 0 ? Failed("fcntl") : Status{};
}

Status NameGuard::TakeShared(const SharedFile& file) {
  if (Status status = Watch(file); !status.ok()) return status;
  return LockFile(descriptor_, LOCK_SH) < 0 ? Failed("flock") : Status{};
}

Status NameGuard::TakeSole(const SharedFile& file, bool* busy) {
  if (Status status = Watch(file); !status.ok()) return status;
  const int result = LockFile(descriptor_, LOCK_EX | LOCK_NB);
  *busy = result < 0 && errno == EWOULDBLOCK;
  return result < 0 && !*busy ? Failed("flock") : Status{};
}

Status NameGuard::IsNamed(bool* named) const {
  struct stat found{};
  if (fstat(descriptor_, &found) < 0) return Failed("fstat");
  *named = found.st_nlink > 0;
  return {};
}

}  // namespace mp::os
