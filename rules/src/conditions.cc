#include "laurel/rules/conditions.h"

#include <algorithm>

#include "laurel/contract/amount.h"

namespace laurel::rules {
namespace {

using contract::WagerSettled;
using Names = google::protobuf::RepeatedPtrField<std::string>;

bool has(const std::vector<std::string>& sorted, const std::string& name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

std::vector<std::string> sorted(const Names& names, const std::string& path,
                                const Complain& complain) {
  for (int i = 0; i < names.size(); ++i) {
    if (names[i].empty()) complain(at_index(path, i), "is empty; allowed: a name");
  }
  std::vector<std::string> out(names.begin(), names.end());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// A bound of a band; an absent one is `absent`.
Decimal bound(const std::string& text, Decimal absent, const std::string& path,
              const Complain& complain) {
  if (text.empty()) return absent;
  const auto parsed = parse_decimal(text);
  if (!parsed) {
    complain(path, "\"" + text.substr(0, 64) +
                       "\" is no amount; allowed: a decimal number such as \"0.50\"");
    return absent;
  }
  return *parsed;
}

// a <= b, exactly. REQUIRES: neither is negative.
bool not_above(const Decimal& a, const Decimal& b) {
  for (std::uint32_t scale = 0; scale <= kScaleMax; ++scale) {
    const auto left = units_up(a, scale);
    const auto right = units_down(b, scale);
    if (!left || !right) return !right;  // the larger one is the first that does not fit
    if (scale >= std::max(a.scale, b.scale)) return *left <= *right;
  }
  return true;
}

}  // namespace

Conditions::Conditions(const contract::Conditions& conditions, const std::string& path,
                       const Complain& complain) {
  const std::string in = path.empty() ? "" : path + ".";
  const auto add = [&](const std::string& name, const Names& allowed, const std::string& not_name,
                       const Names& excluded, auto field) {
    if (allowed.empty() && excluded.empty()) return;
    Rule rule{field, sorted(allowed, in + name, complain), {}};
    if (!excluded.empty()) rule.excluded = sorted(excluded, in + not_name, complain);
    const bool any_left =
        rule.allowed.empty() || !std::includes(rule.excluded.begin(), rule.excluded.end(),
                                               rule.allowed.begin(), rule.allowed.end());
    if (!any_left) complain(in + name, "has nothing that is not in " + not_name);
    rules_.push_back(std::move(rule));
  };
  const Names none;
  add("games", conditions.games(), "exclude_games", conditions.exclude_games(),
      &WagerSettled::game_id);
  add("categories", conditions.categories(), "exclude_categories", conditions.exclude_categories(),
      &WagerSettled::game_category);
  add("providers", conditions.providers(), "", none, &WagerSettled::provider);
  add("verticals", conditions.verticals(), "", none, &WagerSettled::vertical);
  add("brands", conditions.brands(), "", none, &WagerSettled::brand);
  add("jurisdictions", conditions.jurisdictions(), "", none, &WagerSettled::jurisdiction);
  add("channels", conditions.channels(), "", none, &WagerSettled::channel);
  add("funds", conditions.funds(), "", none, &WagerSettled::funds);
  assets_ = sorted(conditions.assets(), in + "assets", complain);

  for (int i = 0; i < conditions.stake_size(); ++i) {
    const contract::StakeBand& stake = conditions.stake(i);
    const std::string here = at_index(in + "stake", i);
    if (stake.asset().empty()) complain(here + ".asset", "is empty; allowed: an asset such as EUR");
    if (!assets_.empty() && !has(assets_, stake.asset())) {
      complain(here + ".asset", "is not in " + in + "assets: no stake is in this band");
    }
    const Decimal min = bound(stake.min(), {0, 0}, here + ".min", complain);
    const Decimal max = bound(stake.max(), {kInt128Max, 0}, here + ".max", complain);
    if (!not_above(min, max)) complain(here, "has its min above its max");
    Band band;
    band.asset = stake.asset();
    for (std::uint32_t scale = 0; scale <= kScaleMax; ++scale) {
      const auto from = units_up(min, scale);
      band.min[scale] = from.value_or(kInt128Max);
      band.max[scale] = from ? units_down(max, scale).value_or(kInt128Max) : -1;
    }
    bands_.push_back(std::move(band));
  }
}

bool Conditions::matches(const WagerSettled& wager) const {
  for (const Rule& rule : rules_) {
    const std::string& value = (wager.*rule.field)();
    if (!rule.allowed.empty() && !has(rule.allowed, value)) return false;
    if (!rule.excluded.empty() && has(rule.excluded, value)) return false;
  }
  return stake_matches(wager.stake_total());
}

bool Conditions::stake_matches(const contract::Amount& stake) const {
  if (!assets_.empty() && !has(assets_, stake.asset())) return false;
  if (bands_.empty()) return true;
  if (stake.scale() > kScaleMax) return false;
  const Int128 units = contract::units_of(stake);
  return std::any_of(bands_.begin(), bands_.end(), [&](const Band& band) {
    return band.asset == stake.asset() && units >= band.min[stake.scale()] &&
           units <= band.max[stake.scale()];
  });
}

}  // namespace laurel::rules
