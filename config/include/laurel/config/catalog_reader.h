/// CatalogReader: the catalog's folder, one TOML file per document that the actors declare, into a
/// version that is checked and worked out.
///
/// Threads    Immutable once made: any thread.
/// Limits     256 files; 1 MiB a file (kTomlBytesMax), 4 MiB together: a version is one record.
/// Errors     Problems, all of them, each with file, line, key and what is allowed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/api/zones.h"
#include "laurel/contract/assets.pb.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/catalog_schema.h"
#include "laurel/runtime/errors.h"
#include "laurel/runtime/hasher.h"
#include "laurel/runtime/registry.h"

namespace laurel::config {

inline constexpr std::size_t kCatalogFilesMax = 256;
inline constexpr std::size_t kCatalogBytesMax = 4 * 1024 * 1024;

struct CatalogFiles {
  std::string folder;                        ///< put before names in problems; empty: nothing is
  std::map<std::string, std::string> texts;  ///< by file name
};

/// Every file of the folder whose name does not start with a dot. kConfigInvalid: it is not there,
/// or too much. An empty `dir` has no files.
runtime::Result<CatalogFiles> read_catalog_folder(const std::string& dir);

/// What says that two catalogs are the same: SHA-256 over names and texts.
std::string content_hash(const CatalogFiles& files, const runtime::Hasher& hasher);

class CatalogReader {
 public:
  using Problems = std::vector<runtime::CatalogProblem>;
  using Version = std::shared_ptr<const runtime::CatalogVersion>;

  /// The documents of `registry`, and `assets.toml`, which belongs to every catalog.
  /// REQUIRES: zones outlives the reader.
  static runtime::Result<CatalogReader> make(const runtime::ActorRegistry& registry,
                                             const Zones& zones);
  static runtime::Result<CatalogReader> make(std::vector<SettingsSpec> specs, const Zones& zones);

  /// A document without a file is absent; a file nobody declares is a problem. `terms.hash` is not
  /// set here. nullptr: there are problems.
  Version read(const CatalogFiles& files, runtime::CatalogTerms terms,
               const runtime::CatalogVersion* before, Problems& problems) const;
  /// A stored version; problems name the line of the text it was read from.
  Version restore(runtime::CatalogTerms terms,
                  const std::vector<runtime::CatalogDocument>& documents,
                  const runtime::CatalogVersion* before, Problems& problems) const;

  const runtime::CatalogSchema& schema() const { return schema_; }
  /// JSON Schema of a document; kNotFound names what there is.
  runtime::Result<std::string> json_schema(std::string_view document) const;

 private:
  CatalogReader(runtime::CatalogSchema schema, const Zones& zones)
      : schema_(std::move(schema)), zones_(&zones) {}

  runtime::CatalogSchema schema_;
  const Zones* zones_;
};

/// All of them, one a line: the text of a config-invalid error.
std::string to_text(const std::vector<runtime::CatalogProblem>& problems);

/// The asset registry of a version; null when it has none.
const contract::AssetRegistry* asset_registry(const runtime::CatalogVersion& version);

}  // namespace laurel::config
