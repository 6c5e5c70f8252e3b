/// Reads: runtime::Queries as a port, so that a test needs no store.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/runtime/queries.h"

namespace laurel::gateway::internal {

struct TableRequest {
  std::string_view type;
  std::string_view key;
  std::string_view table;
  std::string_view cursor;
  std::size_t limit = 100;
};

struct Reads {
  std::function<runtime::Result<runtime::ActorView>(std::string_view type, std::string_view key)>
      actor;
  std::function<runtime::Result<runtime::TablePage>(const TableRequest&)> table;
  std::function<runtime::Result<runtime::ActorPage>(std::string_view type, std::string_view cursor,
                                                    std::size_t limit)>
      actors;
  std::function<runtime::Result<runtime::BoardPage>(std::string_view type, std::string_view key,
                                                    std::string_view table)>
      board;
  std::function<runtime::Result<std::vector<std::optional<runtime::BoardMember>>>(
      std::string_view type, std::string_view key, std::string_view table,
      const std::vector<std::string>& members)>
      board_members;
};

}  // namespace laurel::gateway::internal
