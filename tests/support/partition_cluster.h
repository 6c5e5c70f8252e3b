/// PartitionCluster: several partitions on one scripted engine, in virtual time, on one thread.
///
///     PartitionCluster cluster(4, {types...}, catalog);
///     cluster.feed("p1", wager, time_us);      // one event, in its home partition
///     cluster.settle();                        // seal, commit, inboxes, until nothing moves
///     cluster.clock(t); cluster.settle();      // watermarks, timers
///     cluster.restart();                       // a crash: what is durable is still there
///     cluster.order({terms, state});           // about a backfill, to all partitions
///
/// Steps can be scripted: cluster.engine().script(partition, {...}) decides what becomes of
/// commits.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>

#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/contract/options.pb.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/partition.h"
#include "laurel/runtime/queries.h"
#include "support/canonical.h"
#include "support/scripted_engine.h"

namespace laurel::testing {

class PartitionCluster {
 public:
  PartitionCluster(std::uint16_t partitions, std::vector<ActorType> types,
                   std::shared_ptr<const runtime::Catalog> catalog,
                   runtime::PartitionOptions options = {})
      : disk_(std::make_shared<ScriptedDisk>(partitions)),
        registry_(std::move(types)),
        catalog_(std::move(catalog)),
        options_(options) {
    restart();
  }

  /// All nodes of the cluster end and come back: what was not durable is gone.
  void restart() {
    partitions_.clear();
    engine_ = std::make_unique<ScriptedEngine>(disk_);
    told_.reset();
    for (std::uint16_t id = 0; id < disk_->partitions(); ++id) {
      partitions_.push_back(std::make_unique<runtime::Partition>(
          id, runtime::Partition::Ports{*engine_, registry_, hasher_, &boards_}, catalog_,
          options_));
      partitions_.back()->start(*engine_->take_over(id));
    }
  }

  ScriptedEngine& engine() { return *engine_; }
  runtime::Partition& partition(std::uint16_t id) { return *partitions_[id]; }
  std::uint16_t home_of(std::string_view routing_key) const {
    return runtime::partition_of(routing_key, disk_->partitions());
  }

  /// The event for that player, in its home partition; the result is in the submission once
  /// settled.
  std::shared_ptr<runtime::Submission> feed(const std::string& player,
                                            const google::protobuf::Message& event,
                                            std::int64_t time_us, std::uint64_t backfill = 0) {
    auto submission = std::make_shared<runtime::Submission>();
    submission->backfill = backfill;
    submission->source = "test";
    auto* envelope = google::protobuf::Arena::CreateMessage<contract::Envelope>(&submission->arena);
    const auto& options = event.GetDescriptor()->options().GetExtension(contract::event);
    envelope->set_id("id-" + std::to_string(++ids_));
    envelope->set_source("urn:test");
    envelope->set_type(options.type());
    envelope->set_subject(player);
    envelope->set_time_us(time_us);
    auto* data = event.New(&submission->arena);
    data->CopyFrom(event);
    runtime::Event out;
    std::string natural_key;
    out.envelope = envelope;
    out.data = data;
    for (const std::string& path : options.natural_key()) {
      runtime::append_key_part(natural_key, part_of(path, player, event));
    }
    natural_key += options.natural_key_kind();
    out.natural_key = runtime::keep_on(submission->arena, natural_key);
    out.routing_key = runtime::keep_on(submission->arena, player);
    out.canonical = canonical_on(submission->arena, *envelope, event);
    submission->records.push_back({"raw", 1, 3, false});
    submission->results.resize(1);
    submission->pending = 1;
    runtime::EventBatch batch;
    batch.submission = submission;
    batch.events.push_back(std::move(out));
    partitions_[home_of(player)]->take(std::move(batch));
    return submission;
  }

  /// The wall clock; the cluster watermark follows it when all input is handled.
  void clock(std::int64_t now_us) { now_us_ = now_us; }

  /// One step of one partition: run, seal, end as scripted. False when it had nothing to do.
  bool step(std::uint16_t id) {
    runtime::Partition& partition = *partitions_[id];
    partition.inbox_news();
    partition.run(now_us_);
    if (!partition.can_seal()) return false;
    auto sealed = partition.seal();
    partition.run(now_us_);  // the next one fills meanwhile
    runtime::Outcome outcome = runtime::Outcome::kDurable;
    engine_->commit(sealed, [&](runtime::Outcome ended) { outcome = ended; });
    engine_->complete(id);
    if (partition.on_outcome(sealed->number, outcome) == runtime::Partition::Next::kTakeOver) {
      partition.resolve(*engine_->take_over(id));
    }
    return true;
  }

  /// Until no partition has anything to do, cluster time told in between, as the host's clock does.
  void settle(std::size_t rounds_max = 1000) {
    for (std::size_t round = 0; round < rounds_max; ++round) {
      bool moved = false;
      for (std::uint16_t id = 0; id < disk_->partitions(); ++id) moved = step(id) || moved;
      if (moved) continue;
      if (!tell_time()) return;
    }
    const bool comes_to_rest = false;
    LAUREL_ASSERT(comes_to_rest);
  }

  /// What all have reached, to all; false when they know it already.
  bool tell_time() {
    runtime::ClusterTime time;
    time.watermark = std::numeric_limits<std::int64_t>::max();
    for (auto& partition : partitions_) {
      partition->tick(now_us_);
      time.watermark = std::min(time.watermark, partition->watermark());
    }
    time.backfills = backfills;
    for (const auto& span : runtime::spans_of(gathered())) time.backfills.push_back(span);
    if (told_ && told_->watermark == time.watermark && told_->backfills == time.backfills) {
      return false;
    }
    told_ = time;
    for (auto& partition : partitions_) partition->set_time(time);
    return true;
  }

  /// All nodes know it, and have it when they come back.
  void adopt(std::shared_ptr<const runtime::Catalog> catalog) {
    catalog_ = std::move(catalog);
    for (auto& partition : partitions_) partition->adopt(catalog_);
  }
  void order(const runtime::BackfillOrder& order) {
    for (auto& partition : partitions_) partition->order(order, nullptr);
  }
  std::vector<runtime::Backfill> gathered() const {
    std::vector<runtime::PartitionBackfills> all;
    for (const auto& partition : partitions_) all.push_back(partition->backfills());
    return runtime::gather_backfills(all);
  }

  runtime::Queries queries() const { return {*engine_, registry_, hasher_, &boards_}; }
  /// The root of an actor; its default when nothing is known of it.
  template <class Root>
  Root root(std::string_view type, std::string_view key) const {
    auto view = queries().actor(type, key);
    return view.ok() ? static_cast<const Root&>(*view->root) : Root();
  }
  std::vector<runtime::OutputRecord> topic(std::string_view name) const {
    std::vector<runtime::OutputRecord> out;
    for (std::uint16_t id = 0; id < disk_->partitions(); ++id) {
      const auto state = disk_->at(id);
      const auto it = state->topics.find(name);
      if (it != state->topics.end()) out.insert(out.end(), it->second.begin(), it->second.end());
    }
    return out;
  }
  const runtime::ActorRegistry& registry() const { return registry_; }
  const ScriptedDisk& disk() const { return *disk_; }
  /// As an earlier version has left it. Before a restart().
  void put_row(std::uint16_t id, runtime::Space space, const std::string& key, std::string value) {
    ScriptedDisk::Partition state = *disk_->at(id);
    state.rows[{space, key}] = std::move(value);
    disk_->put(id, std::move(state));
  }

  /// The same of a record of its inbox, of commit 1 of that source.
  void put_inbox(std::uint16_t id, std::uint16_t source, std::string value) {
    ScriptedDisk::Partition state = *disk_->at(id);
    state.inbox[source][runtime::big_endian(std::uint64_t{1}) +
                        runtime::big_endian(std::size_t{0})] = std::move(value);
    disk_->put(id, std::move(state));
  }

  std::vector<runtime::BackfillSpan> backfills;  ///< told with the time

 private:
  static std::string part_of(const std::string& path, const std::string& player,
                             const google::protobuf::Message& event) {
    if (path == "source") return "urn:test";
    if (path == "subject") return player;
    const auto* field = event.GetDescriptor()->FindFieldByName(path.substr(path.find('.') + 1));
    return event.GetReflection()->GetString(event, field);
  }
  std::shared_ptr<ScriptedDisk> disk_;
  runtime::ActorRegistry registry_;
  adapters::OpenSslHasher hasher_;
  runtime::BoardDirectory boards_;
  std::shared_ptr<const runtime::Catalog> catalog_;
  runtime::PartitionOptions options_;
  std::unique_ptr<ScriptedEngine> engine_;
  std::vector<std::unique_ptr<runtime::Partition>> partitions_;
  std::int64_t now_us_ = 0;
  std::optional<runtime::ClusterTime> told_;
  std::uint64_t ids_ = 0;
};

}  // namespace laurel::testing
