#include "laurel/adapters/zones/system_zones.h"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "laurel/api/civil.h"
#include "zone_table.h"

namespace laurel::adapters {
namespace {

using internal::ZoneTable;

constexpr std::int32_t kYearsMax = 200'000;

// A hash table that only grows: readers follow published pointers, writers take the lock.
class Tables {
 public:
  const ZoneTable* find(std::string_view name) {
    thread_local const ZoneTable* last = nullptr;
    if (last != nullptr && last->name() == name) return last;
    const ZoneTable* found = look_up(name);
    if (found != nullptr) last = found;
    return found;
  }

 private:
  struct Node {
    std::unique_ptr<ZoneTable> table;
    const Node* next;
  };

  const ZoneTable* look_up(std::string_view name) {
    std::atomic<const Node*>& bucket = buckets_[std::hash<std::string_view>()(name) % kBuckets];
    if (const ZoneTable* found = in(bucket, name)) return found;
    const std::lock_guard lock(adding_);
    if (const ZoneTable* found = in(bucket, name)) return found;
    auto table = ZoneTable::load(name);
    if (!table) return nullptr;
    const ZoneTable* loaded = table.get();
    bucket.store(new Node{std::move(table), bucket.load(std::memory_order_relaxed)},
                 std::memory_order_release);
    return loaded;
  }

  static const ZoneTable* in(const std::atomic<const Node*>& bucket, std::string_view name) {
    for (const Node* node = bucket.load(std::memory_order_acquire); node != nullptr;
         node = node->next) {
      if (node->table->name() == name) return node->table.get();
    }
    return nullptr;
  }

  static constexpr std::size_t kBuckets = 256;  // tzdata has some 600 names, a node uses a few
  std::array<std::atomic<const Node*>, kBuckets> buckets_{};
  std::mutex adding_;
};

const ZoneTable* find(std::string_view name) {
  static auto* tables = new Tables;  // never destroyed: threads may ask until the end
  return tables->find(name);
}

}  // namespace

bool SystemZones::known(std::string_view zone) const { return find(zone) != nullptr; }

std::optional<CivilTime> SystemZones::to_civil(std::string_view zone, std::int64_t utc_us) const {
  const ZoneTable* table = find(zone);
  if (table == nullptr) return std::nullopt;
  const std::int64_t utc_s = floor_div64(utc_us, kMicrosPerSecond);
  return civil_of(utc_s + table->offset_at(utc_s));
}

std::optional<std::int64_t> SystemZones::to_utc(std::string_view zone,
                                                const CivilTime& civil) const {
  const ZoneTable* table = find(zone);
  if (table == nullptr || civil.year > kYearsMax || civil.year < -kYearsMax || civil.day < 1 ||
      civil.day > days_in_month(civil.year, civil.month) || civil.second >= kSecondsPerDay) {
    return std::nullopt;
  }
  return table->utc_of(seconds_of(civil)) * kMicrosPerSecond;
}

}  // namespace laurel::adapters
