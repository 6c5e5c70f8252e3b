// POST /v1/events, and how a submission becomes a reply.
#include <algorithm>
#include <array>
#include <chrono>

#include <boost/json.hpp>

#include "json_splitter.h"
#include "laurel/contract/media_type.h"
#include "position.h"
#include "problem.h"
#include "protobuf_splitter.h"
#include "service.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using runtime::EventStatus;
using runtime::RawRecord;
using runtime::Submission;

namespace {

constexpr std::size_t kIdBytesMax = 256;

// What an event and an array of them are sent as.
struct EventMedia {
  std::string_view one, batch;
  runtime::Encoding encoding;
};
constexpr std::array kMedia = {
    EventMedia{"application/cloudevents+json", "application/cloudevents-batch+json",
               runtime::Encoding::kText},
    EventMedia{contract::kProtobufEvent, "application/cloudevents-batch+protobuf",
               runtime::Encoding::kProtobuf},
};

RawRecord record_of(std::string_view bytes, runtime::Encoding encoding) {
  RawRecord record;
  record.encoding = encoding;
  record.length = bytes.size();
  record.oversize = bytes.size() > contract::kEventBytesMax;
  record.bytes = record.oversize ? bytes.substr(0, contract::kDeadLetterRawMax) : bytes;
  return record;
}

std::string_view id_of(const RawRecord& record) {
  return record.encoding == runtime::Encoding::kProtobuf
             ? protobuf_id(record.bytes, kIdBytesMax)
             : top_level_string(record.bytes, "id", kIdBytesMax);
}

Reply render_results(const Submission& submission) {
  std::array<std::uint64_t, runtime::kEventStatusCount> counts{};
  json::array results;
  results.reserve(submission.records.size());
  for (std::size_t i = 0; i < submission.records.size(); ++i) {
    const runtime::EventResult& result = submission.results[i];
    ++counts[static_cast<std::size_t>(result.status)];
    json::object row;
    row["index"] = i;
    const std::string_view id = id_of(submission.records[i]);
    if (!id.empty()) row["id"] = id;
    row["status"] = runtime::name_of(result.status);
    if (!result.reason.empty()) row["reason"] = to_utf8(result.reason);
    if (!result.detail.empty()) row["detail"] = to_utf8(result.detail);
    results.push_back(std::move(row));
  }
  json::object body;
  for (const auto status : {EventStatus::kAccepted, EventStatus::kDuplicate, EventStatus::kConflict,
                            EventStatus::kRejected}) {
    body[runtime::name_of(status)] = counts[static_cast<std::size_t>(status)];
  }
  if (submission.backfill != 0) {
    body["staged"] = counts[static_cast<std::size_t>(EventStatus::kStaged)];
  }
  body["results"] = std::move(results);
  body["position"] = position_text(position_of(submission));
  return Reply{202, "application/json", json::serialize(body), {}, {}};
}

bool all_known(const Submission& submission) {
  return submission.results.size() == submission.records.size() &&
         std::none_of(submission.results.begin(), submission.results.end(),
                      [](const auto& result) { return result.status == EventStatus::kPending; });
}

}  // namespace

void Service::submit(std::shared_ptr<Submission> submission,
                     std::shared_ptr<const runtime::Decoder> decoder,
                     Reply (*render)(const Submission&), const Respond& respond) {
  submission->received_us = std::chrono::duration_cast<std::chrono::microseconds>(
                                std::chrono::steady_clock::now().time_since_epoch())
                                .count();
  // Only a weak reference: the submission owns this function.
  submission->done = [weak = std::weak_ptr<Submission>(submission), post = scheduler_.post, render,
                      respond](Submission&) {
    post([submission = weak.lock(), render, respond] {
      if (submission && all_known(*submission)) {
        respond(render(*submission));
        return;
      }
      respond(problem(Problem{503, runtime::name_of(runtime::ErrorCode::kOutcomeUnknown),
                              "it is not known whether these events were applied; send them again: "
                              "an event that was applied is recognised"}));
    });
  };
  const runtime::Status status = node_.submit(std::move(submission), std::move(decoder));
  if (!status) respond(problem(status.error()));
}

void Service::post_events(Request& request, const Target& target, const Respond& respond) {
  const std::string type = contract::media_type(request.content_type);
  const auto* const media = std::find_if(kMedia.begin(), kMedia.end(), [&](const EventMedia& each) {
    return type == each.one || type == each.batch;
  });
  if (media == kMedia.end()) {
    respond(problem(Problem{415, "unsupported-media-type",
                            "Content-Type is \"" + type +
                                "\"; send application/cloudevents+json, or an array of events as "
                                "application/cloudevents-batch+json; or +protobuf of both"}));
    return;
  }
  auto submission = std::make_shared<Submission>();
  if (!backfill_of(target, submission->backfill, respond)) return;
  submission->bytes = std::move(request.body);
  submission->source = "http";
  const std::string_view bytes = submission->bytes;
  const bool text = media->encoding == runtime::Encoding::kText;
  if (type == media->batch) {
    const SplitArray split = text ? split_array(bytes, contract::kBatchEventsMax)
                                  : split_protobuf_batch(bytes, contract::kBatchEventsMax);
    if (!split.error.empty()) {
      respond(bad_request(std::string("the batch is no ") +
                          (text ? "JSON array" : "io.cloudevents.v1.CloudEventBatch") + ": " +
                          split.error + "; nothing was applied"));
      return;
    }
    if (split.too_many) {
      respond(too_large("a batch may hold " + std::to_string(contract::kBatchEventsMax) +
                        " events; nothing was applied"));
      return;
    }
    for (const std::string_view element : split.elements) {
      submission->records.push_back(record_of(element, media->encoding));
    }
    if (submission->records.empty()) {
      respond(render_results(*submission));
      return;
    }
  } else {
    if (bytes.empty() || (text && bytes.find_first_not_of(" \t\r\n") == std::string_view::npos)) {
      respond(bad_request("the body is empty; an event is expected"));
      return;
    }
    submission->records.push_back(record_of(bytes, media->encoding));
  }
  submit(std::move(submission), node_.cloud_events_decoder(), render_results, respond);
}

}  // namespace laurel::gateway::internal
