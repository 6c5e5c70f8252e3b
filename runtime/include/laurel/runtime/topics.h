/// The output topics of this version.
#pragma once

#include <array>
#include <string_view>

namespace laurel::runtime {

inline constexpr std::string_view kTopicBalances = "balances";
inline constexpr std::string_view kTopicLedger = "ledger";
inline constexpr std::string_view kTopicPositionChanges = "position-changes";
inline constexpr std::string_view kTopicDeadLetters = "dead-letters";
inline constexpr std::string_view kTopicTiers = "tiers";
inline constexpr std::string_view kTopicTournaments = "tournaments";
inline constexpr std::string_view kTopicAudit = "audit";
inline constexpr std::array<std::string_view, 7> kTopics = {
    kTopicBalances,        kTopicLedger,      kTopicDeadLetters, kTopicTiers,
    kTopicPositionChanges, kTopicTournaments, kTopicAudit};
/// A topic that actors may emit to, and the CloudEvents type of its records. What is in the others
/// only the runtime knows: they have to be complete, and `audit` is a chain.
struct ActorTopic {
  std::string_view name, record_type;
};
inline constexpr std::array<ActorTopic, 4> kActorTopics = {{
    {kTopicBalances, "laurel.balance.changed.v1"},
    {kTopicLedger, "laurel.points.posted.v1"},
    {kTopicTiers, "laurel.tier.changed.v1"},
    {kTopicTournaments, "laurel.tournament.state.v1"},
}};
/// nullptr: no actor may emit to it.
constexpr const ActorTopic* actor_topic(std::string_view name) {
  for (const ActorTopic& each : kActorTopics) {
    if (each.name == name) return &each;
  }
  return nullptr;
}
/// CloudEvents type of the records of `audit`.
inline constexpr std::string_view kAuditType = "laurel.audit.v1";

/// The name, living as long as the process: one of these, or another's, kept. Any thread.
std::string_view interned_topic(std::string_view topic);

}  // namespace laurel::runtime
