#include "tournaments.h"

#include <algorithm>

#include "reads.h"

namespace laurel::console {

namespace json = boost::json;

namespace {

constexpr unsigned kPageMax = 1000;

void print(const json::value& value) { std::printf("%s\n", json::serialize(value).c_str()); }

std::string tournament_of(const std::string& run) { return run.substr(0, run.find('@')); }

bool is_run(const std::string& name) { return name.find('@') != std::string::npos; }

std::string path_of(const TournamentArguments& arguments) {
  if (is_run(arguments.name)) return run_path(arguments.name);
  return "/v1/tournaments/" + url_encode(arguments.name) + "/runs/" + url_encode(arguments.run);
}

void print_run(const json::value& run) {
  std::printf("%-48s %-9s %9s  %-27s  %-27s\n", text_of(run, "run").c_str(),
              text_of(run, "state").c_str(), text_of(run, "members").c_str(),
              text_of(run, "start").c_str(), text_of(run, "end").c_str());
}

void print_run_head() {
  std::printf("%-48s %-9s %9s  %-27s  %-27s\n", "run", "state", "members", "start", "end");
}

void print_definition(const json::value& definition) {
  const std::string asset = text_of(definition, "asset");
  std::printf("%s: %s%s%s, %s first\n", text_of(definition, "tournament").c_str(),
              text_of(definition, "operator").c_str(), asset.empty() ? "" : " in ", asset.c_str(),
              text_of(definition, "direction") == "low" ? "lowest" : "highest");
  const std::string name = text_of(definition, "name");
  if (!name.empty()) std::printf("name        %s\n", name.c_str());
  std::printf("ranks       %s\nbegins      %s\n\n", text_of(definition, "rank_style").c_str(),
              text_of(definition, "begins").c_str());
}

void print_entry(const json::value& entry, const std::string& asked) {
  const std::string player = text_of(entry, "player");
  std::printf("%s%9s  %-40s %24s  %s\n", player == asked ? ">" : " ",
              text_of(entry, "rank").c_str(), player.c_str(), decimal_of(entry.at("score")).c_str(),
              text_of(entry, "reached").c_str());
}

void print_board_head(const json::value& board) {
  const std::string asset = text_of(board, "asset");
  std::printf("%s: %s, %s players, %s to %s, %s%s%s\n\n", text_of(board, "run").c_str(),
              text_of(board, "state").c_str(), text_of(board, "members").c_str(),
              text_of(board, "start").c_str(), text_of(board, "end").c_str(),
              text_of(board, "operator").c_str(), asset.empty() ? "" : " in ", asset.c_str());
  std::printf(" %9s  %-40s %24s  %s\n", "rank", "player", "score", "reached");
}

void print_board(const Common& common, const json::value& board, const std::string& asked) {
  if (common.json) return print(board);
  print_board_head(board);
  for (const auto& entry : board.at("entries").as_array()) print_entry(entry, asked);
  const auto* absent = board.as_object().if_contains("absent");
  if (absent == nullptr) return;
  for (const auto& player : absent->as_array()) {
    std::printf("%10s  %s\n", "-", std::string(player.as_string()).c_str());
  }
}

// The pages of one pinned version, until `page` has enough.
void each_page_of(HttpClient& client, const std::string& path, const std::string& options,
                  std::uint64_t rows, const std::function<void(const json::value& page)>& page) {
  std::string cursor;
  do {
    const auto limit = std::min<std::uint64_t>(rows, kPageMax);
    const auto reply =
        fetch(client, path + "/entries?snapshot=true&limit=" + std::to_string(limit) + options +
                          (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    page(reply);
    rows -= std::min<std::uint64_t>(rows, reply.at("entries").as_array().size());
    cursor = text_of(reply, "next");
  } while (rows > 0 && !cursor.empty());
}

int standings_from_the_top(HttpClient& client, const Common& common, const std::string& path,
                           const std::string& options, unsigned top) {
  json::value whole;
  each_page_of(client, path, options, top, [&](const json::value& page) {
    if (common.json) {
      if (whole.is_null()) {
        whole = page;
        return;
      }
      auto& entries = whole.at("entries").as_array();
      for (const auto& entry : page.at("entries").as_array()) entries.push_back(entry);
      whole.as_object()["next"] = page.at("next");
      return;
    }
    if (whole.is_null()) print_board_head(page);
    whole = true;
    for (const auto& entry : page.at("entries").as_array()) print_entry(entry, {});
  });
  if (common.json) print(whole);
  return kOk;
}

// Ids of all runs somebody contributed to.
std::vector<std::string> runs_with_members(HttpClient& client) {
  std::vector<std::string> runs;
  std::string cursor;
  do {
    const auto page = fetch(client, "/v1/actors/tournament?limit=1000" +
                                        (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    for (const auto& actor : page.at("actors").as_array()) runs.push_back(text_of(actor, "key"));
    cursor = text_of(page, "next");
  } while (!cursor.empty());
  std::sort(runs.begin(), runs.end());
  return runs;
}

}  // namespace

std::string run_path(const std::string& run) {
  return "/v1/tournaments/" + url_encode(tournament_of(run)) + "/runs/" + url_encode(run);
}

int list_tournaments(HttpClient& client, const Common& common,
                     const TournamentArguments& arguments) {
  if (!common.json) print_run_head();
  std::string cursor;
  do {
    const auto page =
        fetch(client, "/v1/tournaments?limit=1000" +
                          (arguments.state.empty() ? "" : "&state=" + url_encode(arguments.state)) +
                          (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    for (const auto& tournament : page.at("tournaments").as_array()) {
      if (common.json) {
        print(tournament);
        continue;
      }
      const auto& runs = tournament.at("runs").as_array();
      for (const auto& run : runs) print_run(run);
      if (runs.empty()) std::printf("%-48s %-9s\n", text_of(tournament, "tournament").c_str(), "-");
    }
    cursor = text_of(page, "next");
  } while (!cursor.empty());
  return kOk;
}

int show_tournament(HttpClient& client, const Common& common,
                    const TournamentArguments& arguments) {
  if (is_run(arguments.name)) {
    const auto run = fetch(client, run_path(arguments.name));
    if (common.json) return print(run), kOk;
    print_run_head();
    print_run(run);
    return kOk;
  }
  const std::string path = "/v1/tournaments/" + url_encode(arguments.name);
  const auto definition = fetch(client, path);
  if (common.json) return print(definition), kOk;
  print_definition(definition);
  print_run_head();
  for (const auto& run : definition.at("runs").as_array()) print_run(run);
  return kOk;
}

int show_standings(HttpClient& client, const Common& common, const TournamentArguments& arguments) {
  const std::string path = path_of(arguments);
  const std::string rank = arguments.rank.empty() ? "" : "rank=" + url_encode(arguments.rank);
  if (!arguments.around.empty()) {
    print_board(common,
                fetch(client, path + "/entries/" + url_encode(arguments.around) + "?" + rank),
                arguments.around);
    return kOk;
  }
  if (!arguments.around_score.empty()) {
    print_board(common,
                fetch(client, path + "/entries:around-score?score=" +
                                  url_encode(arguments.around_score) + "&" + rank),
                {});
    return kOk;
  }
  if (!arguments.players.empty()) {
    json::object body{{"players", json::array(arguments.players.begin(), arguments.players.end())}};
    print_board(common,
                parse_reply(client.post(path + "/entries:batch?" + rank, json::serialize(body),
                                        "application/json")),
                {});
    return kOk;
  }
  return standings_from_the_top(client, common, path, rank.empty() ? "" : "&" + rank,
                                arguments.top);
}

int export_standings(HttpClient& client, const Common& common,
                     const TournamentArguments& arguments) {
  const auto runs = arguments.runs.empty() ? runs_with_members(client) : arguments.runs;
  for (const std::string& run : runs) {
    if (!is_run(run)) {
      throw Failure{kUsage, run + " is no run: TOURNAMENT@START, such as weekly@2026-02-16T18:00Z"};
    }
    each_page_of(client, run_path(run), {}, ~std::uint64_t{0}, [&](const json::value& page) {
      for (const auto& entry : page.at("entries").as_array()) {
        if (common.json) {
          json::object line{{"run", run}};
          for (const char* member : {"player", "rank", "position", "score", "reached"}) {
            line[member] = entry.at(member);
          }
          print(line);
        } else {
          std::printf("%-48s %9s  %-40s %24s  %s\n", run.c_str(), text_of(entry, "rank").c_str(),
                      text_of(entry, "player").c_str(), decimal_of(entry.at("score")).c_str(),
                      text_of(entry, "reached").c_str());
        }
      }
    });
  }
  return kOk;
}

}  // namespace laurel::console
