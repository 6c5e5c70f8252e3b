// What a void does: it takes back just what its wager caused, or waits for its wager.
#include "actors/player/contributions.h"
#include "actors/player/ledger.h"
#include "actors/player/player.h"
#include "laurel/contract/amount.h"

namespace laurel::actors::player {
namespace {

// Key of a row of `early_voids`: the length keeps source and transaction apart.
std::string early_key(std::string_view source, std::string_view tx_id) {
  std::string key = std::to_string(source.size());
  key.append(":").append(source).append(tx_id);
  return key;
}

}  // namespace

void Player::on(const contract::WagerVoided& voided, Turn& turn) {
  if (voided.partial()) {
    return turn.reject("partial-void",
                       "a void takes back its whole wager: void it, then send what stands of it as "
                       "a wager of its own");
  }
  state().set_voids(state().voids() + 1);
  const Cause& cause = turn.cause();
  WagerNote note;
  const bool known =
      turn.recall(*contract::WagerSettled::descriptor(),
                  {cause.source, cause.subject, voided.voids_tx_id()}, nullptr, &note);
  if (!known) {
    EarlyVoid early;
    early.set_cause_event(cause.event_id.data(), cause.event_id.size());
    early.set_time_us(turn.now());
    early.set_void_reason(voided.void_reason());
    turn.put("early_voids", early_key(cause.source, voided.voids_tx_id()), early);
    state().set_early_voids(state().early_voids() + 1);
  } else if (!take_back(note, voided, turn)) {
    return;
  }
  if (const auto* plan = turn.plan<ProgramPlan>()) update_tier(*plan, turn);
}

bool Player::take_back(const WagerNote& note, const contract::WagerVoided& voided, Turn& turn) {
  for (const WagerNote::Entry& entry : note.entries()) {
    contract::Amount back = entry.delta();
    const auto units = checked_sub(0, contract::units_of(back));
    if (!units) {
      turn.reject("amount-overflow", "the points taken back do not fit 128 bits");
      return false;
    }
    contract::set_units(back, *units);
    Posting posting{back.asset(), back.scale(), *units, turn.scratch<LedgerBody>()};
    posting.body.set_reason("wager-voided");
    posting.body.set_catalog_version(note.catalog_version());
    posting.body.set_reverses(entry.sequence());
    posting.body.set_void_reason(voided.void_reason());
    if (post(posting, state(), turn) == 0 || !add_lifetime(back, turn)) return false;
  }
  if (note.day().has_earned()) give_back_room(note.day(), turn);
  retract(voided.voids_tx_id(), note, turn);
  return true;
}

bool Player::void_came_first(const contract::WagerSettled& wager, Turn& turn) {
  if (state().early_voids() == 0) return false;  // the rule: no read
  const std::string key = early_key(turn.cause().source, wager.tx_id());
  EarlyVoid early;
  if (!turn.get("early_voids", key, early)) return false;
  turn.erase("early_voids", key);
  state().set_early_voids(state().early_voids() - 1);
  return true;
}

}  // namespace laurel::actors::player
