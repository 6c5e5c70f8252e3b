/// TournamentCluster: players, entries and tournaments on several partitions, in virtual time.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/entry/entry.h"
#include "actors/player/player.h"
#include "actors/streak/streak.h"
#include "actors/tournament/tournament.h"
#include "laurel/adapters/zones/system_zones.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/rules/civil_text.h"
#include "laurel/runtime/catalog_schema.h"
#include "support/partition_cluster.h"

namespace laurel::testing {

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kMinute = 60 * kSecond;
constexpr TimeUs kHour = 60 * kMinute;

inline TimeUs minute(const std::string& text) { return *rules::parse_utc_minute(text); }

inline std::vector<ActorType> tournament_types() {
  return {actors::player::actor_type(), actors::entry::actor_type(),
          actors::tournament::actor_type(), actors::streak::actor_type()};
}

class TournamentCluster {
 public:
  using Documents = std::vector<std::shared_ptr<const google::protobuf::Message>>;

  explicit TournamentCluster(const contract::Tournaments& tournaments, std::uint16_t partitions = 4,
                             runtime::PartitionOptions options = {})
      : partitions_(partitions) {
    std::vector<SettingsSpec> specs;
    for (const ActorType& type : tournament_types()) {
      specs.insert(specs.end(), type.settings.begin(), type.settings.end());
    }
    auto schema = runtime::CatalogSchema::make(specs);
    LAUREL_ASSERT(schema.ok());
    schema_ = std::make_unique<runtime::CatalogSchema>(std::move(*schema));
    catalog_ = std::make_shared<const runtime::Catalog>();
    catalog_ = next_catalog(tournaments, runtime::kFromTheBeginning);
    cluster = std::make_unique<PartitionCluster>(partitions, tournament_types(), catalog_, options);
  }

  /// Another version, from that event time on.
  void publish(const contract::Tournaments& tournaments, TimeUs from) {
    catalog_ = next_catalog(tournaments, from);
    for (std::uint16_t id = 0; id < partitions_; ++id) cluster->partition(id).adopt(catalog_);
  }

  std::shared_ptr<runtime::Submission> wager(const std::string& player, const std::string& tx,
                                             TimeUs time, std::int64_t stake, std::int64_t win = 0,
                                             const std::string& game = "g1",
                                             std::uint64_t backfill = 0) {
    contract::WagerSettled out;
    out.set_tx_id(tx);
    out.set_game_id(game);
    *out.mutable_stake_total() = contract::make_amount(stake, "EUR", 2);
    *out.mutable_win_total() = contract::make_amount(win, "EUR", 2);
    return cluster->feed(player, out, time, backfill);
  }
  std::shared_ptr<runtime::Submission> voided(const std::string& player, const std::string& tx,
                                              TimeUs time, std::uint64_t backfill = 0) {
    contract::WagerVoided out;
    out.set_voids_tx_id(tx);
    return cluster->feed(player, out, time, backfill);
  }
  /// A backfill is in that state from now on.
  void backfill(std::uint64_t id, runtime::BackfillState state) {
    runtime::BackfillOrder order;
    order.terms.id = id;
    order.terms.source = "test";
    order.terms.catalog_known = catalog_->newest().number();
    order.state = state;
    cluster->order(order);
    cluster->settle();
  }
  /// All that was fed is handled, and the clock shows that time everywhere.
  void pass(TimeUs clock) {
    cluster->settle();
    cluster->clock(clock);
    cluster->settle();
  }

  actors::tournament::TournamentState run(const std::string& run) const {
    return cluster->root<actors::tournament::TournamentState>("tournament", run);
  }
  actors::entry::EntryState entry(const std::string& run, const std::string& player) const {
    return cluster->root<actors::entry::EntryState>("entry", run + "/" + player);
  }
  /// "member=score@seconds after the start" of the final standings, in their order.
  std::string standings(const std::string& run) {
    std::string out;
    const TimeUs start = this->run(run).run().start_us();
    const auto state = cluster->engine().view(cluster->home_of(run));
    EXPECT_TRUE(state.ok());
    const std::string prefix = runtime::state_key("tournament", run, "standings", {});
    (void)(*state)->scan(runtime::Space::kState, prefix, runtime::prefix_end(prefix),
                         [&](std::string_view, std::string_view bytes) {
                           actors::tournament::FinalPlace place;
                           EXPECT_TRUE(place.ParseFromString(std::string(bytes)));
                           out += (out.empty() ? "" : " ") + place.member() + "=" +
                                  std::to_string(place.score()) + "@" +
                                  std::to_string((place.reached_us() - start) / kSecond);
                           return true;
                         });
    return out;
  }
  /// Changes of a run in the order of the topic.
  std::string changes(const std::string& run) {
    std::string out;
    for (const auto& record : cluster->topic("tournaments")) {
      contract::TournamentChanged change;
      EXPECT_TRUE(change.ParseFromString(record.value));
      if (change.run() == run) out += (out.empty() ? "" : " ") + change.change();
    }
    return out;
  }
  std::size_t dead_letters() { return cluster->topic("dead-letters").size(); }

  std::unique_ptr<PartitionCluster> cluster;

 private:
  std::shared_ptr<const runtime::Catalog> next_catalog(const contract::Tournaments& tournaments,
                                                       TimeUs from) {
    actors::player::EarnProgram program;
    program.set_points_asset("PTS");
    auto& rule = *program.add_earn();
    rule.set_name("stakes");
    rule.set_asset("EUR");
    rule.mutable_per_stake()->set_num(1);
    rule.mutable_per_stake()->set_den(1);
    actors::streak::Settings streak;
    streak.set_days(3);
    streak.set_bonus(1000);
    streak.set_points_asset("PTS");
    std::vector<runtime::CatalogDocument> documents(3);
    documents[0].name = "program";
    documents[0].message = std::make_shared<actors::player::EarnProgram>(program);
    documents[1].name = "streak";
    documents[1].message = std::make_shared<actors::streak::Settings>(streak);
    documents[2].name = "tournaments";
    documents[2].message = std::make_shared<contract::Tournaments>(tournaments);
    runtime::CatalogTerms terms;
    terms.number = catalog_->newest().number() + 1;
    terms.effective_from_us = terms.live_from_us = from;
    std::vector<runtime::DocumentProblem> problems;
    auto version = schema_->compile(terms, documents, zones_, nullptr, problems);
    for (const auto& each : problems) {
      ADD_FAILURE() << each.document << " " << each.problem.path << ": " << each.problem.message;
    }
    return std::make_shared<const runtime::Catalog>(*catalog_, std::move(version));
  }

  const std::uint16_t partitions_;
  adapters::SystemZones zones_;
  std::unique_ptr<runtime::CatalogSchema> schema_;
  std::shared_ptr<const runtime::Catalog> catalog_;
};

}  // namespace laurel::testing
