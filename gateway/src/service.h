/// Service: the HTTP API without HTTP: a request in, a reply out.
///
/// Threads    handle() from any thread, concurrently. It may read the store before it returns.
/// Lifecycle  A submission may end after the service has gone; its reply is dropped then.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "http_types.h"
#include "laurel/runtime/node_api.h"
#include "reads.h"
#include "target.h"
#include "tournaments_api.h"

namespace laurel::gateway::internal {

struct ServiceOptions {
  std::size_t body_bytes_max = 80 * 1024 * 1024;
  std::size_t ingest_sessions_max = 256;
};

/// What the records of one client's file are decoded with.
struct IngestSession {
  std::string source;
  std::shared_ptr<const runtime::Decoder> decoder;
};

/// The least recently used session goes when there are too many; its client makes a new one.
class IngestSessions {
 public:
  explicit IngestSessions(std::size_t sessions_max) : sessions_max_(sessions_max) {}
  std::string add(IngestSession session);
  std::shared_ptr<const IngestSession> find(const std::string& id);
  bool remove(const std::string& id);

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const IngestSession>>;
  std::mutex mutex_;
  std::list<Entry> by_use_;  // the last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_id_;
  std::size_t sessions_max_;
};

class Service {
 public:
  Service(runtime::NodeApi& node, Reads reads, Scheduler scheduler, ServiceOptions options);

  /// How large a body that request may have.
  std::size_t body_bytes_max(std::string_view method, std::string_view target) const;
  void handle(Request request, Respond respond);
  /// Long polls end at once from now on.
  void stop() { stopping_.store(true, std::memory_order_relaxed); }

 private:
  struct TopicRequest {
    std::string topic;
    runtime::PartitionId partition = 0;
    std::uint64_t from = 0;
    std::size_t limit = 100;
    std::int64_t until_ms = 0;  // steady clock
  };

  void route(Request& request, const Target& target, const Respond& respond);
  Reply get(const Target& target);

  // events_api.cc
  void post_events(Request& request, const Target& target, const Respond& respond);
  /// `render` runs once all results are durable; it is not run when some are unknown.
  void submit(std::shared_ptr<runtime::Submission> submission,
              std::shared_ptr<const runtime::Decoder> decoder,
              Reply (*render)(const runtime::Submission&), const Respond& respond);

  // ingest_api.cc
  void ingest(Request& request, const Target& target, const Respond& respond);
  Reply create_session(const Request& request);
  void post_records(Request& request, const Target& target, const Respond& respond);

  // backfills_api.cc
  void backfills(const Request& request, const Target& target, const Respond& respond);
  void open_backfill(const Request& request, const Respond& respond);
  void finish_backfill(const std::string& segment, const Request& request, const Respond& respond);
  /// The open backfill that the request names, if it does. False: it has been answered.
  bool backfill_of(const Target& target, std::uint64_t& id, const Respond& respond) const;
  runtime::BackfillAnswer answer_with(const Respond& respond) const;

  // inputs_api.cc
  void inputs(const Request& request, const Target& target, const Respond& respond);
  void accept_loss(const Request& request, const Target& target, const Respond& respond);

  // read_api.cc
  Reply status() const;
  Reply health() const;
  Reply actors(const Target& target) const;
  Reply players(const Target& target) const;

  // catalog_api.cc
  Reply catalog(const Target& target) const;
  Reply publish_catalog(const Request& request, const Target& target);

  // topics_api.cc
  void topic(const Target& target, const Respond& respond);
  void poll_topic(const TopicRequest& request, const Respond& respond);

  runtime::NodeApi& node_;
  Reads reads_;
  Scheduler scheduler_;
  ServiceOptions options_;
  IngestSessions sessions_;
  TournamentsApi tournaments_;
  std::atomic<bool> stopping_{false};
};

}  // namespace laurel::gateway::internal
