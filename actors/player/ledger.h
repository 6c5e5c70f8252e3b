/// Posting: one entry of a player's hash-chained ledger (docs/formats/ledger.md), with all that
/// follows from it: the balance, the records of the topics `ledger` and `balances`.
#pragma once

#include <cstdint>
#include <string>

#include "actors/player/player.pb.h"
#include "laurel/api/actor_type.h"
#include "laurel/api/turn.h"
#include "laurel/contract/int128.h"

namespace laurel::actors::player {

struct Posting {
  const std::string& asset;  ///< not of a scratch message
  std::uint32_t scale = 0;
  Int128 delta = 0;
  /// Why: reason, catalog version and what explains it; post() adds cause, time and balances.
  LedgerBody& body;
};

/// The sequence of the entry; 0: the turn is rejected, return. Rejects: scale-mismatch,
/// amount-overflow.
std::uint64_t post(const Posting& posting, PlayerState& player, Turn& turn);

/// Of the table `ledger`: an entry is stored without its commitment and without the hash before it,
/// as both follow from what is stored.
void restore_entry(LedgerEntry& entry, const LedgerEntry* before, const Sha256& sha256);

/// The amount of that asset, of scale `scale` and 0 when it was not there.
contract::Amount& amount_of(google::protobuf::RepeatedPtrField<contract::Amount>& amounts,
                            const std::string& asset, std::uint32_t scale);

}  // namespace laurel::actors::player
