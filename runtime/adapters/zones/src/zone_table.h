/// ZoneTable: the offsets of one zone, 1970 to 2200, sorted by when they begin. Never changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace laurel::adapters::internal {

class ZoneTable {
 public:
  /// Null when there is no such zone, or its data cannot be read.
  static std::unique_ptr<ZoneTable> load(std::string_view name);

  const std::string& name() const { return name_; }
  /// Seconds east of UTC at an instant (seconds since 1970, UTC).
  std::int32_t offset_at(std::int64_t utc_s) const;
  /// The first instant at which clocks show `local_s`; that of the jump when they skip it.
  std::int64_t utc_of(std::int64_t local_s) const;

 private:
  struct Span {
    std::int64_t begin_s;  // the first begins before all times
    std::int32_t offset_s;
  };
  void add(std::int64_t begin_s, std::int32_t offset_s);
  void add_years_after(std::int64_t last_change_s, std::string_view rule);
  std::size_t span_at(std::int64_t utc_s) const;

  std::string name_;
  std::vector<Span> spans_;
};

}  // namespace laurel::adapters::internal
