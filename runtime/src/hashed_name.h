/// HashedName: a name and its hash, worked out once for all the tables that are asked about it.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <string_view>

namespace laurel::runtime::internal {

/// Refers to the text, which stays where it is as long as this is used. Made of a text where one is
/// asked for.
struct HashedName {
  HashedName() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a name is what callers have
  HashedName(const std::convertible_to<std::string_view> auto& name)
      : text(name), hash(std::hash<std::string_view>()(text)) {}
  HashedName(std::string_view name, std::size_t its_hash) : text(name), hash(its_hash) {}

  std::string_view text;
  std::size_t hash = 0;
};

}  // namespace laurel::runtime::internal
