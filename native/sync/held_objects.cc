// The table of what a thread holds; see the header.
#include "sync/held_objects.h"

#include <utility>

#include "layout/segment.h"

namespace mp::sync {
namespace {

/// Addresses are below 4 GiB (sync/address_space.h).
uint32_t GranuleOf(uint64_t address) { return static_cast<uint32_t>(address / layout::kGranule); }

}  // namespace

size_t HeldObjects::HomeOf(uint32_t granule) const {
  // Neighbours come together often; 2^32 divided by the golden ratio spreads them.
  const uint32_t spread = granule * 2654435769U;
  return (uint64_t{spread} * table_.size()) >> 32;
}

size_t HeldObjects::PlaceOf(uint32_t granule) const {
  size_t place = HomeOf(granule);
  while (table_[place].granule != 0 && table_[place].granule != granule) {
    place = (place + 1) & (table_.size() - 1);
  }
  return place;
}

bool HeldObjects::Has(uint64_t address) const {
  return table_[PlaceOf(GranuleOf(address))].granule != 0;
}

bool HeldObjects::Add(uint64_t address) {
  const uint32_t granule = GranuleOf(address);
  Held& held = table_[PlaceOf(granule)];
  const bool is_first = held.granule == 0;
  held = {granule, held.count + 1};
  if (is_first && ++size_ * 2 > table_.size()) Resize(table_.size() * 2);
  return is_first;
}

bool HeldObjects::Remove(uint64_t address) {
  const size_t place = PlaceOf(GranuleOf(address));
  if (table_[place].granule == 0 || --table_[place].count > 0) return false;
  Erase(place);
  --size_;
  if (table_.size() > kLeastCapacity && size_ * 8 < table_.size()) Resize(table_.size() / 2);
  return true;
}

void HeldObjects::Erase(size_t place) {
  const size_t mask = table_.size() - 1;
  size_t gap = place;
  for (size_t next = (gap + 1) & mask; table_[next].granule != 0; next = (next + 1) & mask) {
    // It may move up unless its home lies behind the gap: then a search would miss it.
    const size_t distance = (next - HomeOf(table_[next].granule)) & mask;
    if (distance < ((next - gap) & mask)) continue;
    table_[gap] = table_[next];
    gap = next;
  }
  table_[gap] = {};
}

void HeldObjects::Resize(size_t capacity) {
  const std::vector<Held> old = std::exchange(table_, std::vector<Held>(capacity));
  for (const Held& held : old) {
    if (held.granule != 0) table_[PlaceOf(held.granule)] = held;
  }
}

std::vector<uint64_t> HeldObjects::Between(uint64_t begin, uint64_t end) const {
  std::vector<uint64_t> addresses;
  for (const Held& held : table_) {
    const uint64_t address = uint64_t{held.granule} * layout::kGranule;
    if (held.granule != 0 && address >= begin && address < end) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace mp::sync
