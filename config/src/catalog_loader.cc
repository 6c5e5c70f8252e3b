#include "laurel/config/catalog_loader.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "laurel/config/toml_reader.h"

namespace laurel::config {
namespace {

using google::protobuf::Message;
using runtime::Error;
using runtime::ErrorCode;

constexpr std::uint32_t kScaleMax = 38;

bool is_asset(const std::string& id) {
  if (id.empty() || id.size() > 32 || id.front() < 'A' || id.front() > 'Z') return false;
  return id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-") == std::string::npos;
}

void check_assets(const contract::AssetRegistry& registry, const std::string& file,
                  std::string& errors) {
  std::set<std::string> seen;
  const auto fail = [&](const std::string& id, const std::string& what) {
    errors += (errors.empty() ? "" : "\n") + file + ": assets: \"" + id + "\" " + what;
  };
  for (const contract::Asset& asset : registry.assets()) {
    if (!is_asset(asset.id())) fail(asset.id(), "is no asset; allowed: [A-Z][A-Z0-9:._-]{0,31}");
    if (asset.scale() > kScaleMax) fail(asset.id(), "has a scale out of range; allowed: 0 to 38");
    if (!seen.insert(asset.id()).second) fail(asset.id(), "is there twice");
  }
}

}  // namespace

runtime::Result<runtime::Catalog> load_catalog(const std::string& dir,
                                               const std::vector<SettingsSpec>& specs) {
  runtime::Catalog catalog;
  if (dir.empty()) return catalog;
  std::string errors;
  const auto fail = [&](const std::string& what) { errors += (errors.empty() ? "" : "\n") + what; };

  std::map<std::string, const Message*> documents;
  documents.emplace("assets", &contract::AssetRegistry::default_instance());
  for (const SettingsSpec& spec : specs) {
    const auto [at, added] = documents.emplace(spec.document, spec.message);
    if (!added && at->second->GetDescriptor() != spec.message->GetDescriptor()) {
      fail(dir + ": " + spec.document + ".toml is declared as " +
           at->second->GetDescriptor()->full_name() + " and as " +
           spec.message->GetDescriptor()->full_name());
    }
  }

  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) {
    return Error{ErrorCode::kConfigInvalid,
                 dir + ": the catalog's folder cannot be read: " + error.message()};
  }
  std::sort(names.begin(), names.end());
  std::string allowed;
  for (const auto& [document, message] : documents) {
    allowed += (allowed.empty() ? "" : ", ") + document + ".toml";
  }
  for (const std::string& name : names) {
    if (name.empty() || name.front() == '.') continue;
    const std::string path = (std::filesystem::path(dir) / name).string();
    const bool is_toml = name.size() > 5 && name.compare(name.size() - 5, 5, ".toml") == 0;
    const auto document =
        is_toml ? documents.find(name.substr(0, name.size() - 5)) : documents.end();
    if (document == documents.end()) {
      fail(path + ": nothing declares this document; allowed: " + allowed);
      continue;
    }
    std::shared_ptr<Message> message(document->second->New());
    if (auto status = read_toml_file(path, *message); !status) {
      fail(status.error().message);
      continue;
    }
    if (document->first == "assets") {
      check_assets(static_cast<const contract::AssetRegistry&>(*message), path, errors);
    }
    const std::string full_name = message->GetDescriptor()->full_name();
    catalog.documents.emplace(full_name, std::move(message));
  }
  if (!errors.empty()) return Error{ErrorCode::kConfigInvalid, std::move(errors)};
  return catalog;
}

const contract::AssetRegistry* asset_registry(const runtime::Catalog& catalog) {
  return static_cast<const contract::AssetRegistry*>(
      catalog.find(*contract::AssetRegistry::descriptor()));
}

}  // namespace laurel::config
