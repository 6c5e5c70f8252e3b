#include "service.h"

#include <algorithm>
#include <array>

#include "openapi.h"
#include "problem.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace {

constexpr std::size_t kSmallBodyMax = 1024 * 1024;
constexpr std::size_t kCatalogBodyMax = 10 * 1024 * 1024;
constexpr std::size_t kRecordsBodyMax = 8 * 1024 * 1024;

Reply method_not_allowed(const std::string& method, const std::string& allow) {
  Reply reply = problem(
      Problem{405, "method-not-allowed", method + " is not possible here; allowed: " + allow});
  reply.allow = allow;
  return reply;
}

bool allows(std::string_view allowed, std::string_view method) {
  for (std::size_t at = 0; at < allowed.size();) {
    const std::size_t end = std::min(allowed.find(", ", at), allowed.size());
    if (allowed.substr(at, end - at) == method) return true;
    at = end + 2;
  }
  return false;
}

/// The methods of a path; empty when there is no such path.
std::string allowed_methods(const Target& target) {
  const auto& path = target.segments;
  const std::size_t n = path.size();
  if (n == 1) return path[0] == "metrics" || path[0] == "openapi.json" ? "GET" : "";
  if (path[0] != "v1") return "";
  if (path[1] == "events" && n == 2) return "POST";
  if (path[1] == "ingest") {
    if (n == 3 && path[2] == "sessions") return "POST";
    if (n == 4 && path[2] == "sessions") return "DELETE";
    if (n == 5 && path[2] == "sessions" && path[4] == "records") return "POST";
    return "";
  }
  if ((path[1] == "status" || path[1] == "healthz") && n == 2) return "GET";
  if (path[1] == "actors" && (n == 3 || n == 4 || (n == 6 && path[4] == "tables"))) return "GET";
  if (path[1] == "players" && n >= 2 && n <= 3) return "GET";
  if (path[1] == "players" && n == 4 && (path[3] == "balances" || path[3] == "ledger")) {
    return "GET";
  }
  if (path[1] == "topics" && n == 3) return "GET";
  if (path[1] == "tournaments") return TournamentsApi::methods(path);
  if (path[1] == "catalog" && n == 2) return "GET, POST";
  if (path[1] == "inputs" && n == 2) return "GET";
  if (path[1] == "inputs" && n == 4) return path[3].ends_with(":accept-loss") ? "POST" : "";
  if (path[1] == "backfills" && n == 2) return "GET, POST";
  if (path[1] == "backfills" && n == 3) {
    return path[2].ends_with(":close") || path[2].ends_with(":drop") ? "POST" : "GET";
  }
  if (path[1] == "catalog" && (n == 3 || (n == 4 && path[2] == "schema"))) return "GET";
  return "";
}

}  // namespace

Service::Service(runtime::NodeApi& node, Reads reads, Scheduler scheduler, ServiceOptions options)
    : node_(node),
      reads_(std::move(reads)),
      scheduler_(std::move(scheduler)),
      options_(options),
      sessions_(options.ingest_sessions_max),
      tournaments_(node_, reads_, scheduler_) {}

std::size_t Service::body_bytes_max(std::string_view method, std::string_view target) const {
  if (method != "POST") return kSmallBodyMax;
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/v1/events") return options_.body_bytes_max;
  if (path == "/v1/catalog") return std::min(kCatalogBodyMax, options_.body_bytes_max);
  if (path.ends_with("/records")) return std::min(kRecordsBodyMax, options_.body_bytes_max);
  return std::min(2 * kSmallBodyMax, options_.body_bytes_max);
}

void Service::handle(Request request, Respond respond) {
  const auto target = parse_target(request.target);
  if (!target) {
    respond(bad_request("the path or query is not valid percent-encoded UTF-8"));
    return;
  }
  const std::string allowed = allowed_methods(*target);
  if (allowed.empty()) {
    respond(not_found("there is no such path; /openapi.json lists them"));
  } else if (!allows(allowed, request.method)) {
    respond(method_not_allowed(request.method, allowed));
  } else {
    route(request, *target, respond);
  }
}

void Service::route(Request& request, const Target& target, const Respond& respond) {
  const auto& path = target.segments;
  if (path.size() > 1 && path[1] == "events") {
    post_events(request, target, respond);
  } else if (path.size() > 1 && path[1] == "ingest") {
    ingest(request, target, respond);
  } else if (path.size() > 1 && path[1] == "topics") {
    topic(target, respond);
  } else if (path.size() > 1 && path[1] == "backfills") {
    backfills(request, target, respond);
  } else if (path.size() > 1 && path[1] == "inputs") {
    inputs(request, target, respond);
  } else if (path.size() > 1 && path[1] == "tournaments") {
    tournaments_.handle(request, target, respond);
  } else if (path.size() > 1 && path[1] == "catalog") {
    respond(request.method == "POST" ? publish_catalog(request, target) : catalog(target));
  } else {
    respond(get(target));
  }
}

Reply Service::get(const Target& target) {
  const auto& path = target.segments;
  if (path[0] == "metrics") {
    return Reply{200, "text/plain; version=0.0.4; charset=utf-8", node_.metrics_text(), {}, {}};
  }
  if (path[0] == "openapi.json") {
    return Reply{200, "application/json", std::string(openapi_json()), {}, {}};
  }
  if (path[1] == "status") return status();
  if (path[1] == "healthz") return health();
  if (path[1] == "actors") return actors(target);
  return players(target);
}

}  // namespace laurel::gateway::internal
