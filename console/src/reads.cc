#include "reads.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

namespace laurel::console {

std::string who(const std::string& by) {
  if (!by.empty()) return by;
  const char* const user = std::getenv("USER");
  return user == nullptr || *user == '\0' ? "unknown" : user;
}

namespace json = boost::json;

std::string text_of(const json::value& object, std::string_view member) {
  const auto* found = object.is_object() ? object.get_object().if_contains(member) : nullptr;
  if (found == nullptr || found->is_null()) return {};
  if (found->is_string()) return std::string(found->get_string());
  if (!found->is_double()) return json::serialize(*found);
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", found->get_double());
  return text;
}

json::value parse_reply(const HttpReply& reply) {
  json::error_code error;
  json::value value = json::parse(reply.body, error);
  if (reply.status >= 400) {
    std::string detail = error ? std::string() : text_of(value, "detail");
    if (detail.empty()) detail = "the node answered " + std::to_string(reply.status);
    throw Failure{kFailed, detail};
  }
  if (error) throw Failure{kFailed, "the node's answer is no JSON"};
  return value;
}

json::value fetch(HttpClient& client, const std::string& target) {
  return parse_reply(client.get(target));
}

std::string decimal_of(const json::value& value) {
  std::string units = text_of(value, "units");
  const auto scale = std::strtoul(text_of(value, "scale").c_str(), nullptr, 10);
  if (scale == 0) return units;
  const bool negative = units.starts_with('-');
  std::string digits = negative ? units.substr(1) : units;
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  digits.insert(digits.size() - scale, ".");
  return (negative ? "-" : "") + digits;
}

namespace {

void print(const json::value& value) { std::printf("%s\n", json::serialize(value).c_str()); }

// Calls row for each element of `list` on every page.
template <class Row>
void each_page(HttpClient& client, const std::string& target, const char* list, Row row) {
  std::string cursor;
  do {
    const auto page = fetch(
        client, target + "?limit=1000" + (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    for (const auto& element : page.at(list).as_array()) row(element);
    cursor = text_of(page, "next");
  } while (!cursor.empty());
}

std::string amount(const json::value& value) {
  return decimal_of(value) + " " + text_of(value, "asset");
}

}  // namespace

int show_status(HttpClient& client, const Common& common) {
  const auto status = fetch(client, "/v1/status");
  if (common.json) return print(status), kOk;
  std::printf("node        %s (%s engine, version %s)\n", text_of(status, "state").c_str(),
              text_of(status, "engine").c_str(), text_of(status, "version").c_str());
  if (const auto why = text_of(status, "failure"); !why.empty()) {
    std::printf("failure     %s\n", why.c_str());
  }
  if (const auto* troubles = status.as_object().if_contains("troubles")) {
    for (const auto& trouble : troubles->as_array()) {
      std::printf("trouble     %s\n", std::string(trouble.as_string()).c_str());
    }
  }
  for (const char* key : {"data_dir", "uptime_ms", "accepted", "duplicates", "conflicts",
                          "rejected", "commits", "turns", "committed_ms_p50", "committed_ms_p99"}) {
    std::printf("%-18s %s\n", key, text_of(status, key).c_str());
  }
  std::printf("\n%-10s %-10s %8s %12s %8s %12s\n", "partition", "state", "epoch", "last commit",
              "lag", "activations");
  for (const auto& each : status.at("partitions").as_array()) {
    std::printf("%-10s %-10s %8s %12s %8s %12s\n", text_of(each, "partition").c_str(),
                text_of(each, "state").c_str(), text_of(each, "epoch").c_str(),
                text_of(each, "last_commit").c_str(), text_of(each, "queued_events").c_str(),
                text_of(each, "activations").c_str());
  }
  return kOk;
}

int show_player(HttpClient& client, const Common& common, const std::string& player) {
  const auto found = fetch(client, "/v1/players/" + url_encode(player));
  if (common.json) return print(found), kOk;
  std::printf("player      %s\n", text_of(found, "player").c_str());
  for (const auto& balance : found.at("balances").as_array()) {
    std::printf("balance     %s\n", amount(balance).c_str());
  }
  if (const auto* state = found.as_object().if_contains("state")) {
    std::printf("wagers      %s\nentries     %s\n", text_of(*state, "wagers").c_str(),
                text_of(*state, "ledger_entries").c_str());
  }
  return kOk;
}

int show_ledger(HttpClient& client, const Common& common, const std::string& player) {
  if (!common.json) {
    std::printf("%8s %20s %20s  %-16s %-24s %s\n", "sequence", "delta", "balance", "reason",
                "cause", "time");
  }
  each_page(client, "/v1/players/" + url_encode(player) + "/ledger", "entries",
            [&](const json::value& entry) {
              if (common.json) return print(entry);
              const auto* after = entry.as_object().if_contains("balance_after");
              std::printf("%8s %20s %20s  %-16s %-24s %s\n", text_of(entry, "sequence").c_str(),
                          amount(entry.at("delta")).c_str(),
                          after != nullptr ? amount(*after).c_str() : "",
                          text_of(entry, "reason").c_str(), text_of(entry, "cause_event").c_str(),
                          text_of(entry, "time").c_str());
            });
  return kOk;
}

int show_actor(HttpClient& client, const Common&, const std::string& id) {
  const auto slash = id.find('/');
  if (slash == std::string::npos) throw Failure{kUsage, "an actor is named TYPE/KEY, not " + id};
  print(fetch(client, "/v1/actors/" + url_encode(id.substr(0, slash)) + "/" +
                          url_encode(id.substr(slash + 1))));
  return kOk;
}

int export_balances(HttpClient& client, const Common& common) {
  each_page(client, "/v1/players", "players", [&](const json::value& player) {
    if (common.json) {
      print(json::object{{"player", player.at("player")}, {"balances", player.at("balances")}});
      return;
    }
    for (const auto& balance : player.at("balances").as_array()) {
      std::printf("%-64s %s\n", text_of(player, "player").c_str(), amount(balance).c_str());
    }
  });
  return kOk;
}

int read_topic(HttpClient& client, const Common& common, const TopicArguments& arguments) {
  // Any page tells how many partitions there are.
  std::vector<std::string> next(1, "0");
  for (bool go_on = true; go_on;) {
    bool any = false;
    for (std::size_t partition = 0; partition < next.size(); ++partition) {
      const auto page = fetch(client, "/v1/topics/" + url_encode(arguments.name) +
                                          "?partition=" + std::to_string(partition) +
                                          "&from=" + next[partition] + "&limit=1000");
      next.resize(std::max(next.size(), page.at("partitions").to_number<std::size_t>()), "0");
      for (const auto& record : page.at("events").as_array()) {
        any = true;
        if (common.json || arguments.table == nullptr) {
          print(record);
        } else {
          arguments.table(record);
        }
      }
      const std::string after = text_of(page, "next");
      if (!after.empty()) next[partition] = after;
    }
    std::fflush(stdout);
    if (any) continue;
    go_on = arguments.follow;
    if (go_on) std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return kOk;
}

int list_dead_letters(HttpClient& client, const Common& common) {
  if (!common.json) std::printf("%-22s %-28s %s\n", "reason", "place", "detail");
  return read_topic(
      client, common,
      {.name = "dead-letters", .follow = false, .table = [](const json::value& record) {
         const auto* data = record.as_object().if_contains("data");
         if (data == nullptr) return;
         std::printf("%-22s %-28s %s\n", text_of(*data, "reason").c_str(),
                     text_of(*data, "place").c_str(), text_of(*data, "detail").c_str());
       }});
}

}  // namespace laurel::console
