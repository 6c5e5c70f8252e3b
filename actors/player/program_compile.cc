// What program.toml may say: its checks, and how it becomes a ProgramPlan.
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "actors/player/program_plan.h"
#include "laurel/rules/decimal.h"

namespace laurel::actors::player {
namespace {

using contract::Rational;
using rules::at_index;
using rules::Complain;
using rules::Ratio;

constexpr std::size_t kNameMax = 64;

class Compiler {
 public:
  Compiler(const EarnProgram& document, const Zones& zones, Problems& problems)
      : document_(document), zones_(zones), problems_(problems) {}

  std::shared_ptr<const ProgramPlan> compile() {
    points();
    earn_rules();
    tiers();
    campaigns();
    caps();
    return good_ ? std::move(plan_) : nullptr;
  }

 private:
  void wrong(const std::string& path, const std::string& what) {
    good_ = false;
    problems_.add(path, what);
  }
  Complain complain() {
    return [this](const std::string& path, const std::string& what) { wrong(path, what); };
  }

  void points() {
    const std::string& asset = document_.points_asset();
    if (asset.empty() || asset.size() > 32) {
      wrong("points_asset",
            "has " + std::to_string(asset.size()) + " characters; allowed: 1 to 32, such as PTS");
    }
    if (document_.points_scale() > kPointsScaleMax) {
      wrong("points_scale", std::to_string(document_.points_scale()) +
                                " is out of range; allowed: 0 to " +
                                std::to_string(kPointsScaleMax));
    }
    plan_->points_asset = asset;
    plan_->points_scale = std::min(document_.points_scale(), kPointsScaleMax);
    plan_->zones = &zones_;
    plan_->zone = document_.zone().empty() ? "UTC" : document_.zone();
    zone_known_ = zones_.known(plan_->zone);
    if (!zone_known_) {
      wrong("zone", "\"" + plan_->zone.substr(0, kNameMax) +
                        "\" is no zone of this machine; allowed: an IANA name such as "
                        "Europe/Malta");
    }
    switch (document_.rounding()) {
      case ROUNDING_UP:
        plan_->rounding = rules::Rounding::kUp;
        break;
      case ROUNDING_HALF_UP:
        plan_->rounding = rules::Rounding::kHalfUp;
        break;
      case ROUNDING_HALF_EVEN:
        plan_->rounding = rules::Rounding::kHalfEven;
        break;
      default:
        plan_->rounding = rules::Rounding::kDown;
    }
  }

  // Unique among `names`, and short enough for every ledger entry to carry.
  void name(const std::string& name, const std::string& path, std::set<std::string>& names) {
    if (name.empty() || name.size() > kNameMax) {
      wrong(path + ".name", "has " + std::to_string(name.size()) + " bytes; allowed: 1 to " +
                                std::to_string(kNameMax));
    } else if (!names.insert(name).second) {
      wrong(path + ".name", "\"" + name + "\" is there twice");
    }
  }

  Ratio ratio(const Rational& value, const std::string& path) {
    if (value.num() < 0 || value.num() > kRatePartMax || value.den() < 1 ||
        value.den() > kRatePartMax) {
      wrong(path, std::to_string(value.num()) + "/" + std::to_string(value.den()) +
                      " is out of range; allowed: \"NUM/DEN\", NUM from 0 and DEN from 1 to " +
                      std::to_string(kRatePartMax));
      return {};
    }
    return rules::reduced(
        {static_cast<std::uint64_t>(value.num()), static_cast<std::uint64_t>(value.den())});
  }

  void earn_rules() {
    if (document_.earn_size() > kRulesMax) {
      wrong("earn", "has " + std::to_string(document_.earn_size()) +
                        " rules; allowed: " + std::to_string(kRulesMax));
      return;
    }
    plan_->match_all = document_.match() == MATCH_ALL;
    plan_->any_asset =
        document_.earn_size() == 0 || document_.other_assets() == OTHER_ASSETS_IGNORE;
    std::set<std::string> names;
    std::vector<std::array<Ratio, 3>> rates;
    for (int i = 0; i < document_.earn_size(); ++i) {
      rates.push_back(rule(document_.earn(i), at_index("earn", i), names));
    }
    std::sort(plan_->assets.begin(), plan_->assets.end());
    if (good_) common_denominators(rates);
  }

  std::array<Ratio, 3> rule(const EarnRule& document, const std::string& path,
                            std::set<std::string>& names) {
    ProgramPlan::Rule rule;
    name(document.name(), path, names);
    rule.name = document.name();
    rule.asset = document.asset();
    if (rule.asset.empty()) {
      plan_->any_asset = true;
      if (document.has_per_stake() || document.has_per_win()) {
        wrong(path + ".asset", "is required: the asset that per_stake and per_win are rates of");
      }
    } else {
      plan_->assets.push_back(rule.asset);
    }
    if (!document.has_per_stake() && !document.has_per_win() && !document.has_fixed()) {
      wrong(path, "earns nothing; allowed: per_stake, per_win or fixed, or several of them");
    }
    if (document.has_when()) rule.when = {document.when(), path + ".when", complain()};
    std::array<Ratio, 3> rates = {Ratio{0, 1}, Ratio{0, 1}, Ratio{0, 1}};
    if (document.has_per_stake()) {
      rule.per_stake = document.per_stake();
      rates[0] = ratio(document.per_stake(), path + ".per_stake");
    }
    if (document.has_per_win()) {
      rule.per_win = document.per_win();
      rates[1] = ratio(document.per_win(), path + ".per_win");
    }
    if (document.has_fixed()) {
      rule.fixed = document.fixed();
      rates[2] = ratio(document.fixed(), path + ".fixed");
    }
    plan_->earn.push_back(std::move(rule));
    return rates;
  }

  // Rates that are added up need one denominator: of a rule, or of all when all may count.
  void common_denominators(const std::vector<std::array<Ratio, 3>>& rates) {
    std::uint64_t common = 1;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      if (!plan_->match_all) common = 1;
      for (const Ratio& rate : rates[i]) {
        const Uint128 both = Uint128{common} / std::gcd(common, rate.den) * rate.den;
        // The numerators over it have to fit too.
        if (both > std::numeric_limits<std::uint64_t>::max() / kRatePartMax) {
          wrong(at_index("earn", static_cast<int>(i)),
                "its rates, with match = \"all\" those of all rules, have no common denominator "
                "below 1.8e10; allowed: rounder ones");
          return;
        }
        common = static_cast<std::uint64_t>(both);
      }
      plan_->earn[i].den = common;
    }
    for (std::size_t i = 0; i < rates.size(); ++i) {
      ProgramPlan::Rule& rule = plan_->earn[i];
      if (plan_->match_all) rule.den = common;
      const auto over = [&](const Ratio& rate) { return rate.num * (rule.den / rate.den); };
      rule.stake_num = over(rates[i][0]);
      rule.win_num = over(rates[i][1]);
      rule.fixed_num = over(rates[i][2]);
    }
  }

  Int128 minor_units(std::uint64_t whole) const {
    return Int128{whole} * rules::power_of_ten(plan_->points_scale);
  }

  void tiers() {
    if (document_.tier_size() > kTiersMax) {
      wrong("tier", "has " + std::to_string(document_.tier_size()) +
                        " tiers; allowed: " + std::to_string(kTiersMax));
      return;
    }
    std::set<std::string> names;
    plan_->tiers.push_back({});
    for (int i = 0; i < document_.tier_size(); ++i) {
      const Tier& document = document_.tier(i);
      const std::string path = at_index("tier", i);
      name(document.name(), path, names);
      ProgramPlan::Tier tier{document.name(), minor_units(document.from()), {}};
      if (document.has_multiplier()) {
        tier.multiplier = ratio(document.multiplier(), path + ".multiplier");
      }
      if (i > 0 && document.from() <= document_.tier(i - 1).from()) {
        wrong(path + ".from",
              std::to_string(document.from()) + " is not above that of the tier before it");
      }
      if (i == 0 && document.from() == 0) plan_->tiers.clear();
      plan_->tiers.push_back(std::move(tier));
    }
  }

  void campaigns() {
    if (document_.campaign_size() > kCampaignsMax) {
      wrong("campaign", "has " + std::to_string(document_.campaign_size()) +
                            " campaigns; allowed: " + std::to_string(kCampaignsMax));
      return;
    }
    std::set<std::string> names;
    std::map<std::string, int> groups;
    for (int i = 0; i < document_.campaign_size(); ++i) {
      const Campaign& document = document_.campaign(i);
      const std::string path = at_index("campaign", i);
      name(document.name(), path, names);
      ProgramPlan::Campaign campaign;
      campaign.name = document.name();
      if (!document.group().empty()) {
        campaign.group =
            groups.emplace(document.group(), static_cast<int>(groups.size())).first->second;
      }
      // An unknown zone of the programme was complained of once.
      if (!document.zone().empty() || zone_known_) {
        campaign.window = {{document.from(),
                            document.to(),
                            {document.every().begin(), document.every().end()},
                            document.zone().empty() ? plan_->zone : document.zone()},
                           zones_,
                           path,
                           complain()};
      }
      if (document.has_when()) campaign.when = {document.when(), path + ".when", complain()};
      campaign.multiplier = ratio(document.multiplier(), path + ".multiplier");
      plan_->campaigns.push_back(std::move(campaign));
    }
  }

  void caps() {
    if (document_.cap().has_per_bet()) plan_->per_bet = minor_units(document_.cap().per_bet());
    if (document_.cap().has_per_day()) plan_->per_day = minor_units(document_.cap().per_day());
  }

  const EarnProgram& document_;
  const Zones& zones_;
  Problems& problems_;
  std::shared_ptr<ProgramPlan> plan_ = std::make_shared<ProgramPlan>();
  bool zone_known_ = true;
  bool good_ = true;
};

}  // namespace

std::shared_ptr<const ProgramPlan> compile_program(const EarnProgram& document, const Zones& zones,
                                                   Problems& problems) {
  return Compiler(document, zones, problems).compile();
}

}  // namespace laurel::actors::player
