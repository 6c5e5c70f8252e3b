/// The catalog's versions in `meta`, one row each (docs/formats/store.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "open_store.h"

namespace laurel::adapters::internal {

/// Writes the record behind the last one, with fsync; its number. REQUIRES: one caller at a time.
runtime::Result<std::uint64_t> append_catalog(const OpenStore& open, const std::string& record);
/// The records from that number on, in order. kStoreFailed: one is missing.
runtime::Result<std::vector<std::string>> read_catalog(const OpenStore& open, std::uint64_t from);

}  // namespace laurel::adapters::internal
