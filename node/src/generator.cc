#include "laurel/node/generator.h"

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string_view>

namespace laurel::node {
namespace {

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_padded(std::string& out, std::uint64_t value, int width) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  for (auto missing = width - (end - digits.data()); missing > 0; --missing) out.push_back('0');
  out.append(digits.data(), end);
}

void append_time(std::string& out, std::int64_t time_us) {
  const std::time_t seconds = time_us / 1'000'000;
  thread_local std::time_t last = -1;
  thread_local std::array<char, 32> text;
  if (seconds != last) {
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
    last = seconds;
  }
  out.append(text.data());
  append_padded(out, static_cast<std::uint64_t>(time_us % 1'000'000), 6);
  out.push_back('Z');
}

// An event is about one at most so many before it.
constexpr std::uint64_t kBackMax = 2000;

struct Game {
  std::string_view id;
  std::string_view category;
};
constexpr std::array<Game, 10> kGames{{{"slots-0", "slots"},
                                       {"slots-1", "slots"},
                                       {"slots-2", "slots"},
                                       {"slots-3", "slots"},
                                       {"slots-4", "slots"},
                                       {"slots-5", "slots"},
                                       {"roulette-6", "table"},
                                       {"blackjack-7", "table"},
                                       {"crash-8", "crash"},
                                       {"crash-9", "crash"}}};

}  // namespace

// Zipf after Gray et al. 1994, as in YCSB: rank 0 is the most frequent.
Generator::Generator(GeneratorOptions options) : options_(std::move(options)) {
  for (std::uint32_t i = 1; i <= options_.players; ++i) zeta_ += 1.0 / std::pow(i, options_.skew);
  const double zeta2 = 1.0 + std::pow(0.5, options_.skew);
  eta_ = (1 - std::pow(2.0 / options_.players, 1 - options_.skew)) / (1 - zeta2 / zeta_);
}

std::uint32_t Generator::rank(double uniform) const {
  const double scaled = uniform * zeta_;
  if (scaled < 1) return 0;
  if (scaled < 1 + std::pow(0.5, options_.skew)) return 1;
  const auto rank = static_cast<std::uint32_t>(
      options_.players * std::pow(eta_ * uniform - eta_ + 1, 1 / (1 - options_.skew)));
  return rank < options_.players ? rank : options_.players - 1;
}

std::string Generator::player_name(std::uint32_t rank) { return "p-" + std::to_string(rank); }

Generator::About Generator::about(std::uint64_t index) const {
  const std::uint64_t draw = mix(options_.seed ^ mix(index + 0x7f4a7c15ULL));
  const std::uint64_t kind = draw % 1000;
  const std::uint64_t back = 1 + (draw >> 32) % kBackMax;
  if (kind >= options_.voids_permille + options_.duplicates_permille || back > index) {
    return {About::Kind::kWager, index};
  }
  // What it is about has to be a wager; a chain of these is rare.
  if (about(index - back).kind != About::Kind::kWager) return {About::Kind::kWager, index};
  return {kind < options_.voids_permille ? About::Kind::kVoid : About::Kind::kDuplicate,
          index - back};
}

void Generator::append_head(std::string_view id, std::uint64_t number, std::string_view type,
                            std::uint64_t player_of, std::uint64_t dated, std::string& out) const {
  out.append("{\"specversion\":\"1.0\",\"id\":\"").append(id).append(options_.prefix);
  append_number(out, number);
  out.append("\",\"source\":\"urn:laurel:demo:generator\",\"type\":\"")
      .append(type)
      .append("\",\"subject\":\"p-");
  append_number(out, rank(static_cast<double>(draw_of(player_of) >> 11) * 0x1p-53));
  out.append("\",\"time\":\"");
  append_time(out, options_.first_time_us + static_cast<std::int64_t>(dated) * options_.spacing_us);
}

std::uint64_t Generator::draw_of(std::uint64_t index) const {
  return mix(options_.seed + 0x51ed270b0a1f39c1ULL * (index + 1));
}

void Generator::append(std::uint64_t index, std::string& out) const {
  const About is = about(index);
  if (is.kind != About::Kind::kVoid) return append_wager(is.wager, out);
  append_head("v-", index, "laurel.wager.voided.v1", is.wager, index, out);
  out.append("\",\"data\":{\"voids_tx_id\":\"t-").append(options_.prefix);
  append_number(out, is.wager);
  out.append("\",\"void_reason\":\"tech\"}}");
}

void Generator::append_wager(std::uint64_t index, std::string& out) const {
  const std::uint64_t b = mix(draw_of(index));
  const std::uint64_t c = mix(b);
  const auto stake = 1 + static_cast<std::int64_t>(
                             (c >> 32) % static_cast<std::uint64_t>(options_.stake_units_max));
  const auto win = b % 3 == 0 ? stake * static_cast<std::int64_t>(b >> 60) / 4 : 0;
  const auto amount = [&](std::string_view name, std::int64_t units) {
    out.append(name).append("{\"units\":\"");
    append_number(out, static_cast<std::uint64_t>(units));
    out.append("\",\"asset\":\"").append(options_.asset).append("\",\"scale\":");
    append_number(out, options_.scale);
    out.push_back('}');
  };
  append_head("w-", index, "laurel.wager.settled.v1", index, index, out);
  out.append("\",\"data\":{\"tx_id\":\"t-").append(options_.prefix);
  append_number(out, index);
  out.append("\",\"round_id\":\"r-");
  append_number(out, index / 3);
  out.append("\",\"game_id\":\"").append(kGames[b % 10].id).append("\",\"game_category\":\"");
  out.append(kGames[b % 10].category).append("\",\"vertical\":\"casino\",\"channel\":\"mobile\",");
  amount("\"stake_total\":", stake);
  amount(",\"win_total\":", win);
  out.append(",\"outcome\":\"").append(win > 0 ? "win" : "lose").append("\"}}");
}

std::shared_ptr<runtime::Submission> Generator::submission(std::uint64_t from,
                                                           std::uint32_t count) const {
  auto out = std::make_shared<runtime::Submission>();
  out->source = "generator";
  out->bytes.reserve(count * std::size_t{460});
  std::vector<std::size_t> ends;
  ends.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    append(from + i, out->bytes);
    ends.push_back(out->bytes.size());
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const std::string_view bytes = std::string_view(out->bytes).substr(begin, end - begin);
    out->records.push_back({bytes, 0, bytes.size(), false});
    begin = end;
  }
  return out;
}

}  // namespace laurel::node
