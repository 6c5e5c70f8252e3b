#include "actors/player/ledger.h"

#include <array>

#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"

namespace laurel::actors::player {
namespace {

void append_big_endian(std::string& out, std::uint64_t value) {
  std::array<char, sizeof(value)> bytes;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, value >>= 8U) {
    *byte = static_cast<char>(static_cast<unsigned char>(value));
  }
  out.append(bytes.data(), bytes.size());
}

// What the chain covers (docs/formats/ledger.md):
// sequence:u64 | asset length:u8 | asset | scale:u8 | delta:i128 | commitment:32, all big-endian.
std::string header_of(const LedgerEntry& entry, const Digest& commitment) {
  std::string header;
  header.reserve(128);
  append_big_endian(header, entry.sequence());
  header.push_back(static_cast<char>(entry.delta().asset().size()));
  header.append(entry.delta().asset());
  header.push_back(static_cast<char>(entry.delta().scale()));
  append_big_endian(header, static_cast<std::uint64_t>(entry.delta().units_high()));
  append_big_endian(header, entry.delta().units_low());
  header.append(bytes_of(commitment));
  return header;
}

std::string_view before_first() {
  static constexpr Digest kNothing{};
  return bytes_of(kNothing);
}

const LedgerEntry& chained(const Posting& posting, const PlayerState& player, Turn& turn) {
  auto& entry = turn.scratch<LedgerEntry>();
  entry.set_sequence(player.ledger_entries() + 1);
  contract::set_amount(*entry.mutable_delta(), posting.delta, posting.asset, posting.scale);
  append_big_endian(*entry.mutable_salt(), turn.random());
  append_big_endian(*entry.mutable_salt(), turn.random());
  posting.body.SerializeToString(entry.mutable_body());
  const Digest commitment = turn.sha256({entry.salt(), entry.body()});
  const std::string_view previous =
      player.ledger_head().empty() ? before_first() : std::string_view(player.ledger_head());
  const Digest hash = turn.sha256({previous, header_of(entry, commitment)});
  entry.mutable_hash()->assign(bytes_of(hash));
  return entry;
}

void publish(const LedgerEntry& entry, const LedgerBody& body, Turn& turn) {
  auto& posted = turn.scratch<contract::PointsPosted>();
  posted.mutable_posting_id()
      ->append(turn.self().key)
      .append("/")
      .append(std::to_string(entry.sequence()));
  posted.set_player(turn.self().key);
  posted.set_sequence(entry.sequence());
  *posted.mutable_delta() = entry.delta();
  *posted.mutable_balance_after() = body.balance_after();
  posted.set_reason(body.reason());
  posted.set_cause_event(body.cause_event());
  posted.set_rule_version(body.catalog_version());
  posted.set_entry_hash(entry.hash());
  posted.set_reverses(body.reverses());
  turn.emit("ledger", turn.self().key, posted);

  auto& changed = turn.scratch<contract::BalanceChanged>();
  changed.set_player(turn.self().key);
  *changed.mutable_balance() = body.balance_after();
  changed.set_ledger_sequence(entry.sequence());
  turn.emit_latest("balances", turn.self().key + "/" + entry.delta().asset(), changed);
}

}  // namespace

void restore_entry(LedgerEntry& entry, const LedgerEntry* before, const Sha256& sha256) {
  const bool erased = entry.salt().empty() && entry.body().empty();
  if (entry.commitment().empty() && !erased) {
    entry.mutable_commitment()->assign(bytes_of(sha256({entry.salt(), entry.body()})));
  }
  if (entry.previous_hash().empty()) {
    entry.mutable_previous_hash()->assign(before == nullptr ? before_first()
                                                            : std::string_view(before->hash()));
  }
}

contract::Amount& amount_of(google::protobuf::RepeatedPtrField<contract::Amount>& amounts,
                            const std::string& asset, std::uint32_t scale) {
  for (contract::Amount& amount : amounts) {
    if (amount.asset() == asset) return amount;
  }
  contract::Amount& fresh = *amounts.Add();
  fresh.set_asset(asset);
  fresh.set_scale(scale);
  return fresh;
}

std::uint64_t post(const Posting& posting, PlayerState& player, Turn& turn) {
  contract::Amount& balance = amount_of(*player.mutable_balances(), posting.asset, posting.scale);
  if (balance.scale() != posting.scale) {
    turn.reject("scale-mismatch", "the player's " + posting.asset + " have another scale");
    return 0;
  }
  *posting.body.mutable_balance_before() = balance;
  const auto after = checked_add(contract::units_of(balance), posting.delta);
  if (!after) {
    turn.reject("amount-overflow", "the balance does not fit 128 bits");
    return 0;
  }
  contract::set_units(balance, *after);
  *posting.body.mutable_balance_after() = balance;
  const Cause& cause = turn.cause();
  posting.body.mutable_cause_event()->assign(cause.event_id);
  posting.body.mutable_cause_type()->assign(cause.event_type);
  posting.body.set_time_us(turn.now());

  const LedgerEntry& entry = chained(posting, player, turn);
  turn.append("ledger", entry);
  player.set_ledger_entries(entry.sequence());
  player.set_ledger_head(entry.hash());
  publish(entry, posting.body, turn);
  return entry.sequence();
}

}  // namespace laurel::actors::player
