#include "catalog_verbs.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "laurel/actors/all_actors.h"
#include "laurel/adapters/zones/system_zones.h"
#include "laurel/config/catalog_reader.h"
#include "laurel/config/json_text.h"
#include "laurel/runtime/registry.h"

namespace laurel::node {
namespace {

using Problems = std::vector<runtime::CatalogProblem>;

std::string json_of(const Problems& problems) {
  std::string out;
  for (const auto& problem : problems) {
    out += (out.empty() ? "" : ",") + std::string("{\"file\":") +
           config::json_quoted(problem.file) + ",\"line\":" + std::to_string(problem.line) +
           ",\"column\":" + std::to_string(problem.column) +
           ",\"key\":" + config::json_quoted(problem.key) +
           ",\"message\":" + config::json_quoted(problem.message) + "}";
  }
  return "[" + out + "]";
}

int validate(const config::CatalogReader& reader, const std::string& folder, bool json) {
  Problems problems;
  std::size_t documents = 0;
  const auto files = config::read_catalog_folder(folder);
  if (!files) {
    problems.push_back({folder, 0, 0, "", files.error().message});
  } else if (auto version = reader.read(*files, {}, nullptr, problems); version != nullptr) {
    documents = version->documents().size();
  }
  const bool valid = problems.empty();
  if (json) {
    std::printf("{\"valid\":%s,\"documents\":%zu,\"errors\":%s}\n", valid ? "true" : "false",
                documents, json_of(problems).c_str());
  } else if (valid) {
    std::printf("%s: %zu documents are valid\n", folder.c_str(), documents);
  } else {
    const std::string text = files ? config::to_text(problems) : files.error().message;
    std::fprintf(stderr, "%s\nlaurel catalog validate: %s is refused\n", text.c_str(),
                 folder.c_str());
  }
  return valid ? 0 : 1;
}

int schema(const config::CatalogReader& reader, const std::string& document) {
  const auto text = reader.json_schema(document);
  if (!text) {
    std::fprintf(stderr, "laurel catalog schema: %s\n", text.error().message.c_str());
    return 1;
  }
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace

bool is_catalog_verb(std::string_view verb) { return verb == "validate" || verb == "schema"; }

int run_catalog_verb(int argc, char** argv) {
  CLI::App app{"Documents of the catalog, without a node.", "laurel catalog"};
  app.require_subcommand(1);
  std::string folder, document;
  bool json = false;
  CLI::App* validating = app.add_subcommand(
      "validate", "Check a folder as `laurel run` and `laurel catalog publish` do");
  validating->add_option("DIR", folder, "The catalog folder")->required();
  validating->add_flag("--json", json, "Machine-readable output");
  CLI::App* describing = app.add_subcommand("schema", "JSON Schema of a document, for editors");
  describing->add_option("DOCUMENT", document, "Its file name without .toml")->required();
  describing->add_flag("--json", json, "It is JSON anyway");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const runtime::ActorRegistry registry(actors::all_actor_types());
  const adapters::SystemZones zones;
  const auto reader = config::CatalogReader::make(registry, zones);
  if (!reader) {
    std::fprintf(stderr, "laurel catalog: %s\n", reader.error().message.c_str());
    return 1;
  }
  return validating->parsed() ? validate(*reader, folder, json) : schema(*reader, document);
}

}  // namespace laurel::node
