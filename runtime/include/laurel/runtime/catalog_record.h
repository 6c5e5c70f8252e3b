/// CatalogRecord: a version of the catalog as the engine's catalog log keeps it
/// (docs/formats/catalog.md). Its number is its place in the log.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "laurel/runtime/catalog.h"
#include "laurel/runtime/errors.h"

namespace laurel::runtime {

struct StoredCatalogVersion {
  CatalogTerms terms;
  std::vector<CatalogDocument> documents;  ///< without messages, for CatalogSchema::compile()
};

std::string encode_catalog_record(const CatalogVersion& version);
/// kStoreFailed: the bytes are no record of a format that this version reads.
Result<StoredCatalogVersion> decode_catalog_record(std::uint64_t number, std::string_view bytes);

}  // namespace laurel::runtime
