/// Reads: runtime::Queries as a port, so that a test needs no store.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

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
};

}  // namespace laurel::gateway::internal
