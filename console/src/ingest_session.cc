#include "ingest_session.h"

#include "patience.h"

namespace laurel::console {

namespace json = boost::json;

namespace {

constexpr unsigned kSessionsMax = 5;  // made for one chunk, before it is given up

std::string gave_up_at(std::uint64_t line) {
  return "\n  gave up at line " + std::to_string(line) +
         "; running the same command again is safe: what is in counts once";
}

Failure forgets(std::uint64_t line) {
  return {kFailed, "the node forgot " + std::to_string(kSessionsMax) +
                       " sessions in a row as soon as it had made them: are there several nodes "
                       "behind this address, or very many files sent at once?" +
                       gave_up_at(line)};
}

bool says(const HttpReply& reply, std::string_view code) {
  json::error_code error;
  const auto problem = json::parse(reply.body, error);
  return !error && text_of(problem, "code") == code;
}

}  // namespace

IngestSession::IngestSession(HttpClient& client, json::object description, FedBackfill* backfill,
                             unsigned retry_s)
    : client_(client),
      description_(std::move(description)),
      backfill_(backfill),
      retry_s_(retry_s) {}

std::string IngestSession::target(const Chunk& chunk) {
  std::string out = "/v1/ingest/sessions/" + id_ + "/records?line=" + std::to_string(chunk.line);
  if (chunk.last_length > 0) out += "&last_length=" + std::to_string(chunk.last_length);
  if (backfill_ != nullptr && !chunk.body.empty()) out += "&backfill=" + backfill_->id();
  return out;
}

json::value IngestSession::send(const Chunk& chunk) {
  Patience patience(retry_s_);
  unsigned forgotten = 0;
  for (;;) {
    Failure failure{kNoNode, "the node is busy or stopping"};
    unsigned retry_after_s = 0;
    try {
      if (id_.empty()) open();
      const auto reply = client_.post(target(chunk), chunk.body, "text/plain");
      if (reply.status == 409 && says(reply, "backfill-closed")) {
        backfill_->closed_by_others();
        continue;
      }
      if (reply.status == 404) {
        id_.clear();
        if (++forgotten == 1) continue;  // after a restart, for one
        if (forgotten == kSessionsMax) throw forgets(chunk.line);
        failure = {kFailed, "the node does not know the session that it made"};
      } else if (reply.status != 503) {
        return parse_reply(reply);
      } else {
        retry_after_s = reply.retry_after_s;
      }
    } catch (const Failure& met) {
      if (met.code != kNoNode || met.lasting) throw;
      failure = met;
    }
    patience.wait(failure, gave_up_at(chunk.line), retry_after_s);
  }
}

void IngestSession::open() {
  const auto reply =
      client_.post("/v1/ingest/sessions", json::serialize(description_), "application/json");
  if (reply.status == 503) throw Failure{kNoNode, "the node is busy or stopping"};
  id_ = text_of(parse_reply(reply), "session");
}

}  // namespace laurel::console
