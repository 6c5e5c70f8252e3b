#include "laurel/config/catalog_reader.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "json_schema.h"
#include "laurel/config/toml_reader.h"

namespace laurel::config {
namespace {

using runtime::CatalogDocument;
using runtime::CatalogProblem;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;

constexpr std::uint32_t kScaleMax = 38;
constexpr std::string_view kToml = ".toml";

bool is_asset(const std::string& id) {
  if (id.empty() || id.size() > 32 || id.front() < 'A' || id.front() > 'Z') return false;
  return id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-") == std::string::npos;
}

struct CheckedAssets {};

std::shared_ptr<const CheckedAssets> check_assets(const contract::AssetRegistry& registry,
                                                  const Zones& /*zones*/, Problems& problems) {
  std::set<std::string> seen;
  for (int i = 0; i < registry.assets_size(); ++i) {
    const contract::Asset& asset = registry.assets(i);
    const std::string path = "assets[" + std::to_string(i) + "]";
    const std::string id = "\"" + asset.id() + "\" ";
    if (!is_asset(asset.id())) {
      problems.add(path + ".id", id + "is no asset; allowed: [A-Z][A-Z0-9:._-]{0,31}");
    }
    if (asset.scale() > kScaleMax) {
      problems.add(path + ".scale", id + "has a scale out of range; allowed: 0 to 38");
    }
    if (!seen.insert(asset.id()).second) problems.add(path + ".id", id + "is there twice");
  }
  return std::make_shared<const CheckedAssets>();
}

std::string document_of(std::string_view file) {
  if (file.size() <= kToml.size() || !file.ends_with(kToml)) return {};
  return std::string(file.substr(0, file.size() - kToml.size()));
}

std::string shown(const std::string& folder, const std::string& file) {
  return folder.empty() ? file : (std::filesystem::path(folder) / file).string();
}

CatalogProblem problem_of(const std::string& file, const TomlProblem& problem) {
  return {file, problem.line, problem.column, problem.key, problem.message};
}

// What compile functions found, at its place in the text.
void place(const std::vector<runtime::DocumentProblem>& found,
           const std::vector<CatalogDocument>& documents, const std::string& folder,
           std::vector<CatalogProblem>& problems) {
  for (const auto& [name, problem] : found) {
    TomlProblem at{0, 0, problem.path, problem.message};
    for (const CatalogDocument& document : documents) {
      if (document.name == name) locate(document.toml, at);
    }
    problems.push_back(problem_of(shown(folder, name + std::string(kToml)), at));
  }
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kTomlBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open() || (file.fail() && !file.eof())) {
    return Error{ErrorCode::kConfigInvalid,
                 path.string() + ": cannot be read: it is no file, or there is no permission"};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

Result<CatalogFiles> read_catalog_folder(const std::string& dir) {
  CatalogFiles files;
  files.folder = dir;
  if (dir.empty()) return files;
  std::error_code error;
  std::string errors;
  for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.empty() || name.front() == '.') continue;
    if (files.texts.size() >= kCatalogFilesMax) {
      return Error{ErrorCode::kConfigInvalid,
                   dir + ": has too many files; allowed: " + std::to_string(kCatalogFilesMax)};
    }
    std::string& text = files.texts[name];
    if (document_of(name).empty()) continue;  // refused by its name
    auto read = read_file(it->path());
    if (read) {
      text = std::move(*read);
    } else {
      errors += (errors.empty() ? "" : "\n") + read.error().message;
    }
  }
  if (error) {
    return Error{ErrorCode::kConfigInvalid,
                 dir + ": the catalog's folder cannot be read: " + error.message()};
  }
  if (!errors.empty()) return Error{ErrorCode::kConfigInvalid, std::move(errors)};
  return files;
}

std::string content_hash(const CatalogFiles& files, const runtime::Hasher& hasher) {
  std::string all;
  for (const auto& [name, text] : files.texts) {
    all += std::to_string(name.size()) + ":" + name + std::to_string(text.size()) + ":" + text;
  }
  return std::string(bytes_of(hasher.sha256({all})));
}

Result<CatalogReader> CatalogReader::make(std::vector<SettingsSpec> specs, const Zones& zones) {
  specs.push_back(settings_spec<contract::AssetRegistry, CheckedAssets>("assets", &check_assets));
  auto schema = runtime::CatalogSchema::make(std::move(specs));
  if (!schema) return schema.error();
  return CatalogReader(std::move(*schema), zones);
}

Result<CatalogReader> CatalogReader::make(const runtime::ActorRegistry& registry,
                                          const Zones& zones) {
  std::vector<SettingsSpec> specs;
  for (const ActorType& type : registry.types()) {
    specs.insert(specs.end(), type.settings.begin(), type.settings.end());
  }
  return make(std::move(specs), zones);
}

CatalogReader::Version CatalogReader::read(const CatalogFiles& files, runtime::CatalogTerms terms,
                                           const runtime::CatalogVersion* before,
                                           Problems& problems) const {
  std::string allowed;
  for (const std::string& name : schema_.names()) {
    allowed += (allowed.empty() ? "" : ", ") + name + std::string(kToml);
  }
  const std::size_t problems_before = problems.size();
  std::vector<CatalogDocument> documents;
  std::size_t bytes = 0;
  for (const auto& [file, text] : files.texts) bytes += text.size();
  if (files.texts.size() > kCatalogFilesMax || bytes > kCatalogBytesMax) {
    problems.push_back({files.folder.empty() ? "catalog" : files.folder, 0, 0, "",
                        "is too large; allowed: " + std::to_string(kCatalogFilesMax) +
                            " files of " + std::to_string(kCatalogBytesMax) + " bytes together"});
    return nullptr;
  }
  for (const auto& [file, text] : files.texts) {
    const std::string path = shown(files.folder, file);
    const google::protobuf::Message* declared = schema_.prototype(document_of(file));
    if (declared == nullptr) {
      problems.push_back({path, 0, 0, "", "nothing declares this document; allowed: " + allowed});
      continue;
    }
    std::shared_ptr<google::protobuf::Message> message(declared->New());
    const auto found = read_toml(text, *message);
    for (const TomlProblem& problem : found) problems.push_back(problem_of(path, problem));
    if (!found.empty()) continue;
    CatalogDocument document;
    document.name = document_of(file);
    document.toml = text;
    document.message = std::move(message);
    documents.push_back(std::move(document));
  }
  // What could be read is worked out even when something else could not: all problems at once.
  std::vector<runtime::DocumentProblem> found;
  auto version = schema_.compile(std::move(terms), documents, *zones_, before, found);
  place(found, documents, files.folder, problems);
  return problems.size() == problems_before ? version : nullptr;
}

CatalogReader::Version CatalogReader::restore(runtime::CatalogTerms terms,
                                              const std::vector<CatalogDocument>& documents,
                                              const runtime::CatalogVersion* before,
                                              Problems& problems) const {
  std::vector<runtime::DocumentProblem> found;
  auto version = schema_.compile(std::move(terms), documents, *zones_, before, found);
  place(found, documents, {}, problems);
  return version;
}

Result<std::string> CatalogReader::json_schema(std::string_view document) const {
  const google::protobuf::Message* declared = schema_.prototype(document);
  if (declared != nullptr) return internal::json_schema(document, *declared->GetDescriptor());
  std::string names;
  for (const std::string& name : schema_.names()) names += (names.empty() ? "" : ", ") + name;
  return Error{ErrorCode::kNotFound,
               "there is no document \"" + std::string(document) + "\"; there are " + names};
}

std::string to_text(const std::vector<CatalogProblem>& problems) {
  std::string out;
  for (const CatalogProblem& problem : problems) {
    const std::string line = to_text(
        TomlProblem{problem.line, problem.column, problem.key, problem.message}, problem.file);
    out += (out.empty() ? "" : "\n") + line;
  }
  return out;
}

const contract::AssetRegistry* asset_registry(const runtime::CatalogVersion& version) {
  return static_cast<const contract::AssetRegistry*>(
      version.find(*contract::AssetRegistry::descriptor()));
}

}  // namespace laurel::config
