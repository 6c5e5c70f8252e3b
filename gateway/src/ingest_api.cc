// /v1/ingest/sessions: files, in chunks, decoded with a mapping.
#include <algorithm>
#include <random>

#include <boost/json.hpp>

#include "position.h"
#include "problem.h"
#include "record_splitter.h"
#include "service.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using runtime::EventStatus;
using runtime::Submission;

namespace {

constexpr std::size_t kRecordsMax = 5000;
constexpr std::size_t kRejectionsMax = 20;
constexpr std::size_t kSourceBytesMax = 1024;

Reply render_counts(const Submission& submission) {
  std::array<std::uint64_t, runtime::kEventStatusCount> counts{};
  json::array rejections;
  for (std::size_t i = 0; i < submission.results.size(); ++i) {
    const runtime::EventResult& result = submission.results[i];
    ++counts[static_cast<std::size_t>(result.status)];
    if ((result.status == EventStatus::kRejected || result.status == EventStatus::kConflict) &&
        rejections.size() < kRejectionsMax) {
      rejections.push_back(json::object{{"line", submission.records[i].line},
                                        {"status", runtime::name_of(result.status)},
                                        {"reason", to_utf8(result.reason)},
                                        {"detail", to_utf8(result.detail)}});
    }
  }
  json::object body;
  for (const auto status : {EventStatus::kAccepted, EventStatus::kDuplicate, EventStatus::kConflict,
                            EventStatus::kRejected}) {
    body[runtime::name_of(status)] = counts[static_cast<std::size_t>(status)];
  }
  if (submission.backfill != 0) {
    body["staged"] = counts[static_cast<std::size_t>(EventStatus::kStaged)];
  }
  body["rejections"] = std::move(rejections);
  body["position"] = position_text(position_of(submission));
  return Reply{200, "application/json", json::serialize(body), {}, {}};
}

std::string text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string().data(), value->get_string().size());
}

}  // namespace

std::string IngestSessions::add(IngestSession session) {
  std::random_device random;
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t word = random();
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<char>(static_cast<std::uint8_t>(word >> shift & 0xFFU)));
    }
  }
  std::string id = hex(bytes);
  const std::lock_guard lock(mutex_);
  by_use_.emplace_front(id, std::make_shared<const IngestSession>(std::move(session)));
  by_id_[id] = by_use_.begin();
  while (by_use_.size() > sessions_max_) {
    by_id_.erase(by_use_.back().first);
    by_use_.pop_back();
  }
  return id;
}

std::shared_ptr<const IngestSession> IngestSessions::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return found->second->second;
}

bool IngestSessions::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  by_use_.erase(found->second);
  by_id_.erase(found);
  return true;
}

void Service::ingest(Request& request, const Target& target, const Respond& respond) {
  if (target.segments.size() == 3) {
    respond(create_session(request));
  } else if (target.segments.size() == 4) {
    respond(sessions_.remove(target.segments[3]) ? Reply{200, "application/json", "{}", {}, {}}
                                                 : not_found("there is no such ingest session"));
  } else {
    post_records(request, target, respond);
  }
}

Reply Service::create_session(const Request& request) {
  boost::system::error_code error;
  const json::value parsed = json::parse(request.body, error);
  if (error || !parsed.is_object()) {
    return bad_request("the body is no JSON object; expected: format, mapping, header, source");
  }
  const json::object& object = parsed.get_object();
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    const bool known =
        name == "format" || name == "mapping" || name == "header" || name == "source";
    if (!known || !member.value().is_string()) {
      return bad_request("member \"" + std::string(name) +
                         "\": expected are the strings format, mapping, header, source");
    }
  }
  const std::string format = text_member(object, "format");
  if (format != "csv" && format != "ndjson") {
    return bad_request("format is \"" + format + "\"; allowed: csv, ndjson");
  }
  std::string source = text_member(object, "source");
  if (source.size() > kSourceBytesMax) return bad_request("source is longer than 1024 bytes");
  auto decoder =
      node_.mapped_decoder(format, text_member(object, "mapping"), text_member(object, "header"));
  if (!decoder) return problem(decoder.error());
  const std::string id = sessions_.add({source.empty() ? "http" : std::move(source), *decoder});
  return Reply{201, "application/json", json::serialize(json::object{{"session", id}}), {}, {}};
}

void Service::post_records(Request& request, const Target& target, const Respond& respond) {
  const auto session = sessions_.find(target.segments[3]);
  if (!session) {
    respond(
        not_found("there is no such ingest session (any more); make a new one and send the "
                  "records again: what was applied is recognised"));
    return;
  }
  SplitOptions options;
  options.records_max = kRecordsMax;
  if (const auto line = target.query.find("line"); line != target.query.end()) {
    const auto number = parse_u64(line->second);
    if (!number || *number == 0) {
      respond(bad_request("line is \"" + line->second + "\"; expected is a number from 1 on"));
      return;
    }
    options.first_line = *number;
  }
  if (const auto length = target.query.find("last_length"); length != target.query.end()) {
    const auto number = parse_u64(length->second);
    if (!number || *number <= contract::kLineBytesMax) {
      respond(bad_request("last_length is \"" + length->second +
                          "\"; expected is the length of a line over " +
                          std::to_string(contract::kLineBytesMax) + " bytes"));
      return;
    }
    options.last_length = *number;
  }
  auto submission = std::make_shared<Submission>();
  if (!backfill_of(target, submission->backfill, respond)) return;
  submission->bytes = std::move(request.body);
  submission->source = session->source;
  SplitRecords split = split_records(submission->bytes, options);
  if (split.too_many) {
    respond(too_large("more than " + std::to_string(kRecordsMax) +
                      " records in a request; nothing was applied"));
    return;
  }
  submission->records = std::move(split.records);
  if (submission->records.empty()) {
    respond(render_counts(*submission));
    return;
  }
  submit(std::move(submission), session->decoder, render_counts, respond);
}

}  // namespace laurel::gateway::internal
