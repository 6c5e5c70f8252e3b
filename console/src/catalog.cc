#include "catalog.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <system_error>

#include "line_diff.h"

namespace laurel::console {
namespace {

namespace json = boost::json;
using Files = std::map<std::string, std::string>;  // NAME.toml -> text

constexpr std::size_t kFilesMax = 256;
constexpr std::size_t kFileBytesMax = 1024 * 1024;

void print(const json::value& value) { std::printf("%s\n", json::serialize(value).c_str()); }

std::string since(const json::value& version, std::string_view member) {
  const std::string time = text_of(version, member);
  return time.empty() ? "the beginning" : time;
}

// What the folder says; what in it is right is for the node to judge.
Files read_folder(const std::string& folder) {
  Files files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.empty() || name.front() == '.') continue;
    if (files.size() >= kFilesMax) {
      throw Failure{kFailed, folder + ": has too many files; allowed: 256"};
    }
    std::ifstream file(it->path(), std::ios::binary);
    std::string text(kFileBytesMax + 1, '\0');
    if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
      throw Failure{kFailed, it->path().string() +
                                 ": cannot be read: it is no file, or there is no permission"};
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kFileBytesMax) {
      throw Failure{kFailed, it->path().string() + ": is too large; allowed: 1048576 bytes"};
    }
    files.emplace(name, std::move(text));
  }
  if (error) throw Failure{kFailed, folder + ": cannot be read: " + error.message()};
  return files;
}

bool is_version(const std::string& text) {
  if (text == "newest" || text == "current") return true;
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Files files_of(HttpClient& client, const std::string& which) {
  if (!is_version(which)) return read_folder(which);
  Files files;
  const auto version = fetch(client, "/v1/catalog/" + which);
  for (const auto& document : version.at("documents").as_array()) {
    files.emplace(text_of(document, "name") + ".toml", text_of(document, "toml"));
  }
  return files;
}

// The node's problems, each at its place in the folder.
[[noreturn]] void refuse(const json::value& problem, const std::string& folder) {
  std::string lines;
  const auto* errors = problem.as_object().if_contains("errors");
  if (errors == nullptr || !errors->is_array()) throw Failure{kFailed, text_of(problem, "detail")};
  for (const auto& error : errors->as_array()) {
    const std::string file = text_of(error, "file");
    const bool is_file = file.ends_with(".toml") || std::filesystem::exists(folder + "/" + file);
    lines += "\n" + (is_file ? (std::filesystem::path(folder) / file).string() : file);
    if (const std::string line = text_of(error, "line"); line != "0") {
      lines += ":" + line + ":" + text_of(error, "column");
    }
    if (const std::string key = text_of(error, "key"); !key.empty()) lines += ": " + key;
    lines += ": " + text_of(error, "message");
  }
  throw Failure{kFailed, "the catalog is refused, nothing is published:" + lines};
}

}  // namespace

int list_catalog(HttpClient& client, const Common& common) {
  const auto list = fetch(client, "/v1/catalog");
  if (!common.json) {
    std::printf("%8s  %-28s %-28s %s\n", "version", "published", "in force from", "note");
  }
  for (const auto& version : list.at("versions").as_array()) {
    if (common.json) {
      print(version);
      continue;
    }
    const bool current = text_of(version, "version") == text_of(list, "current");
    std::printf("%8s%c %-28s %-28s %s\n", text_of(version, "version").c_str(), current ? '*' : ' ',
                text_of(version, "published").c_str(), since(version, "live_from").c_str(),
                text_of(version, "note").c_str());
  }
  return kOk;
}

int show_catalog(HttpClient& client, const Common& common, const CatalogArguments& arguments) {
  if (!is_version(arguments.version)) {
    throw Failure{kUsage, "a version is a number, newest or current, not " + arguments.version};
  }
  const auto version = fetch(client, "/v1/catalog/" + arguments.version);
  if (common.json) return print(version), kOk;
  std::printf("# version %s, published %s, in force from %s\n", text_of(version, "version").c_str(),
              text_of(version, "published").c_str(), since(version, "live_from").c_str());
  if (text_of(version, "history") == "true") {
    std::printf("# for backfills opened since it was published: from %s\n",
                since(version, "effective_from").c_str());
  }
  if (const std::string note = text_of(version, "note"); !note.empty()) {
    std::printf("# %s\n", note.c_str());
  }
  for (const auto& document : version.at("documents").as_array()) {
    const std::string toml = text_of(document, "toml");
    std::printf("\n# ---- %s.toml ----\n%s%s", text_of(document, "name").c_str(), toml.c_str(),
                toml.empty() || toml.ends_with('\n') ? "" : "\n");
  }
  return kOk;
}

int publish_catalog(HttpClient& client, const Common& common, const CatalogArguments& arguments) {
  json::object files;
  for (const auto& [name, text] : read_folder(arguments.folder)) files[name] = text;
  json::object body{{"files", std::move(files)},
                    {"history", arguments.history},
                    {"note", arguments.note},
                    {"by", who(arguments.by)}};
  if (!arguments.effective_from.empty()) body["effective_from"] = arguments.effective_from;
  const auto reply =
      client.post(std::string("/v1/catalog") + (arguments.dry_run ? "?validate_only=true" : ""),
                  json::serialize(body), "application/json");
  json::error_code error;
  const auto problem = json::parse(reply.body, error);
  if (reply.status == 400 && !error && problem.is_object()) {
    if (!common.json) refuse(problem, arguments.folder);
    print(problem);
    return kFailed;
  }
  const auto done = parse_reply(reply);
  if (common.json) return print(done), kOk;
  const std::string number = text_of(done, "version");
  const bool created = text_of(done, "created") == "true";
  if (!created && !arguments.dry_run) {
    std::printf("nothing to publish: version %s says the same\n", number.c_str());
    return kOk;
  }
  std::printf("version %s %s: for events dated from %s on\n", number.c_str(),
              created ? "is published" : "would be accepted", since(done, "live_from").c_str());
  if (arguments.history) {
    std::printf("  and, in backfills opened from now on, for events dated from %s on\n",
                since(done, "effective_from").c_str());
  }
  for (const auto& superseded : done.at("supersedes").as_array()) {
    std::printf("  version %s was to begin later: it never will\n",
                std::string(superseded.as_string()).c_str());
  }
  return kOk;
}

int diff_catalog(HttpClient& client, const Common& common, const CatalogArguments& arguments) {
  const Files before = files_of(client, arguments.before);
  const Files after = files_of(client, arguments.after);
  std::set<std::string> names;
  for (const auto* files : {&before, &after}) {
    for (const auto& [name, text] : *files) names.insert(name);
  }
  for (const std::string& name : names) {
    const auto old = before.find(name);
    const auto fresh = after.find(name);
    const bool added = old == before.end();
    const bool removed = fresh == after.end();
    const std::string diff = line_diff(added ? "" : old->second, removed ? "" : fresh->second);
    if (diff.empty() && !added && !removed) continue;
    const char* change = added ? "added" : removed ? "removed" : "changed";
    if (common.json) {
      print(json::object{{"document", name}, {"change", change}, {"diff", diff}});
      continue;
    }
    const auto side = [&name](bool absent, const std::string& which) {
      return absent ? std::string("/dev/null") : which + "/" + name;
    };
    std::printf("--- %s\n+++ %s\n%s", side(added, arguments.before).c_str(),
                side(removed, arguments.after).c_str(), diff.c_str());
  }
  return kOk;
}

}  // namespace laurel::console
