/// The catalog folder into a runtime::Catalog: one TOML file per document that the actors declare.
#pragma once

#include <string>
#include <vector>

#include "laurel/api/actor_type.h"
#include "laurel/contract/assets.pb.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/errors.h"

namespace laurel::config {

/// A document whose file is absent is absent from the catalog. `assets.toml` (AssetRegistry)
/// belongs to every catalog. An empty `dir` is an empty catalog. Files whose names start with a dot
/// are left alone; any other that nobody declared is an error, and so is a folder that is not
/// there. kConfigInvalid, with all that is wrong, one line each.
runtime::Result<runtime::Catalog> load_catalog(const std::string& dir,
                                               const std::vector<SettingsSpec>& specs);

/// The asset registry of a catalog; null when it has none.
const contract::AssetRegistry* asset_registry(const runtime::Catalog& catalog);

}  // namespace laurel::config
