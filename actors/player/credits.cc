// Points that another reward actor gives or takes back.
#include <algorithm>
#include <string>
#include <utility>

#include "actors/player/ledger.h"
#include "actors/player/player.h"
#include "laurel/contract/amount.h"

namespace laurel::actors::player {
namespace {

constexpr std::size_t kReasonMax = 32;
constexpr std::size_t kReferenceMax = 128;

bool is_reason(const std::string& text) {
  return !text.empty() && text.size() <= kReasonMax &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

}  // namespace

void Player::on(const contract::PointsCredit& credit, Turn& turn) {
  const contract::Amount& delta = credit.delta();
  if (!is_reason(credit.reason()) || credit.reference().size() > kReferenceMax ||
      delta.asset().empty() || delta.asset().size() > 32 || delta.scale() > 38) {
    return turn.reject(
        "bad-credit",
        "a credit has a reason of [a-z-]{1,32}, a reference of at most 128 bytes and "
        "an amount of points");
  }
  if (contract::units_of(delta) == 0) return;
  Posting posting{delta.asset(), delta.scale(), contract::units_of(delta),
                  turn.scratch<LedgerBody>()};
  posting.body.set_reason(credit.reason());
  posting.body.set_reference(credit.reference());
  posting.body.set_catalog_version(turn.cause().catalog_version);
  // Not of a wager: tiers do not count it. A sequence of 0: rejected.
  (void)post(posting, state(), turn);
}

}  // namespace laurel::actors::player
