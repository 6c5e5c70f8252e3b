#include "verify_boards.h"

#include <charconv>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "board_order.h"
#include "tournaments.h"
#include "verify_board.h"
#include "verify_entry.h"

namespace laurel::console {

namespace json = boost::json;

namespace {

constexpr int kTriesMax = 20;
constexpr auto kBetweenTries = std::chrono::milliseconds(20);
constexpr const char* kOtherStyles[] = {"ordinal", "modified", "dense"};

bool is_behind(const BoardOrder& order, const std::string& version) {
  std::uint64_t shown = 0;
  std::from_chars(version.data(), version.data() + version.size(), shown);
  return order.version() < shown;
}

template <class Each>
void each_actor(HttpClient& client, const std::string& type, Each each) {
  std::string cursor;
  do {
    const auto page = fetch(client, "/v1/actors/" + type + "?limit=1000" +
                                        (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    for (const auto& actor : page.at("actors").as_array()) each(actor);
    cursor = text_of(page, "next");
  } while (!cursor.empty());
}

// The boards of one partition, from the records of topic `position-changes`: read on as far as it
// goes whenever a board is newer.
class Chains {
 public:
  Chains(HttpClient& client, Report& report, std::size_t partition)
      : client_(client), report_(report), partition_(partition) {}

  /// To the end of the topic; with a run, only until its board has that version: on a node that is
  /// being fed the chain would always be ahead of the board that was read.
  std::size_t read_on(const std::string& run = {}, const std::string& version = {}) {
    std::size_t partitions = 1;
    for (bool more = true; more;) {
      while (!ahead_.empty()) {
        const BoardOrder* order = run.empty() ? nullptr : find(run);
        if (order != nullptr && std::to_string(order->version()) == version) return partitions;
        apply(ahead_.front());
        ahead_.pop_front();
      }
      const auto page = fetch(client_, "/v1/topics/position-changes?limit=20&partition=" +
                                           std::to_string(partition_) + "&from=" + next_);
      partitions = page.at("partitions").to_number<std::size_t>();
      const auto& events = page.at("events").as_array();
      more = !events.empty();
      for (const auto& event : events) {
        if (const auto* data = event.as_object().if_contains("data")) ahead_.push_back(*data);
      }
      next_ = text_of(page, "next");
    }
    return partitions;
  }
  /// nullptr: the topic does not have all of it, or what it has was found to be wrong.
  const BoardOrder* find(const std::string& run) const {
    const auto it = boards_.find(run);
    return it == boards_.end() ? nullptr : it->second.get();
  }
  std::vector<std::string> runs() const {
    std::vector<std::string> out;
    for (const auto& [run, order] : boards_) out.push_back(run);
    return out;
  }

 private:
  void apply(const json::value& record) {
    const std::string run = text_of(record, "board");
    const auto [it, fresh] = boards_.try_emplace(run);
    if (fresh && text_of(record, "version") == "1") it->second = std::make_unique<BoardOrder>();
    if (!it->second) return;
    ++report_.board_versions;
    const std::string wrong = it->second->apply(record);
    if (wrong.empty()) return;
    report_.add(run, wrong);
    it->second.reset();
  }

  HttpClient& client_;
  Report& report_;
  const std::size_t partition_;
  std::string next_ = "beginning";
  std::deque<json::value> ahead_;  // read, and not applied yet: a page at most
  std::map<std::string, std::unique_ptr<BoardOrder>> boards_;
};

// Which boards there are, what they hold, and whose scores have to be looked at again.
class Verifier {
 public:
  Verifier(HttpClient& client, Report& report) : client_(client), report_(report) {}

  void run() {
    std::size_t partitions = 1;
    for (std::size_t partition = 0; partition < partitions; ++partition) {
      Chains chains(client_, report_, partition);
      partitions = chains.read_on();
      for (const std::string& run : chains.runs()) check_board(run, &chains);
    }
    each_actor(client_, "tournament", [&](const json::value& actor) {
      const std::string run = text_of(actor, "key");
      if (!boards_.contains(run)) check_board(run, nullptr);
    });
    std::map<std::string, RowSum> scores;
    each_actor(client_, "entry", [&](const json::value& actor) {
      const EntryScore entry = check_entry(client_, actor, report_);
      if (entry.on_board)
        scores[entry.run].add(entry.run, entry.player, entry.score, entry.reached);
    });
    std::set<std::string> differing;
    for (const auto& [run, sum] : boards_) {
      if (!(scores[run] == sum)) differing.insert(run);
    }
    for (const auto& [run, sum] : scores) {
      if (!boards_.contains(run)) differing.insert(run);
    }
    if (!differing.empty()) look_again(differing);
  }

 private:
  void check_board(const std::string& run, Chains* chains) {
    ++report_.runs;
    BoardCheck board(client_, run, report_);
    const bool chained = chains != nullptr && chains->find(run) != nullptr;
    if (!chained) ++report_.boards_without_chain;
    board.read("standard");
    for (int tries = 0; chained && tries < kTriesMax; ++tries) {
      const BoardOrder* order = chains->find(run);
      if (order == nullptr) break;  // reported
      const bool same =
          board.version().empty() || std::to_string(order->version()) == board.version();
      if (same) {
        board.compare(*order);
        break;
      }
      if (tries + 1 == kTriesMax) {
        report_.add(run, "its board and the chain of its changes are never of one version");
        break;
      }
      std::this_thread::sleep_for(kBetweenTries);
      board.read("standard");
      // A board is shown a moment after its record: the chain that is ahead waits for it.
      if (is_behind(*order, board.version())) chains->read_on(run, board.version());
    }
    boards_[run] = board.rows();
    report_.places += board.rows().rows;
    for (const char* style : kOtherStyles) board.read(style);
  }

  // A node that is being fed moves on between two reads: each player whose score differs is looked
  // at alone.
  void look_again(const std::set<std::string>& runs) {
    std::map<std::string, std::map<std::string, std::string>> on_board;  // run -> player -> score
    for (const std::string& run : runs) {
      if (!boards_.contains(run)) continue;
      std::string cursor;
      do {
        const auto page =
            fetch(client_, run_path(run) + "/entries?snapshot=true&limit=1000" +
                               (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
        for (const auto& entry : page.at("entries").as_array()) {
          on_board[run][text_of(entry, "player")] =
              text_of(entry.at("score"), "units") + " at " + text_of(entry, "reached");
        }
        cursor = text_of(page, "next");
      } while (!cursor.empty());
    }
    each_actor(client_, "entry", [&](const json::value& actor) {
      const std::string key = text_of(actor, "key");
      const std::string run = key.substr(0, key.rfind('/'));
      if (!runs.contains(run)) return;
      const std::string player = key.substr(key.rfind('/') + 1);
      auto& players = on_board[run];
      const auto it = players.find(player);
      const std::string shown = it == players.end() ? std::string() : it->second;
      if (it != players.end()) players.erase(it);
      const auto& state = actor.at("state");
      if (shown != score_in(state)) look_at(run, player, key);
    });
    for (const auto& [run, players] : on_board) {
      for (const auto& [player, score] : players) look_at(run, player, run + "/" + player);
    }
  }

  static std::string score_in(const json::value& state) {
    if (text_of(state, "contributions") == "0") return {};
    return text_of(state, "score") + " at " + text_of(state, "reached");
  }

  void look_at(const std::string& run, const std::string& player, const std::string& key) {
    const std::string path = "/v1/actors/entry/" + url_encode(key);
    for (int tries = 0; tries < kTriesMax; ++tries) {
      const auto entry = optional(path);
      const std::string expected = entry.is_null() ? std::string() : score_in(entry.at("state"));
      const std::string least =
          entry.is_null() ? "" : "&min_position=" + text_of(entry, "position");
      const auto reply = client_.get(run_path(run) + "/entries/" + url_encode(player) +
                                     "?above=0&below=0" + least);
      if (reply.status == 503) {
        // A stopped node ranks nothing: what the entry has sent may wait in its inbox.
        ++report_.waiting;
        return;
      }
      std::string shown;
      if (reply.status != 404) {
        const auto entry_shown = parse_reply(reply).at("entry");
        shown =
            text_of(entry_shown.at("score"), "units") + " at " + text_of(entry_shown, "reached");
      }
      if (shown == expected) return;
      const auto after = optional(path);
      const bool moved =
          !after.is_null() && !entry.is_null() &&
          text_of(after.at("state"), "version") != text_of(entry.at("state"), "version");
      if (moved || after.is_null() != entry.is_null()) continue;
      report_.add(run, player + " is on the board with " + (shown.empty() ? "nothing" : shown) +
                           ", and the entry says " + (expected.empty() ? "nothing" : expected));
      return;
    }
  }

  // Null: there is no such actor.
  json::value optional(const std::string& path) {
    const auto reply = client_.get(path);
    if (reply.status == 404) return nullptr;
    return parse_reply(reply);
  }

  HttpClient& client_;
  Report& report_;
  std::map<std::string, RowSum> boards_;
};

}  // namespace

void verify_boards(HttpClient& client, Report& report) { Verifier(client, report).run(); }

}  // namespace laurel::console
