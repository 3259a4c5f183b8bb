// How often one thread holds each object: a hash table of addresses, so that shared memory needs
// one entry for each thread and object, however many JavaScript objects there are, and so that a
// thread that ends can drop all of them. Not shared, not locked: each thread has its own.
//
// Open addressing with linear probing; a removed entry's place is filled by moving up those behind
// it, so nothing is ever left that a search must step over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mp::sync {

class HeldObjects {
 public:
  /// One more of this object; true when it is the first.
  bool Add(uint64_t address);
  /// One less; true when it was the last.
  bool Remove(uint64_t address);
  [[nodiscard]] bool Has(uint64_t address) const;
  [[nodiscard]] size_t size() const { return size_; }
  /// The addresses from `begin` up to `end`.
  [[nodiscard]] std::vector<uint64_t> Between(uint64_t begin, uint64_t end) const;

 private:
  /// `granule` is 0 where there is none: no object starts at address 0.
  struct Held {
    uint32_t granule = 0;
    uint32_t count = 0;
  };

  [[nodiscard]] size_t HomeOf(uint32_t granule) const;
  /// Where it is, or where it would be put.
  [[nodiscard]] size_t PlaceOf(uint32_t granule) const;
  void Erase(size_t place);
  void Resize(size_t capacity);

  std::vector<Held> table_ = std::vector<Held>(kLeastCapacity);
  size_t size_ = 0;

  static constexpr size_t kLeastCapacity = 64;
};

}  // namespace mp::sync
