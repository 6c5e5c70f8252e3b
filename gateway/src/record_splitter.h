/// Splits text into the records of a CSV or NDJSON file (docs of POST /v1/ingest/.../records).
///
/// A record is a line, in CSV too: were newlines within quotes part of it, a stray quote would
/// swallow good rows. Blank lines are no records. A carriage return before the newline is dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "laurel/runtime/event.h"

namespace laurel::gateway::internal {

struct SplitRecords {
  std::vector<runtime::RawRecord> records;  ///< `line` counts from first_line on
  bool too_many = false;                    ///< stopped at records_max + 1
};

struct SplitOptions {
  std::uint64_t first_line = 1;
  std::size_t records_max = 5000;
  std::uint64_t last_length = 0;  ///< true length of the last line, when its sender has cut it
};

/// A record over kLineBytesMax is cut to kDeadLetterRawMax and marked as oversize.
SplitRecords split_records(std::string_view text, const SplitOptions& options);

}  // namespace laurel::gateway::internal
