// Memory control groups, version 2. A process that allocates past its group's limit is killed, not
// told; so growth asks first. Page cache that the kernel can drop counts as free.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>

#include "os/process.h"

namespace mp::os {
namespace {

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

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

uint64_t DroppableCache(const std::string& group) {
  const std::string stat = ReadFile(group + "/memory.stat");
  const size_t at = stat.find("\ninactive_file ");
  if (at == std::string::npos) return 0;
  return std::strtoull(stat.c_str() + at + std::strlen("\ninactive_file "), nullptr, 10);
}

uint64_t HeadroomOf(const std::string& group) {
  const uint64_t limit = ReadNumber(group + "/memory.max");
  if (limit == kUnlimited) return kUnlimited;
  const uint64_t used = ReadNumber(group + "/memory.current");
  if (used == kUnlimited) return kUnlimited;
  const uint64_t available = limit + DroppableCache(group);
  return available > used ? available - used : 0;
}

}  // namespace

uint64_t MemoryHeadroom() {
  const std::string line = ReadFile("/proc/self/cgroup");
  const size_t at = line.find("0::/");
  if (at == std::string::npos) return kUnlimited;
  std::string group = line.substr(at + 3, line.find('\n', at) - at - 3);
  uint64_t least = kUnlimited;
  // Every ancestor's limit holds as well; a container's own root shows only what is below it.
  for (;; group.resize(group.rfind('/'))) {
    const uint64_t headroom = HeadroomOf("/sys/fs/cgroup" + group);
    if (headroom < least) least = headroom;
    if (group.empty() || group == "/") return least;
  }
}

}  // namespace mp::os
