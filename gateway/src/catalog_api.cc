// /v1/catalog: the versions of the catalog, publishing one, JSON Schemas of documents.
#include <chrono>

#include <boost/json.hpp>

#include "problem.h"
#include "service.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using runtime::CatalogPublication;
using runtime::CatalogVersion;

namespace {

Reply json_reply(int status, const json::value& body) {
  return Reply{status, "application/json", json::serialize(body), {}, {}};
}

TimeUs now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Null: from the beginning of time.
json::value time_of(TimeUs time) {
  const auto text = rfc3339(time);
  return text ? json::value(*text) : json::value(nullptr);
}

json::object terms_json(const CatalogVersion& version) {
  const runtime::CatalogTerms& terms = version.terms();
  json::array names;
  for (const auto& document : version.documents()) names.emplace_back(document.name);
  return {{"version", std::to_string(terms.number)},
          {"published", time_of(terms.published_us)},
          {"effective_from", time_of(terms.effective_from_us)},
          {"live_from", time_of(terms.live_from_us)},
          {"history", terms.history},
          {"note", to_utf8(terms.note)},
          {"hash", hex(terms.hash)},
          {"documents", std::move(names)}};
}

json::object whole_json(const CatalogVersion& version) {
  json::object out = terms_json(version);
  json::array documents;
  for (const auto& document : version.documents()) {
    documents.push_back(json::object{{"name", document.name},
                                     {"type", document.type},
                                     {"known", document.message != nullptr},
                                     {"toml", to_utf8(document.toml)}});
  }
  out["documents"] = std::move(documents);
  return out;
}

Reply list_of(const runtime::Catalog& catalog) {
  json::array versions;
  for (const auto& version : catalog.versions()) versions.push_back(terms_json(*version));
  return json_reply(200, json::object{{"versions", std::move(versions)},
                                      {"newest", std::to_string(catalog.newest().number())},
                                      {"current", std::to_string(catalog.at(now_us()).number())}});
}

Reply version_of(const runtime::Catalog& catalog, const std::string& which) {
  std::optional<std::uint64_t> number = parse_u64(which);
  if (which == "newest") number = catalog.newest().number();
  if (which == "current") number = catalog.at(now_us()).number();
  if (!number) {
    return bad_request("\"" + which + "\" is no version; allowed: a number, newest, current");
  }
  const auto version = catalog.version(*number);
  if (!version) {
    return not_found("there is no version " + std::to_string(*number) + " of the catalog; there " +
                     (catalog.newest().number() == 0
                          ? std::string("is none: publish one")
                          : "are 1 to " + std::to_string(catalog.newest().number())));
  }
  return json_reply(200, whole_json(*version));
}

/// Empty when the body is as it has to be.
std::string read_publication(const std::string& body, CatalogPublication& publication) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) {
    return "the body is no JSON object; expected: files, effective_from, history, note, by";
  }
  for (const auto& member : parsed.get_object()) {
    const std::string_view name(member.key().data(), member.key().size());
    const json::value& value = member.value();
    if (name == "files" && value.is_object()) {
      for (const auto& file : value.get_object()) {
        const std::string file_name(file.key().data(), file.key().size());
        if (!file.value().is_string()) return "files: \"" + file_name + "\" is no string of TOML";
        const auto& text = file.value().get_string();
        publication.files[file_name] = std::string(text.data(), text.size());
      }
    } else if (name == "effective_from" && (value.is_string() || value.is_null())) {
      if (value.is_null()) continue;
      publication.effective_from = parse_rfc3339(std::string_view(value.get_string()));
      if (!publication.effective_from) {
        return "effective_from is \"" + std::string(value.get_string()) +
               "\"; expected is a time such as 2026-02-16T18:00:00Z";
      }
    } else if (name == "history" && value.is_bool()) {
      publication.history = value.get_bool();
    } else if (name == "note" && value.is_string()) {
      publication.note = std::string(value.get_string());
    } else if (name == "by" && value.is_string()) {
      publication.by = std::string(value.get_string());
    } else {
      return "member \"" + std::string(name) +
             "\": expected are files (an object of strings), effective_from (a string), history "
             "(true or false), note and by (strings)";
    }
  }
  if (!parsed.get_object().contains("files")) return "files is missing: an object NAME.toml: text";
  return {};
}

// RFC 9457, with every problem for programs and the same text for people.
Reply refused(const std::vector<runtime::CatalogProblem>& problems) {
  json::array errors;
  std::string detail;
  for (const auto& problem : problems) {
    std::string line = problem.file;
    if (problem.line != 0) {
      line += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    }
    line += ": " + (problem.key.empty() ? "" : problem.key + ": ") + problem.message;
    detail += (detail.empty() ? "" : "\n") + line;
    errors.push_back(json::object{{"file", to_utf8(problem.file)},
                                  {"line", problem.line},
                                  {"column", problem.column},
                                  {"key", to_utf8(problem.key)},
                                  {"message", to_utf8(problem.message)}});
  }
  Reply reply = bad_request(std::move(detail));
  json::object body = json::parse(reply.body).as_object();
  body["errors"] = std::move(errors);
  reply.body = json::serialize(body);
  return reply;
}

}  // namespace

Reply Service::catalog(const Target& target) const {
  const auto& path = target.segments;
  if (path.size() == 4) {
    auto schema = node_.catalog_schema(path[3]);
    if (!schema) return problem(schema.error());
    return Reply{200, "application/schema+json", std::move(*schema), {}, {}};
  }
  const auto catalog = node_.catalog();
  return path.size() == 2 ? list_of(*catalog) : version_of(*catalog, path[2]);
}

Reply Service::publish_catalog(const Request& request, const Target& target) {
  CatalogPublication publication;
  if (std::string wrong = read_publication(request.body, publication); !wrong.empty()) {
    return bad_request(std::move(wrong));
  }
  if (const auto only = target.query.find("validate_only"); only != target.query.end()) {
    if (only->second != "true" && only->second != "false") {
      return bad_request("validate_only is \"" + only->second + "\"; allowed: true, false");
    }
    publication.validate_only = only->second == "true";
  }
  const auto answer = node_.publish_catalog(publication);
  if (!answer) return problem(answer.error());
  if (!answer->problems.empty()) return refused(answer->problems);
  json::object body = terms_json(*answer->version);
  body["created"] = answer->created;
  json::array superseded;
  for (const std::uint64_t number : answer->supersedes) {
    superseded.emplace_back(std::to_string(number));
  }
  body["supersedes"] = std::move(superseded);
  return json_reply(answer->created ? 201 : 200, body);
}

}  // namespace laurel::gateway::internal
