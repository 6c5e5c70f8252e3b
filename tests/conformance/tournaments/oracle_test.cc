// Tournaments against an oracle that is written from the definition alone: it keeps every wager,
// and works each run out at the end. Commits fail at random, nodes end and come back.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "tournament_cluster.h"

namespace laurel::testing {
namespace {

using contract::ScoreOperator;

struct Random {
  std::uint64_t state;
  std::int64_t below(std::int64_t bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::int64_t>(state >> 33) % bound;
  }
};

struct Window {
  TimeUs start, end;
};

// A tournament as the oracle sees it: its runs are written out.
struct Definition {
  contract::Tournament document;
  std::vector<Window> runs;
  TimeUs grace = 120 * kSecond;
};

struct Wager {
  std::string player, tx, game;
  TimeUs time = 0;
  std::int64_t stake = 0, win = 0;
  TimeUs arrives = 0;
  std::optional<TimeUs> void_arrives;
};

constexpr TimeUs kDay = 24 * kHour;
// The clocks of Paris jump at 2026-03-29T01:00Z.
const TimeUs kBegin = *rules::parse_utc_minute("2026-03-27T18:00Z");
const TimeUs kEnd = kBegin + 3 * kDay;
// Batches arrive at half minutes, so that no end of a grace falls between watermark and clock.
constexpr TimeUs kBatch = 20 * kMinute;

std::vector<Definition> definitions() {
  std::vector<Definition> out;
  const auto add = [&](const char* id, ScoreOperator op) -> Definition& {
    Definition& each = out.emplace_back();
    each.document.set_id(id);
    each.document.set_operator_(op);
    each.document.set_start("2026-03-27T18:00");
    return each;
  };
  auto& stake = add("stake", contract::SCORE_OPERATOR_TOTAL_STAKE);
  stake.document.set_asset("EUR");
  stake.document.set_scale(2);
  stake.document.set_zone("Europe/Paris");
  stake.document.add_at("20:00");
  stake.document.set_duration("2h");
  for (const char* start : {"2026-03-27T19:00Z", "2026-03-28T19:00Z", "2026-03-29T18:00Z"}) {
    stake.runs.push_back({minute(start), minute(start) + 2 * kHour});
  }
  auto& net = add("net-low", contract::SCORE_OPERATOR_NET);
  net.document.set_asset("EUR");
  net.document.set_scale(0);
  net.document.set_direction(contract::SCORE_DIRECTION_LOW);
  net.document.set_every("6h");
  net.document.set_grace("30m");
  net.grace = 30 * kMinute;
  for (TimeUs at = kBegin; at < kEnd; at += 6 * kHour) net.runs.push_back({at, at + 6 * kHour});
  auto& multiplier = add("multiplier", contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER);
  multiplier.document.set_zone("Europe/Paris");
  multiplier.document.add_at("00:00");
  multiplier.document.set_asset("EUR");
  multiplier.document.set_minimum_stake("1.00");
  for (const auto& [from, to] : {std::pair("2026-03-27T23:00Z", "2026-03-28T23:00Z"),
                                 std::pair("2026-03-28T23:00Z", "2026-03-29T22:00Z"),
                                 std::pair("2026-03-29T22:00Z", "2026-03-30T22:00Z")}) {
    multiplier.runs.push_back({minute(from), minute(to)});
  }
  auto& best = add("best", contract::SCORE_OPERATOR_BEST);
  best.document.set_asset("EUR");
  best.document.set_scale(2);
  best.document.mutable_wagers()->add_games("g1");
  best.document.mutable_wagers()->add_games("g2");
  best.document.set_every("3h");
  best.document.set_duration("1h");
  best.document.set_grace("30m");
  best.grace = 30 * kMinute;
  for (TimeUs at = kBegin; at < kEnd; at += 3 * kHour) best.runs.push_back({at, at + kHour});
  auto& count = add("count", contract::SCORE_OPERATOR_COUNT);
  count.document.set_end("2026-03-29T18:00");
  count.runs.push_back({kBegin, kBegin + 2 * kDay});
  auto& points = add("points", contract::SCORE_OPERATOR_POINTS);
  points.document.set_asset("PTS");
  points.document.set_every("1d");
  for (TimeUs at = kBegin; at < kEnd; at += kDay) points.runs.push_back({at, at + kDay});
  return out;
}

std::optional<std::int64_t> worth(const Definition& of, const Wager& wager) {
  const auto floor = [](std::int64_t a, std::int64_t b) {
    return a / b - (a % b != 0 && a < 0 ? 1 : 0);
  };
  switch (of.document.operator_()) {
    case contract::SCORE_OPERATOR_TOTAL_STAKE:
      return wager.stake;
    case contract::SCORE_OPERATOR_NET:
      return floor(wager.win - wager.stake, 100);
    case contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER:
      if (wager.stake < 100) return std::nullopt;
      return wager.win * 1'000'000 / wager.stake;
    case contract::SCORE_OPERATOR_BEST:
      if (wager.game != "g1" && wager.game != "g2") return std::nullopt;
      return wager.win;
    case contract::SCORE_OPERATOR_COUNT:
      return 1;
    default:
      return wager.stake / 100;
  }
}

// The standings of a run, "" when nobody is in them.
std::string expected(const Definition& of, const Window& run, const std::string& run_name,
                     const std::vector<Wager>& wagers) {
  const bool best_of = of.document.operator_() == contract::SCORE_OPERATOR_BEST ||
                       of.document.operator_() == contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER;
  const bool low = of.document.direction() == contract::SCORE_DIRECTION_LOW;
  const TimeUs closes = run.end + of.grace;
  std::map<std::string, std::vector<std::pair<std::int64_t, TimeUs>>> members;
  for (const Wager& wager : wagers) {
    if (wager.time < run.start || wager.time >= run.end || wager.arrives >= closes) continue;
    if (wager.void_arrives && *wager.void_arrives < closes) continue;
    if (const auto value = worth(of, wager)) {
      members[wager.player].emplace_back(*value, wager.time);
    }
  }
  struct Row {
    std::int64_t rank_by;
    TimeUs reached;
    std::string hash, text;
    auto operator<=>(const Row&) const = default;
  };
  std::vector<Row> rows;
  for (const auto& [member, all] : members) {
    std::int64_t score = all.front().first;
    TimeUs reached = all.front().second;
    for (std::size_t i = 1; i < all.size(); ++i) {
      const auto& [value, time] = all[i];
      if (!best_of) {
        score += value;
        reached = std::max(reached, time);
      } else if (value > score || (value == score && time < reached)) {
        score = value;
        reached = time;
      }
    }
    const Digest hash = adapters::OpenSslHasher().sha256({run_name, "|", member});
    rows.push_back({low ? score : -score, reached, std::string(bytes_of(hash)),
                    member + "=" + std::to_string(score) + "@" +
                        std::to_string((reached - run.start) / kSecond)});
  }
  std::sort(rows.begin(), rows.end());
  std::string out;
  for (const Row& row : rows) out += (out.empty() ? "" : " ") + row.text;
  return out;
}

TimeUs batch_after(TimeUs time) {
  return kBegin + 30 * kSecond + std::max<TimeUs>(0, (time - kBegin) / kBatch + 1) * kBatch;
}

std::vector<Wager> make_wagers(Random& random, int count) {
  std::vector<Wager> out;
  for (int i = 0; i < count; ++i) {
    Wager wager;
    // Few players and whole minutes, so that scores and times are often equal.
    wager.player = "p" + std::to_string(random.below(random.below(30) + 1));
    wager.tx = "w" + std::to_string(i);
    wager.game = "g" + std::to_string(random.below(5));
    wager.time = kBegin - kHour + random.below((kEnd - kBegin) / kMinute + 120) * kMinute;
    wager.stake = 50 * (1 + random.below(20));
    wager.win = random.below(3) == 0 ? wager.stake * random.below(8) : 0;
    wager.arrives = batch_after(wager.time);
    if (random.below(20) == 0) wager.arrives += random.below(30) * kHour / 6;
    wager.arrives = batch_after(wager.arrives);
    if (random.below(5) == 0) {
      const TimeUs apart[] = {-kBatch, 0, kBatch, kHour, kDay};
      wager.void_arrives =
          batch_after(std::max(kBegin, wager.arrives + apart[random.below(5)]) - kMinute);
    }
    out.push_back(std::move(wager));
  }
  return out;
}

void disturb(TournamentCluster& test, Random& random, std::uint16_t partitions) {
  for (std::uint16_t id = 0; id < partitions; ++id) {
    const Step steps[] = {Step::kAborted, Step::kUnknownHappened, Step::kUnknownNotHappened,
                          Step::kDurable};
    if (random.below(4) == 0) {
      test.cluster->engine().script(
          id, {steps[random.below(4)], steps[random.below(4)], Step::kDurable});
    }
  }
}

enum class Closing { kOnce, kAny };

// Every run of every tournament is what its definition makes of the wagers.
void expect_as_defined(TournamentCluster& test, const std::vector<Definition>& all,
                       const std::vector<Wager>& wagers, Closing closing) {
  int runs = 0;
  for (const Definition& each : all) {
    for (const Window& window : each.runs) {
      const std::string name = each.document.id() + "@" + rules::utc_minute(window.start);
      const std::string standings = expected(each, window, name, wagers);
      EXPECT_EQ(test.standings(name), standings) << name;
      if (standings.empty()) continue;
      ++runs;
      if (closing == Closing::kAny) continue;
      EXPECT_EQ(test.changes(name), "opened closing final") << name;
    }
  }
  EXPECT_GT(runs, 40);
  EXPECT_EQ(test.dead_letters(), 0U);
}

void play(std::uint64_t seed, std::uint16_t partitions) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random{seed};
  const auto all = definitions();
  contract::Tournaments document;
  for (const Definition& each : all) *document.add_tournament() = each.document;
  runtime::PartitionOptions options;
  options.turns_max = static_cast<std::uint32_t>(20 + random.below(200));
  TournamentCluster test(document, partitions, options);
  const auto wagers = make_wagers(random, 1200);

  std::multimap<TimeUs, std::pair<const Wager*, bool>> arrivals;  // true: its void
  for (const Wager& wager : wagers) {
    if (wager.void_arrives) arrivals.emplace(*wager.void_arrives, std::pair(&wager, true));
    arrivals.emplace(wager.arrives, std::pair(&wager, false));
  }
  for (auto it = arrivals.begin(); it != arrivals.end();) {
    const TimeUs clock = it->first;
    test.pass(clock);
    if (random.below(20) == 0) {
      test.cluster->restart();
      test.pass(clock);
    }
    disturb(test, random, partitions);
    for (; it != arrivals.end() && it->first == clock; ++it) {
      const auto& [wager, is_void] = it->second;
      if (is_void) {
        test.voided(wager->player, wager->tx, clock);
      } else {
        test.wager(wager->player, wager->tx, wager->time, wager->stake, wager->win, wager->game);
      }
    }
  }
  test.pass(kEnd + 5 * kDay);
  expect_as_defined(test, all, wagers, Closing::kOnce);
}

// The same from one backfill, whatever order its rows come in: each is applied at its event time,
// so nothing is late but voids that are dated after the grace.
void play_backfill(std::uint64_t seed, std::uint16_t partitions) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random{seed};
  const auto all = definitions();
  contract::Tournaments document;
  for (const Definition& each : all) *document.add_tournament() = each.document;
  TournamentCluster test(document, partitions);
  test.pass(kEnd + 5 * kDay);
  test.backfill(1, runtime::BackfillState::kOpen);
  auto wagers = make_wagers(random, 1200);
  std::vector<std::pair<const Wager*, bool>> rows;
  for (Wager& wager : wagers) {
    // An odd second, so that no void is of the same time as a wager or as the end of a grace.
    if (wager.void_arrives) {
      wager.void_arrives = wager.time + random.below(4 * kHour / kSecond) * kSecond +
                           random.below(2) * kDay - kHour + 500'000;
      rows.emplace_back(&wager, true);
    }
    wager.arrives = wager.time;
    rows.emplace_back(&wager, false);
  }
  for (std::size_t i = rows.size(); i > 1; --i) {
    std::swap(rows[i - 1], rows[static_cast<std::size_t>(random.below(static_cast<int>(i)))]);
  }
  for (const auto& [wager, is_void] : rows) {
    if (is_void) {
      test.voided(wager->player, wager->tx, *wager->void_arrives, 1);
    } else {
      test.wager(wager->player, wager->tx, wager->time, wager->stake, wager->win, wager->game, 1);
    }
  }
  test.cluster->settle();
  test.backfill(1, runtime::BackfillState::kClosed);
  test.pass(kEnd + 6 * kDay);
  expect_as_defined(test, all, wagers, Closing::kAny);
}

TEST(TournamentOracle, ABackfillInAnyOrderIsAsTheDefinitionSays) {
  play_backfill(21, 4);
  play_backfill(22, 3);
}

TEST(TournamentOracle, EveryRunIsAsTheDefinitionSaysWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) play(seed, seed % 2 == 0 ? 4 : 3);
}

}  // namespace
}  // namespace laurel::testing
