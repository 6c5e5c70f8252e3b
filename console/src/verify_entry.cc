#include "verify_entry.h"

#include <chrono>
#include <cstdio>

#include "laurel/contract/int128.h"

namespace laurel::console {

namespace json = boost::json;

namespace {

// How contributions become a score, written from the definition of the operators.
struct Fold {
  bool best = false;
  bool low = false;
  std::uint64_t count = 0;
  Int128 value = 0;
  std::int64_t reached = 0;

  void add(std::int64_t worth, std::int64_t time) {
    ++count;
    if (!best) {
      value += worth;
      reached = count == 1 ? time : std::max(reached, time);
      return;
    }
    const bool better = count == 1 || (low ? worth < value : worth > value);
    if (better || (worth == value && time < reached)) {
      value = worth;
      reached = time;
    }
  }
};

std::int64_t number(const json::value& value) {
  return value.is_string() ? std::strtoll(std::string(value.as_string()).c_str(), nullptr, 10)
                           : value.to_number<std::int64_t>();
}

void add_all(const json::value& contributions, std::int64_t start, Fold& fold) {
  const auto& times = contributions.at("time").as_array();
  const auto& values = contributions.at("value").as_array();
  const auto& late = contributions.at("late").as_array();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!late.at(i).as_bool()) fold.add(number(values.at(i)), start + number(times.at(i)));
  }
}

}  // namespace

std::optional<std::int64_t> time_us(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u.%6uZ", &year, &month, &day, &hour, &minute,
                  &second, &micros) != 7) {
    return std::nullopt;
  }
  using namespace std::chrono;
  const sys_days date = std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day};
  return duration_cast<microseconds>(date.time_since_epoch() + hours{hour} + minutes{minute} +
                                     seconds{second})
             .count() +
         micros;
}

namespace {

std::string where(const std::string& key) { return "/v1/actors/entry/" + url_encode(key); }

// All contributions of the entry; nothing when its run starts at no time.
std::optional<Fold> fold_of(HttpClient& client, const std::string& key, const json::value& state) {
  const auto& run = state.at("run");
  const std::string op = text_of(run, "operator");
  Fold fold;
  fold.best = op == "SCORE_OPERATOR_BEST" || op == "SCORE_OPERATOR_HIGHEST_MULTIPLIER";
  fold.low = text_of(run, "direction") == "SCORE_DIRECTION_LOW";
  const auto start = time_us(text_of(run, "start"));
  if (!start) return std::nullopt;
  std::string cursor;
  for (bool more = text_of(state, "rows") != "0"; more; more = !cursor.empty()) {
    const auto page = fetch(client, where(key) + "/tables/contributions?limit=1000" +
                                        (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    for (const auto& row : page.at("rows").as_array()) add_all(row.at("row"), *start, fold);
    cursor = text_of(page, "next");
  }
  if (const auto* recent = state.as_object().if_contains("recent")) {
    add_all(*recent, *start, fold);
  }
  return fold;
}

bool says_so(const json::value& state, const Fold& fold) {
  const auto reached =
      fold.count == 0 ? std::optional<std::int64_t>(0) : time_us(text_of(state, "reached"));
  return text_of(state, "contributions") == std::to_string(fold.count) &&
         text_of(state, "score") == to_string(fold.value) && reached == fold.reached;
}

}  // namespace

EntryScore check_entry(HttpClient& client, const json::value& actor, Report& report) {
  const std::string key = text_of(actor, "key");
  const auto slash = key.rfind('/');
  json::value state = actor.at("state");
  // Without a run there are only voids of wagers that have not come.
  for (bool again = state.as_object().contains("run"); again;) {
    const auto fold = fold_of(client, key, state);
    if (fold && says_so(state, *fold)) break;
    // The rows are read after the entry: one that is being fed has moved on in between.
    auto now = fetch(client, where(key)).at("state");
    again = now != state;
    if (!again) {
      report.add("entry/" + key,
                 "its score is " + text_of(state, "score") + " at " + text_of(state, "reached") +
                     " of " + text_of(state, "contributions") + " contributions; they make " +
                     (fold ? to_string(fold->value) + " of " + std::to_string(fold->count)
                           : "nothing, as its run starts at no time"));
    }
    state = std::move(now);
  }
  ++report.scores;
  EntryScore out;
  out.run = key.substr(0, slash);
  out.player = slash == std::string::npos ? std::string() : key.substr(slash + 1);
  out.score = text_of(state, "score");
  out.reached = text_of(state, "reached");
  out.on_board = text_of(state, "contributions") != "0";
  return out;
}

}  // namespace laurel::console
