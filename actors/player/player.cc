#include "actors/player/player.h"

#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"

namespace laurel::actors::player {
namespace {

using contract::Amount;

void append_big_endian(std::string& out, Uint128 value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

// What the chain covers (docs/formats/ledger.md):
// sequence:u64 | asset length:u8 | asset | scale:u8 | delta:i128 | commitment:32, all big-endian.
std::string header_of(const LedgerEntry& entry) {
  std::string header;
  append_big_endian(header, entry.sequence(), 8);
  header.push_back(static_cast<char>(entry.delta().asset().size()));
  header.append(entry.delta().asset());
  header.push_back(static_cast<char>(entry.delta().scale()));
  append_big_endian(header, static_cast<Uint128>(contract::units_of(entry.delta())), 16);
  header.append(entry.commitment());
  return header;
}

Amount& balance_of(PlayerState& state, const std::string& asset, std::uint32_t scale) {
  for (Amount& balance : *state.mutable_balances()) {
    if (balance.asset() == asset) return balance;
  }
  Amount& fresh = *state.add_balances();
  fresh.set_asset(asset);
  fresh.set_scale(scale);
  return fresh;
}

}  // namespace

void Player::on(const contract::WagerSettled& wager, Turn& turn) {
  const auto* program = turn.document<EarnProgram>();
  if (program == nullptr) {
    return turn.reject("no-program", "the catalog has no program.toml: add it and replay");
  }
  // The ledger's header has a byte each for the length of the asset and the scale.
  if (program->points_asset().size() > 32 || program->points_scale() > 38) {
    return turn.reject("bad-program",
                       "program.toml: points_asset has at most 32 characters, "
                       "points_scale is 0 to 38");
  }
  const Amount& stake = wager.stake_total();
  if (stake.asset() != program->stake_asset()) {
    return turn.reject("asset-not-in-program", "the programme earns on " + program->stake_asset() +
                                                   ", the stake is in " + stake.asset());
  }
  if (stake.scale() != program->stake_scale()) {
    return turn.reject("scale-mismatch", "the stake has scale " + std::to_string(stake.scale()) +
                                             ", " + stake.asset() + " has " +
                                             std::to_string(program->stake_scale()));
  }
  const Int128 units = contract::units_of(stake);
  if (units < 0 || program->rate().den() <= 0 || program->rate().num() < 0) {
    return turn.reject("bad-amount", "stakes and rates are not negative");
  }
  const auto product = checked_mul(units, program->rate().num());
  if (!product) return turn.reject("amount-overflow", "stake x rate does not fit 128 bits");
  state().set_wagers(state().wagers() + 1);
  // Exact rational, rounded once: down, per wager.
  const Int128 points = floor_div(*product, program->rate().den());
  balance_of(state(), program->points_asset(), program->points_scale());
  if (points == 0) return;  // counted, but there is nothing to enter
  post({program->points_asset(), program->points_scale(), points, "wager-settled", &stake}, turn);
}

void Player::post(const Posting& posting, Turn& turn) {
  PlayerState& player = state();
  Amount& balance = balance_of(player, posting.asset, posting.scale);
  if (balance.scale() != posting.scale) {
    return turn.reject("scale-mismatch", "the player's " + posting.asset + " have another scale");
  }
  LedgerBody body;
  *body.mutable_balance_before() = balance;
  const auto after = checked_add(contract::units_of(balance), posting.delta);
  if (!after) return turn.reject("amount-overflow", "the balance does not fit 128 bits");
  contract::set_units(balance, *after);
  *body.mutable_balance_after() = balance;
  body.set_reason(posting.reason);
  body.set_cause_event(turn.cause().event_id.data(), turn.cause().event_id.size());
  body.set_cause_type(turn.cause().event_type.data(), turn.cause().event_type.size());
  body.set_catalog_version(turn.cause().catalog_version);
  body.set_time_us(turn.now());
  if (posting.stake != nullptr) *body.mutable_stake() = *posting.stake;

  LedgerEntry entry;
  entry.set_sequence(player.ledger_entries() + 1);
  *entry.mutable_delta() = contract::make_amount(posting.delta, posting.asset, posting.scale);
  std::string salt;
  append_big_endian(salt, turn.random(), 8);
  append_big_endian(salt, turn.random(), 8);
  entry.set_salt(salt);
  body.SerializeToString(entry.mutable_body());
  entry.set_commitment(std::string(bytes_of(turn.sha256({entry.salt(), entry.body()}))));
  entry.set_previous_hash(player.ledger_head().empty() ? std::string(32, '\0')
                                                       : player.ledger_head());
  const Digest hash = turn.sha256({entry.previous_hash(), header_of(entry)});
  entry.set_hash(std::string(bytes_of(hash)));
  turn.append("ledger", entry);
  player.set_ledger_entries(entry.sequence());
  player.set_ledger_head(entry.hash());

  contract::PointsPosted posted;
  posted.set_posting_id(turn.self().key + "/" + std::to_string(entry.sequence()));
  posted.set_player(turn.self().key);
  posted.set_sequence(entry.sequence());
  *posted.mutable_delta() = entry.delta();
  *posted.mutable_balance_after() = balance;
  posted.set_reason(posting.reason);
  posted.set_cause_event(body.cause_event());
  posted.set_rule_version(body.catalog_version());
  posted.set_entry_hash(entry.hash());
  turn.emit("ledger", turn.self().key, posted);

  contract::BalanceChanged changed;
  changed.set_player(turn.self().key);
  *changed.mutable_balance() = balance;
  changed.set_ledger_sequence(entry.sequence());
  turn.emit_latest("balances", turn.self().key + "/" + posting.asset, changed);
}

ActorType actor_type() {
  return describe<Player>("player")
      .takes<contract::WagerSettled>()
      .log_table<LedgerEntry>("ledger")
      .settings<EarnProgram>("program");
}

}  // namespace laurel::actors::player
