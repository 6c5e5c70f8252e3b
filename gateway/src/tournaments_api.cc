#include "tournaments_api.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <boost/json.hpp>

#include "board_cursor.h"
#include "problem.h"
#include "text.h"
#include "tournaments_render.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using ranked::RankedRow;

namespace {

constexpr std::uint64_t kLimitMax = 1000;
constexpr std::uint64_t kLimitDefault = 100;
constexpr std::uint64_t kAroundDefault = 10;
constexpr std::size_t kDefinitionsPerPage = 2000;  // looked at, with a filter
constexpr std::string_view kStates[] = {"upcoming", "open", "closing", "final"};

TimeUs now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Reply ok(const json::object& body) {
  return Reply{200, "application/json", json::serialize(body), {}, {}};
}

const std::string* param(const Target& target, std::string_view name) {
  const auto it = target.query.find(name);
  return it == target.query.end() ? nullptr : &it->second;
}

/// A number between `least` and `most`; empty, or what is wrong.
std::string read_number(const Target& target, std::string_view name, std::uint64_t least,
                        std::uint64_t most, std::uint64_t& number) {
  const auto* text = param(target, name);
  if (text == nullptr) return {};
  const auto value = parse_u64(*text);
  if (!value || *value < least || *value > most) {
    return std::string(name) + " is \"" + *text + "\"; expected is a number from " +
           std::to_string(least) + " to " + std::to_string(most);
  }
  number = *value;
  return {};
}

/// How many entries before and behind a place.
struct Surroundings {
  std::uint64_t above = kAroundDefault;
  std::uint64_t below = kAroundDefault;
};

/// What is wrong, or nothing.
std::string read_surroundings(const Target& target, Surroundings& wanted) {
  std::string wrong = read_number(target, "above", 0, kLimitMax, wanted.above);
  return wrong.empty() ? read_number(target, "below", 0, kLimitMax, wanted.below) : wrong;
}

std::string read_flag(const Target& target, std::string_view name, bool& flag) {
  const auto* text = param(target, name);
  if (text == nullptr) return {};
  if (*text != "true" && *text != "false") {
    return std::string(name) + " is \"" + *text + "\"; allowed: true, false";
  }
  flag = *text == "true";
  return {};
}

std::string read_time(const Target& target, std::string_view name, TimeUs& time) {
  const auto* text = param(target, name);
  if (text == nullptr) return {};
  const auto value = parse_rfc3339(*text);
  if (!value) {
    return std::string(name) + " is \"" + *text +
           "\"; expected is a time such as 2026-02-16T18:00:00Z";
  }
  time = *value;
  return {};
}

/// {"players": [...]}; empty, or what is wrong.
std::string read_players(const std::string& body, std::vector<std::string>& players) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  const auto* list =
      error || !parsed.is_object() ? nullptr : parsed.get_object().if_contains("players");
  if (list == nullptr || !list->is_array()) {
    return R"(the body is not {"players": ["p1", "p2"]}, at most 1000)";
  }
  if (list->get_array().size() > kLimitMax) return "players has more than 1000 elements";
  for (const auto& each : list->get_array()) {
    if (!each.is_string() || !is_player_id(std::string_view(each.get_string()))) {
      return "players: " + json::serialize(each) +
             " is no player id: 1 to 64 characters of A-Z a-z 0-9 . _ ~ : -";
    }
    players.emplace_back(each.get_string());
  }
  return {};
}

}  // namespace

TournamentsApi::TournamentsApi(runtime::NodeApi& node, const Reads& reads,
                               const Scheduler& scheduler)
    : node_(node),
      reads_(reads),
      scheduler_(scheduler),
      boards_(
          reads,
          [&node](runtime::PartitionId partition) {
            const auto view = node.engine().view(partition);
            return view ? (*view)->commit() : runtime::CommitNumber{0};
          },
          node.engine().partitions()) {}

std::string TournamentsApi::methods(const std::vector<std::string>& path) {
  const std::size_t n = path.size();
  if (n >= 2 && n <= 3) return "GET";
  if (n < 4 || path[3] != "runs") return "";
  if (n <= 5) return "GET";
  if (n == 6 && path[5] == "entries:batch") return "POST";
  if (n == 6 && (path[5] == "entries" || path[5] == "entries:around-score")) return "GET";
  return n == 7 && path[5] == "entries" ? "GET" : "";
}

void TournamentsApi::handle(const Request& request, const Target& target, const Respond& respond) {
  const auto& path = target.segments;
  if (path.size() == 2) return respond(list(target));
  if (path.size() == 3) return respond(one(path[2]));
  if (path.size() == 4) return respond(runs_of(path[2], target));
  board(request, target, respond);
}

Reply TournamentsApi::list(const Target& target) const {
  std::uint64_t limit = kLimitDefault;
  if (auto wrong = read_number(target, "limit", 1, kLimitMax, limit); !wrong.empty()) {
    return bad_request(std::move(wrong));
  }
  const auto* state = param(target, "state");
  if (state != nullptr &&
      std::find(std::begin(kStates), std::end(kStates), *state) == std::end(kStates)) {
    return bad_request("state is \"" + *state + "\"; allowed: upcoming, open, closing, final");
  }
  std::string after;
  if (const auto* cursor = param(target, "cursor"); cursor != nullptr) {
    auto bytes = from_base64url(*cursor);
    if (!bytes) return bad_request("cursor is none that this API gave; start without one");
    after = std::move(*bytes);
  }
  const auto catalog = node_.catalog();
  const Runs runs(*catalog, reads_, now_us());
  const auto all = runs.definitions();
  auto it = std::upper_bound(all.begin(), all.end(), after,
                             [](const auto& id, const auto& each) { return id < each.plan->id; });
  json::array tournaments;
  std::size_t looked = 0;
  for (; it != all.end() && tournaments.size() < limit && looked < kDefinitionsPerPage;
       ++it, ++looked) {
    json::array around;
    for (const auto& terms : runs.around_now(*it->plan)) {
      const auto run = runs.with_state(it->plan->id, terms);
      if (!run) return problem(run.error());
      if (state == nullptr || run->state == *state) around.push_back(run_json(*run));
    }
    after = it->plan->id;
    if (state != nullptr && around.empty()) continue;
    json::object out = definition_json(*it);
    out["runs"] = std::move(around);
    tournaments.push_back(std::move(out));
  }
  return ok({{"tournaments", std::move(tournaments)},
             {"next", it == all.end() ? json::value(nullptr) : json::value(base64url(after))}});
}

Reply TournamentsApi::one(const std::string& tournament) const {
  const auto catalog = node_.catalog();
  const Runs runs(*catalog, reads_, now_us());
  const auto found = runs.definition(tournament);
  if (!found) {
    return not_found("no version of the catalog has a tournament \"" + tournament +
                     "\"; GET /v1/tournaments lists them");
  }
  json::array around;
  for (const auto& terms : runs.around_now(*found->plan)) {
    const auto run = runs.with_state(tournament, terms);
    if (!run) return problem(run.error());
    around.push_back(run_json(*run));
  }
  json::object out = definition_json(*found);
  out["runs"] = std::move(around);
  return ok(out);
}

Reply TournamentsApi::runs_of(const std::string& tournament, const Target& target) const {
  const auto catalog = node_.catalog();
  const Runs runs(*catalog, reads_, now_us());
  const auto found = runs.definition(tournament);
  if (!found) return one(tournament);
  std::uint64_t limit = kLimitDefault;
  TimeUs from = runs.begins(tournament);
  const auto next = runs.around_now(*found->plan);
  TimeUs to = next.empty() ? runs.now() + 1 : std::max(runs.now(), next.back().start_us()) + 1;
  for (auto wrong : {read_number(target, "limit", 1, kLimitMax, limit),
                     read_time(target, "from", from), read_time(target, "to", to)}) {
    if (!wrong.empty()) return bad_request(std::move(wrong));
  }
  if (const auto* cursor = param(target, "cursor"); cursor != nullptr) {
    const auto bytes = from_base64url(*cursor);
    const auto at = bytes ? parse_u64(*bytes) : std::nullopt;
    if (!at || *at > static_cast<std::uint64_t>(std::numeric_limits<TimeUs>::max())) {
      return bad_request("cursor is none that this API gave; start without one");
    }
    from = std::max(from, static_cast<TimeUs>(*at));
  }
  json::array out;
  json::value more = nullptr;
  runtime::Status failed;
  runs.between(tournament, from, to, [&](const contract::RunTerms& terms) {
    if (out.size() == limit) {
      more = base64url(std::to_string(terms.start_us()));
      return false;
    }
    const auto run = runs.with_state(tournament, terms);
    if (run) {
      out.push_back(run_json(*run));
    } else {
      failed = run.error();
    }
    return failed.ok();
  });
  if (!failed) return problem(failed.error());
  return ok({{"tournament", to_utf8(tournament)}, {"runs", std::move(out)}, {"next", more}});
}

void TournamentsApi::board(const Request& request, const Target& target, const Respond& respond) {
  Freshness freshness;
  if (auto wrong = read_freshness(target, node_.engine().partitions(), freshness); !wrong.empty()) {
    return respond(bad_request(std::move(wrong)));
  }
  auto read = std::make_shared<BoardRead>();
  read->catalog = node_.catalog();
  read->path = target.segments;
  read->target = target;
  read->body = request.body;
  // Which run is meant is known at once; what it holds is read when it is fresh enough.
  const auto run =
      Runs(*read->catalog, reads_, now_us()).find(target.segments[2], target.segments[4]);
  if (!run) return respond(problem(run.error()));
  read->run = run->id;
  when_fresh(node_, scheduler_, freshness, boards_.home_of(run->id), respond,
             [this, read](const Respond& answer) { answer(read_board(*read)); });
}

Reply TournamentsApi::read_board(const BoardRead& read) {
  const auto* named = param(read.target, "rank");
  const auto style = named == nullptr ? std::nullopt : parse_rank_style(*named);
  if (named != nullptr && !style) {
    return bad_request("rank is \"" + *named + "\"; allowed: ordinal, standard, modified, dense");
  }
  const Runs runs(*read.catalog, reads_, now_us());
  const auto* cursor = param(read.target, "cursor");
  std::shared_ptr<const RunBoard> board;
  if (cursor != nullptr) {
    const auto place = parse_cursor(*cursor, node_.engine().secret());
    if (!place || place->run != read.run) {
      return bad_request("cursor is none that this API gave for this run; start without one");
    }
    if (place->pinned && place->version != kFinalVersion) {
      board = pins_.find(read.run, place->version, Pins::Clock::now());
      if (!board) {
        return problem(Problem{410, "snapshot-gone",
                               "the pinned version " + std::to_string(place->version) + " of " +
                                   read.run + " is not kept any more; start without a cursor"});
      }
    }
  }
  if (!board) {
    auto loaded = boards_.load(runs, read.run);
    if (!loaded) return problem(loaded.error());
    board = std::move(*loaded);
  }
  const auto how = style.value_or(board->run.terms.rank_style());
  if (read.path.size() == 5) return ok(board_json(*board, how));
  if (read.path.size() == 7) return around(read, *board, how);
  if (read.path[5] == "entries:around-score") return around_score(read, *board, how);
  if (read.path[5] == "entries:batch") return batch(read, *board, how);
  return top(read, std::move(board), how);
}

Reply TournamentsApi::top(const BoardRead& read, std::shared_ptr<const RunBoard> board,
                          contract::RankStyle style) {
  std::uint64_t limit = kLimitDefault;
  bool pinned = false;
  for (auto wrong : {read_number(read.target, "limit", 1, kLimitMax, limit),
                     read_flag(read.target, "snapshot", pinned)}) {
    if (!wrong.empty()) return bad_request(std::move(wrong));
  }
  const auto& secret = node_.engine().secret();
  std::uint64_t from = 0;
  if (const auto* cursor = param(read.target, "cursor"); cursor != nullptr) {
    const auto place = parse_cursor(*cursor, secret);
    from = behind(board->view, *place);
    pinned = place->pinned;
  }
  const auto rows = board->view.range(from, limit);
  json::object body = board_json(*board, style);
  body["entries"] = entries_json(*board, rows, style);
  body["next"] = nullptr;
  body["snapshot"] = pinned;
  if (from + rows.size() < board->view.size() && !rows.empty()) {
    const RankedRow& last = rows.back();
    body["next"] = cursor_text(
        {read.run, pinned, board->version, last.key, last.tie, std::string(last.member)}, secret);
    if (pinned && board->version != kFinalVersion) pins_.keep(board, Pins::Clock::now());
  }
  return ok(body);
}

Reply TournamentsApi::around(const BoardRead& read, const RunBoard& board,
                             contract::RankStyle style) const {
  Surroundings wanted;
  if (auto wrong = read_surroundings(read.target, wanted); !wrong.empty()) {
    return bad_request(std::move(wrong));
  }
  const std::string& player = read.path[6];
  if (!is_player_id(player)) {
    return bad_request("a player id has 1 to 64 characters of A-Z a-z 0-9 . _ ~ : -");
  }
  const auto found = board.find({player});
  if (!found) return problem(found.error());
  const auto& own = found->front();
  if (!own) return not_found(player + " is not on the board of " + read.run);
  const std::uint64_t from = own->position - std::min(wanted.above, own->position);
  json::object body = board_json(board, style);
  body["entry"] = entry_json(board, *own, rank_of(board.view, *own, style));
  body["entries"] =
      entries_json(board, board.view.range(from, own->position - from + 1 + wanted.below), style);
  return ok(body);
}

Reply TournamentsApi::around_score(const BoardRead& read, const RunBoard& board,
                                   contract::RankStyle style) const {
  Surroundings wanted;
  if (auto wrong = read_surroundings(read.target, wanted); !wrong.empty()) {
    return bad_request(std::move(wrong));
  }
  const auto* text = param(read.target, "score");
  std::int64_t score = 0;
  const auto parsed = text == nullptr
                          ? std::from_chars_result{nullptr, std::errc::invalid_argument}
                          : std::from_chars(text->data(), text->data() + text->size(), score);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) {
    return bad_request("score is " + (text == nullptr ? "missing" : "\"" + *text + "\"") +
                       "; expected is a whole number of units, as entries have it");
  }
  const bool low = board.run.terms.direction() == contract::SCORE_DIRECTION_LOW;
  std::array<std::int64_t, kSortColumnsMax> columns{};
  columns[0] = low ? ascending(score) : descending(score);
  json::object body = board_json(board, style);
  body["entries"] =
      entries_json(board, board.view.around_score(columns, wanted.above, wanted.below), style);
  return ok(body);
}

Reply TournamentsApi::batch(const BoardRead& read, const RunBoard& board,
                            contract::RankStyle style) const {
  std::vector<std::string> players;
  if (auto wrong = read_players(read.body, players); !wrong.empty()) {
    return bad_request(std::move(wrong));
  }
  const auto found = board.find(players);
  if (!found) return problem(found.error());
  json::array entries;
  json::array absent;
  for (std::size_t i = 0; i < players.size(); ++i) {
    const auto& row = (*found)[i];
    if (row) {
      entries.push_back(entry_json(board, *row, rank_of(board.view, *row, style)));
    } else {
      absent.emplace_back(players[i]);
    }
  }
  json::object body = board_json(board, style);
  body["entries"] = std::move(entries);
  body["absent"] = std::move(absent);
  return ok(body);
}

}  // namespace laurel::gateway::internal
