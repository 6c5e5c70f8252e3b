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
/// Those an actor may emit to. What is in the others only the runtime knows: they have to be
/// complete, and `audit` is a chain.
inline constexpr std::array<std::string_view, 4> kActorTopics = {kTopicBalances, kTopicLedger,
                                                                 kTopicTiers, kTopicTournaments};
/// CloudEvents type of the records of `audit`.
inline constexpr std::string_view kAuditType = "laurel.audit.v1";

/// The name, living as long as the process: one of these, or another's, kept. Any thread.
std::string_view interned_topic(std::string_view topic);

}  // namespace laurel::runtime
