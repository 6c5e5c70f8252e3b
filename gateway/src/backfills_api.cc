// /v1/backfills: past events in any order, staged and then applied in order of event time.
#include <boost/json.hpp>

#include "admin_body.h"
#include "problem.h"
#include "service.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using runtime::Backfill;

namespace {

constexpr std::size_t kSourceBytesMax = 1024;

json::value time_of(TimeUs time) {
  const auto text = rfc3339(time);
  return text ? json::value(*text) : json::value(nullptr);
}

json::object backfill_json(const Backfill& backfill) {
  const auto number = [](std::uint64_t value) { return json::value(std::to_string(value)); };
  json::array rejections;
  for (const runtime::BackfillRefusal& each : backfill.refusals) {
    rejections.push_back(json::object{{"place", to_utf8(each.place)},
                                      {"reason", to_utf8(each.reason)},
                                      {"detail", to_utf8(each.detail)}});
  }
  const bool some = backfill.counts.staged > 0;
  return {{"id", number(backfill.terms.id)},
          {"source", to_utf8(backfill.terms.source)},
          {"state", name_of(backfill.state)},
          {"sorted", backfill.terms.sorted},
          {"catalog_known", number(backfill.terms.catalog_known)},
          {"opened", time_of(backfill.terms.opened_us)},
          {"staged", number(backfill.counts.staged)},
          {"applied", number(backfill.counts.applied)},
          {"accepted", number(backfill.counts.accepted)},
          {"duplicate", number(backfill.counts.duplicates)},
          {"conflict", number(backfill.counts.conflicts)},
          {"rejected", number(backfill.counts.rejected)},
          {"first", some ? time_of(backfill.span.first) : nullptr},
          {"last", some ? time_of(backfill.span.last) : nullptr},
          {"passed", time_of(backfill.span.passed)},
          {"rejections", std::move(rejections)}};
}

Reply backfill_reply(const runtime::Result<Backfill>& answer) {
  if (!answer) return problem(answer.error());
  return Reply{200, "application/json", json::serialize(backfill_json(*answer)), {}, {}};
}

std::optional<Backfill> find(const std::vector<Backfill>& all, std::uint64_t id) {
  for (const Backfill& each : all) {
    if (each.terms.id == id) return each;
  }
  return std::nullopt;
}

Reply no_such(std::string_view id) {
  return not_found("there is no backfill " + std::string(id) + "; GET /v1/backfills lists them");
}

}  // namespace

// A backfill that is no longer open is its own code: its sender can open another one and go on.
bool Service::backfill_of(const Target& target, std::uint64_t& id, const Respond& respond) const {
  const auto given = target.query.find("backfill");
  if (given == target.query.end()) return true;
  const auto number = parse_u64(given->second);
  if (!number || *number == 0) {
    respond(
        bad_request("backfill is \"" + given->second + "\"; expected is the id of an open one"));
    return false;
  }
  id = *number;
  const auto known = find(node_.backfills(), id);
  if (known && known->state == Backfill::State::kOpen) return true;
  const bool dropped = known && (known->state == Backfill::State::kDropping ||
                                 known->state == Backfill::State::kDropped);
  const std::string_view code = !known    ? "backfill-unknown"
                                : dropped ? "backfill-dropped"
                                          : "backfill-closed";
  respond(problem(Problem{409, code,
                          "backfill " + given->second + " is " +
                              (known ? name_of(known->state) : "not known") +
                              "; nothing of this was taken: open another one"}));
  return false;
}

void Service::backfills(const Request& request, const Target& target, const Respond& respond) {
  const auto& path = target.segments;
  if (request.method == "POST") {
    if (path.size() == 2) return open_backfill(request, respond);
    return finish_backfill(path[2], request, respond);
  }
  const auto all = node_.backfills();
  if (path.size() == 3) {
    const auto number = parse_u64(path[2]);
    const auto known = number ? find(all, *number) : std::nullopt;
    return respond(known ? backfill_reply(*known) : no_such(path[2]));
  }
  json::array list;
  for (const Backfill& each : all) list.push_back(backfill_json(each));
  respond(Reply{200,
                "application/json",
                json::serialize(json::object{{"backfills", std::move(list)}}),
                {},
                {}});
}

void Service::open_backfill(const Request& request, const Respond& respond) {
  boost::system::error_code error;
  const json::value parsed = json::parse(request.body, error);
  const auto* object = error ? nullptr : parsed.if_object();
  const auto* source = object == nullptr ? nullptr : object->if_contains("source");
  const auto* sorted = object == nullptr ? nullptr : object->if_contains("sorted");
  const std::size_t known = (source != nullptr ? 1U : 0U) + (sorted != nullptr ? 1U : 0U);
  if (source == nullptr || !source->is_string() || object->size() != known ||
      (sorted != nullptr && !sorted->is_bool())) {
    return respond(bad_request(
        "the body is no JSON object with source, a text, and if you like sorted, true or false"));
  }
  const std::string name(source->get_string());
  if (name.empty() || name.size() > kSourceBytesMax) {
    return respond(bad_request("source has 1 to 1024 bytes"));
  }
  node_.open_backfill(name, sorted != nullptr && sorted->get_bool(), answer_with(respond));
}

void Service::finish_backfill(const std::string& segment, const Request& request,
                              const Respond& respond) {
  const std::size_t colon = segment.rfind(':');
  const auto id = parse_u64(segment.substr(0, colon));
  if (!id) return respond(no_such(segment.substr(0, colon)));
  AdminBody who;
  if (std::string wrong = read_admin_body(request.body, false, who); !wrong.empty()) {
    return respond(bad_request(std::move(wrong)));
  }
  node_.finish_backfill(
      {*id, segment.substr(colon) == ":drop", std::move(who.by), std::move(who.reason)},
      answer_with(respond));
}

runtime::BackfillAnswer Service::answer_with(const Respond& respond) const {
  return [post = scheduler_.post, respond](const runtime::Result<Backfill>& answer) {
    post([answer, respond] { respond(backfill_reply(answer)); });
  };
}

}  // namespace laurel::gateway::internal
