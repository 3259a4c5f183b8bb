// Finds io_uring instances, and gives them up; see the header.
#include "fork/rings.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstring>

#include "fork/kernel.h"
#include "fork/mappings.h"

namespace mp::fork {
namespace {

constexpr size_t kMaxRings = 32;
/// Loops are allocated by malloc: its pieces are looked through before the large ones, which are
/// V8's and the stacks of threads.
constexpr uint64_t kSmallBytes = uint64_t{4} << 20;

/// As the table in the header has it.
struct UvRing {
  uint64_t sq;
  uint64_t cqe;
  uint64_t sqe;
  uint64_t sizes[2];
  uint64_t maxlen;
  uint64_t sqelen;
  int32_t ringfd;
};

struct Ring {
  int descriptor = -1;
  uint64_t inode = 0;
  uint64_t queues = 0;
  uint64_t queue_bytes = 0;
  uint64_t entries = 0;
  UvRing* kept = nullptr;
};

Ring rings[kMaxRings];
size_t ring_count = 0;

bool IsRing(int descriptor) {
  char target[64] = {};
  const long length =
      Kernel(SYS_readlinkat, AT_FDCWD, AsArgument(Path("/proc/self/fd/").Add(descriptor).text()),
             AsArgument(target), sizeof target - 1);
  return length > 0 && std::strcmp(target, "anon_inode:[io_uring]") == 0;
}

/// A number of the ring's fdinfo; -1 when it is not there, or negative.
int64_t FieldOf(const char* text, const char* name) {
  const char* at = std::strstr(text, name);
  if (at == nullptr) return -1;
  at += std::strlen(name);
  while (*at == '\t' || *at == ' ') ++at;
  if (*at < '0' || *at > '9') return -1;
  return static_cast<int64_t>(ParseNumber(&at, 10));
}

/// Reads what the kernel tells of the ring; false: it cannot be given up.
bool Describe(Ring* ring) {
  static char text[4096];
  struct stat status{};
  const Path path = Path("/proc/self/fdinfo/").Add(ring->descriptor);
  if (ReadFile(path.text(), text, sizeof text) == 0) return false;
  if (Kernel(SYS_fstat, ring->descriptor, AsArgument(&status)) != 0) return false;
  ring->inode = status.st_ino;
  // No thread of the kernel's works for it: "SqThread: -1".
  return FieldOf(text, "SqHead:") == FieldOf(text, "SqTail:") &&
         FieldOf(text, "CqHead:") == FieldOf(text, "CqTail:") && FieldOf(text, "SqThread:") < 0;
}

void NoteMapping(const Mapping& mapping) {
  for (size_t i = 0; i < ring_count; ++i) {
    if (mapping.inode != rings[i].inode || mapping.is_private) continue;
    if (mapping.offset == IORING_OFF_SQES) rings[i].entries = mapping.start;
    if (mapping.offset != IORING_OFF_SQ_RING) continue;
    rings[i].queues = mapping.start;
    rings[i].queue_bytes = mapping.end - mapping.start;
  }
}

bool IsKeptAt(const Ring& ring, const UvRing& place) {
  return place.sq == ring.queues && place.sqe == ring.entries && place.ringfd == ring.descriptor &&
         place.maxlen > 0 && place.maxlen <= ring.queue_bytes;
}

bool AllFound() {
  for (size_t i = 0; i < ring_count; ++i) {
    if (rings[i].kept == nullptr) return false;
  }
  return true;
}

void SearchIn(const Mapping& mapping) {
  if (mapping.end - mapping.start < sizeof(UvRing)) return;
  const uint64_t last = mapping.end - sizeof(UvRing);
  for (uint64_t at = mapping.start; at <= last; at += alignof(UvRing)) {
    auto* place = reinterpret_cast<UvRing*>(at);
    for (size_t i = 0; i < ring_count; ++i) {
      if (place->sq != rings[i].queues || !IsKeptAt(rings[i], *place)) continue;
      // Once found it is not looked for again, so this module's own array is no second place.
      if (rings[i].kept == nullptr) rings[i].kept = place;
    }
  }
}

bool CanBeSearched(const Mapping& mapping) {
  return mapping.is_private && mapping.is_writable && mapping.is_readable && !AllFound();
}

void SearchSmall(const Mapping& mapping) {
  if (CanBeSearched(mapping) && mapping.end - mapping.start <= kSmallBytes) SearchIn(mapping);
}

void SearchLarge(const Mapping& mapping) {
  if (CanBeSearched(mapping) && mapping.end - mapping.start > kSmallBytes) SearchIn(mapping);
}

/// Where loops keep them stays the same as long as they live.
struct Known {
  int descriptor;
  UvRing* kept;
};
Known known[kMaxRings];
size_t known_count = 0;

bool IsStillAt(const Known& place, const Ring& ring) {
  return place.descriptor == ring.descriptor && IsKeptAt(ring, *place.kept);
}

void Recall(Ring* ring) {
  for (size_t i = 0; i < known_count; ++i) {
    if (IsStillAt(known[i], *ring)) ring->kept = known[i].kept;
  }
}

void Remember() {
  known_count = ring_count;
  for (size_t i = 0; i < ring_count; ++i) known[i] = {rings[i].descriptor, rings[i].kept};
}

}  // namespace

Verdict CheckRings() {
  ring_count = 0;
  NumberedEntries all("/proc/self/fd");
  for (int number = all.Next(); number >= 0; number = all.Next()) {
    if (!IsRing(number)) continue;
    if (ring_count == kMaxRings) return Verdict::No("it has more than %zu io_urings", kMaxRings);
    Ring ring;
    ring.descriptor = number;
    if (!Describe(&ring)) return Verdict::No("io_uring %d has something under way", number);
    rings[ring_count++] = ring;
  }
  if (ring_count == 0) return Verdict::Ok();
  if (!ForEachMapping(NoteMapping)) return Verdict::No("/proc/self/maps cannot be read");
  for (size_t i = 0; i < ring_count; ++i) Recall(&rings[i]);
  if (!AllFound() && !(ForEachMapping(SearchSmall) && ForEachMapping(SearchLarge))) {
    return Verdict::No("/proc/self/maps cannot be read");
  }
  if (!AllFound()) return Verdict::No("the owner of an io_uring was not found");
  Remember();
  return Verdict::Ok();
}

void GiveUpRings() {
  for (size_t i = 0; i < ring_count; ++i) {
    rings[i].kept->ringfd = -1;
    Kernel(SYS_close, rings[i].descriptor);
  }
  ring_count = 0;
  known_count = 0;
}

}  // namespace mp::fork
