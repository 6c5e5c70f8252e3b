/// Player: balances per asset and the ledger that explains them.
///
/// Why        One owner per player: every point has one entry, one cause, one place in one chain.
/// Takes      WagerSettled, by its player.
/// Tables     ledger (log): hash-chained LedgerEntry, sequence 1..n.
/// Emits      `balances` (the last of a commit), `ledger` (every entry).
/// Errors     rejects: no-program, bad-program, asset-not-in-program, scale-mismatch, bad-amount,
/// amount-overflow.
#pragma once

#include <string>

#include "actors/player/player.pb.h"
#include "laurel/api/actor_type.h"
#include "laurel/contract/int128.h"
#include "laurel/contract/wager.pb.h"

namespace laurel::actors::player {

class Player : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn);

 private:
  struct Posting {
    std::string asset;
    std::uint32_t scale = 0;
    Int128 delta = 0;
    std::string reason;
    const contract::Amount* stake = nullptr;
  };
  void post(const Posting& posting, Turn& turn);
};

ActorType actor_type();

}  // namespace laurel::actors::player
