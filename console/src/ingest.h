/// `laurel ingest`: files into a node, answered after commit.
#pragma once

#include <string>
#include <vector>

#include "arguments.h"

namespace laurel::console {

struct IngestArguments {
  std::vector<std::string> files;  ///< `-`: standard input
  std::string mapping_file;
  std::string format;    ///< csv or ndjson; empty: by the file's name
  std::string backfill;  ///< its name; empty: the first file's
  bool leave_open = false;
  bool sorted = false;  ///< applied as they come; one out of order is rejected
  bool live = false;    ///< no backfill
  bool wait = true;
  unsigned retry_s = 10;
};

int ingest(HttpClient& client, const Common& common, const IngestArguments& arguments);

}  // namespace laurel::console
