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
inline constexpr std::array<std::string_view, 6> kTopics = {
    kTopicBalances, kTopicLedger,          kTopicDeadLetters,
    kTopicTiers,    kTopicPositionChanges, kTopicTournaments};

}  // namespace laurel::runtime
