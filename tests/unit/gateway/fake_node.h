/// FakeNode: a NodeApi whose submissions a test decides, with a store in memory.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/runtime/node_api.h"
#include "laurel/runtime/registry.h"
#include "support/scripted_engine.h"

namespace laurel::testing {

class NullDecoder : public runtime::Decoder {
 public:
  void decode(const runtime::RawRecord&, google::protobuf::Arena&, runtime::Event&) const override {
  }
};

/// By default: a record with "bad" in it or oversize is rejected, one seen before is a duplicate.
class FakeNode : public runtime::NodeApi {
 public:
  FakeNode()
      : disk_(std::make_shared<ScriptedDisk>(4)),
        engine_(disk_),
        registry_({}),
        queries_(engine_, registry_, hasher_) {}

  std::function<runtime::Status(std::shared_ptr<runtime::Submission>)> on_submit;
  runtime::NodeStatus node_status{.version = "0.0", .engine = "fake", .state = "running"};

  runtime::Status submit(std::shared_ptr<runtime::Submission> submission,
                         std::shared_ptr<const runtime::Decoder>) override {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& record : submission->records) {
        records_.emplace_back(record.line, std::string(record.bytes));
        encodings_.push_back(record.encoding);
      }
    }
    if (on_submit) return on_submit(std::move(submission));
    for (const auto& record : submission->records) {
      submission->results.push_back(result_of(record));
    }
    submission->pending = 1;
    submission->finish_one();
    return {};
  }
  void barrier(runtime::PartitionId partition, std::function<void(bool)> done) override {
    {
      const std::lock_guard lock(mutex_);
      barriers.push_back(partition);
    }
    if (on_barrier) return on_barrier(partition, std::move(done));
    done(true);
  }
  /// Partitions a barrier went through, in order.
  std::vector<runtime::PartitionId> barriers;
  std::function<void(runtime::PartitionId, std::function<void(bool)>)> on_barrier;

  std::shared_ptr<const runtime::Decoder> cloud_events_decoder() const override {
    return std::make_shared<NullDecoder>();
  }
  runtime::Result<std::shared_ptr<const runtime::Decoder>> mapped_decoder(
      std::string_view, std::string_view mapping, std::string_view) const override {
    if (mapping.find("wrong") != std::string_view::npos) {
      return runtime::Error{runtime::ErrorCode::kInvalidInput, "line 1: wrong is no key"};
    }
    return std::shared_ptr<const runtime::Decoder>(std::make_shared<NullDecoder>());
  }
  void open_backfill(std::string source, bool sorted, runtime::BackfillAnswer answer) override {
    runtime::Backfill opened;
    opened.terms.id = node_backfills.size() + 1;
    opened.terms.source = std::move(source);
    opened.terms.sorted = sorted;
    node_backfills.push_back(opened);
    answer(opened);
  }
  void finish_backfill(runtime::BackfillEnd end, runtime::BackfillAnswer answer) override {
    using State = runtime::Backfill::State;
    if (end.id > node_backfills.size()) {
      return answer(runtime::Error{runtime::ErrorCode::kNotFound, "there is none"});
    }
    node_backfills[end.id - 1].state = end.drop ? State::kDropped : State::kFinished;
    ends.push_back(end);
    answer(node_backfills[end.id - 1]);
  }
  std::vector<runtime::BackfillEnd> ends;
  std::vector<runtime::Backfill> backfills() const override { return node_backfills; }
  std::vector<runtime::Backfill> node_backfills;
  std::vector<runtime::InputStatus> inputs() const override { return node_inputs; }
  void accept_input_loss(runtime::InputLoss loss, runtime::InputAnswer answer) override {
    losses.push_back(loss);
    for (const runtime::InputStatus& each : node_inputs) {
      if (each.topic == loss.topic && each.partition == loss.partition) return answer(each);
    }
    answer(runtime::Error{runtime::ErrorCode::kNotFound, "there is no such input"});
  }
  std::vector<runtime::InputStatus> node_inputs;
  std::vector<runtime::InputLoss> losses;
  const runtime::Queries& queries() const override { return queries_; }
  const runtime::Engine& engine() const override {
    ++looks;
    return engine_;
  }
  /// How often its store was asked for.
  mutable std::atomic<int> looks = 0;
  runtime::NodeStatus status() const override { return node_status; }
  std::shared_ptr<const runtime::Catalog> catalog() const override { return node_catalog; }
  runtime::Result<runtime::CatalogAnswer> publish_catalog(
      const runtime::CatalogPublication& publication) override {
    published = publication;
    return catalog_answer;
  }
  runtime::Result<std::string> catalog_schema(std::string_view document) const override {
    if (document == "program") return std::string("{}");
    return runtime::Error{runtime::ErrorCode::kNotFound, "there are program"};
  }
  std::shared_ptr<const runtime::Catalog> node_catalog = std::make_shared<runtime::Catalog>();
  runtime::CatalogAnswer catalog_answer;
  runtime::CatalogPublication published;
  std::string metrics_text() const override { return "laurel_up 1\n"; }

  ScriptedDisk& disk() { return *disk_; }
  std::vector<runtime::Encoding> encodings() {
    const std::lock_guard lock(mutex_);
    return encodings_;
  }
  /// (line, bytes) of all that was submitted.
  std::vector<std::pair<std::uint64_t, std::string>> records() {
    const std::lock_guard lock(mutex_);
    return records_;
  }

 private:
  runtime::EventResult result_of(const runtime::RawRecord& record) {
    const std::lock_guard lock(mutex_);
    if (record.oversize) return {runtime::EventStatus::kRejected, "oversize", "too long"};
    if (record.bytes.find("bad") != std::string_view::npos) {
      return {runtime::EventStatus::kRejected, "malformed-json", "it says bad"};
    }
    const bool first = seen_.insert(std::string(record.bytes)).second;
    return {first ? runtime::EventStatus::kAccepted : runtime::EventStatus::kDuplicate, "", ""};
  }

  std::shared_ptr<ScriptedDisk> disk_;
  ScriptedEngine engine_;
  runtime::ActorRegistry registry_;
  adapters::OpenSslHasher hasher_;
  runtime::Queries queries_;
  std::mutex mutex_;
  std::set<std::string> seen_;
  std::vector<std::pair<std::uint64_t, std::string>> records_;
  std::vector<runtime::Encoding> encodings_;
};

}  // namespace laurel::testing
