/// `laurel ingest`: a file into a node, in order, answered after commit.
#pragma once

#include <string>

#include "arguments.h"

namespace laurel::console {

struct IngestArguments {
  std::string file;
  std::string mapping_file;
  std::string format;  ///< csv or ndjson; empty: by the file's name
  unsigned retry_s = 10;
};

int ingest(HttpClient& client, const Common& common, const IngestArguments& arguments);

}  // namespace laurel::console
