// Memory control groups, versions 1 and 2. A process that allocates past its group's limit is
// killed, not told; so growth asks first. Page cache that the kernel can drop counts as free.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "os/process.h"

namespace mp::os {
namespace {

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();
/// Version 1 says "no limit" as a huge number instead of a word.
constexpr uint64_t kHuge = uint64_t{1} << 60;

/// Where a version keeps what, and how /proc/self/cgroup names it.
struct Version {
  const char* line;
  const char* root;
  const char* limit;
  const char* usage;
  const char* droppable;
};

constexpr Version kVersions[] = {
    {"0::/", "/sys/fs/cgroup", "/memory.max", "/memory.current", "\ninactive_file "},
    {":memory:/", "/sys/fs/cgroup/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes",
     "\ntotal_inactive_file "},
};

std::string ReadFile(const std::string& path) {
  std::string text;
  FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return text;
  char buffer[4096];
  size_t got = sizeof buffer;
  while (got == sizeof buffer) {
    got = std::fread(buffer, 1, sizeof buffer, file);
    text.append(buffer, got);
  }
  (void)std::fclose(file);
  return text;
}

uint64_t ReadNumber(const std::string& path) {
  const std::string text = ReadFile(path);
  if (text.empty() || text[0] < '0' || text[0] > '9') return kUnlimited;  // "max", or no such file
  return std::strtoull(text.c_str(), nullptr, 10);
}

uint64_t DroppableCache(const Version& version, const std::string& group) {
  const std::string stat = ReadFile(group + "/memory.stat");
  const size_t at = stat.find(version.droppable);
  if (at == std::string::npos) return 0;
  return std::strtoull(stat.c_str() + at + std::strlen(version.droppable), nullptr, 10);
}

uint64_t HeadroomOf(const Version& version, const std::string& group) {
  const uint64_t limit = ReadNumber(group + version.limit);
  if (limit >= kHuge) return kUnlimited;
  const uint64_t used = ReadNumber(group + version.usage);
  if (used == kUnlimited) return kUnlimited;
  const uint64_t available = limit + DroppableCache(version, group);
  return available > used ? available - used : 0;
}

uint64_t HeadroomIn(const Version& version, const std::string& cgroups) {
  const size_t at = cgroups.find(version.line);
  if (at == std::string::npos) return kUnlimited;
  const size_t path = at + std::strlen(version.line) - 1;
  std::string group = cgroups.substr(path, cgroups.find('\n', path) - path);
  uint64_t least = kUnlimited;
  // Every ancestor's limit holds as well; a container's own root shows only what is below it.
  for (;; group.resize(group.rfind('/'))) {
    const uint64_t headroom = HeadroomOf(version, version.root + group);
    if (headroom < least) least = headroom;
    if (group.empty() || group == "/") return least;
  }
}

}  // namespace

uint64_t MemoryHeadroom() {
  const std::string cgroups = ReadFile("/proc/self/cgroup");
  uint64_t least = kUnlimited;
  for (const Version& version : kVersions) {
    const uint64_t headroom = HeadroomIn(version, cgroups);
    if (headroom < least) least = headroom;
  }
  return least;
}

}  // namespace mp::os
