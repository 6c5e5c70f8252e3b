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

EntryScore check_entry(HttpClient& client, const json::value& actor, Report& report) {
  EntryScore out;
  const std::string key = text_of(actor, "key");
  const auto slash = key.rfind('/');
  out.run = key.substr(0, slash);
  out.player = slash == std::string::npos ? std::string() : key.substr(slash + 1);
  const auto& state = actor.at("state");
  out.version = std::strtoull(text_of(state, "version").c_str(), nullptr, 10);
  out.score = text_of(state, "score");
  out.reached = text_of(state, "reached");
  const std::string contributions = text_of(state, "contributions");
  out.on_board = contributions != "0";
  const auto* run = state.as_object().if_contains("run");
  if (run == nullptr) return out;  // only voids of wagers that never came
  const std::string op = text_of(*run, "operator");
  Fold fold;
  fold.best = op == "SCORE_OPERATOR_BEST" || op == "SCORE_OPERATOR_HIGHEST_MULTIPLIER";
  fold.low = text_of(*run, "direction") == "SCORE_DIRECTION_LOW";
  const auto start = time_us(text_of(*run, "start"));
  if (!start) {
    report.add("entry/" + key, "its run starts at no time");
    return out;
  }
  if (text_of(state, "rows") != "0") {
    std::string cursor;
    do {
      const auto page =
          fetch(client, "/v1/actors/entry/" + url_encode(key) + "/tables/contributions?limit=1000" +
                            (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
      for (const auto& row : page.at("rows").as_array()) add_all(row.at("row"), *start, fold);
      cursor = text_of(page, "next");
    } while (!cursor.empty());
  }
  if (const auto* recent = state.as_object().if_contains("recent")) {
    add_all(*recent, *start, fold);
  }
  ++report.scores;
  const auto reached = out.on_board ? time_us(out.reached) : std::optional<std::int64_t>(0);
  if (std::to_string(fold.count) != contributions || to_string(fold.value) != out.score ||
      reached != fold.reached) {
    report.add("entry/" + key, "its score is " + out.score + " at " + out.reached + " of " +
                                   contributions + " contributions; they make " +
                                   to_string(fold.value) + " of " + std::to_string(fold.count));
  }
  return out;
}

}  // namespace laurel::console
