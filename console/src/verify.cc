#include "verify.h"

#include <openssl/evp.h>

#include <map>
#include <vector>

#include "laurel/contract/int128.h"
#include "verify_board.h"
#include "verify_boards.h"
#include "verify_report.h"

namespace laurel::console {
namespace {

namespace json = boost::json;
using Bytes = std::string;

Bytes from_hex(const std::string& text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<char>(std::strtoul(text.substr(i, 2).c_str(), nullptr, 16)));
  }
  return out;
}

Bytes from_base64(const std::string& text) {
  Bytes out(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return {};
  std::size_t padding = 0;
  while (padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

void big_endian(Bytes& out, Uint128 value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
}

// One player's chain, entry by entry.
struct Chain {
  std::uint64_t sequence = 0;
  Bytes head = Bytes(32, '\0');
  std::map<std::string, Int128> sums;

  void follow(const std::string& player, const json::value& entry, Report& report) {
    const std::string at = "entry " + text_of(entry, "sequence");
    if (text_of(entry, "sequence") != std::to_string(++sequence)) {
      report.add(player, at + " stands where " + std::to_string(sequence) + " belongs");
    }
    const auto& delta = entry.at("delta");
    const std::string asset = text_of(delta, "asset");
    const auto units = parse_int128(text_of(delta, "units"));
    // Both are shown, and both follow: from salt and body, and from the entry before.
    const Bytes commitment =
        sha256(from_hex(text_of(entry, "salt")) + from_base64(text_of(entry, "body")));
    if (from_hex(text_of(entry, "commitment")) != commitment) {
      report.add(player, at + ": its body is not the one committed to");
    }
    if (from_hex(text_of(entry, "previous_hash")) != head) {
      report.add(player, at + ": the chain is broken before it");
    }
    Bytes header;
    big_endian(header, sequence, 8);
    header.push_back(static_cast<char>(asset.size()));
    header += asset;
    header.push_back(static_cast<char>(std::strtoul(text_of(delta, "scale").c_str(), nullptr, 10)));
    big_endian(header, static_cast<Uint128>(units.value_or(0)), 16);
    header += commitment;
    const Bytes hash = from_hex(text_of(entry, "hash"));
    if (sha256(head + header) != hash) report.add(player, at + ": its hash is wrong");
    head = hash;
    const auto sum = checked_add(sums[asset], units.value_or(0));
    if (!units || !sum) return report.add(player, at + ": its delta is no amount");
    sums[asset] = *sum;
  }
};

void check_player(HttpClient& client, const json::value& player, Report& report) {
  const std::string name = text_of(player, "player");
  ++report.players;
  Chain chain;
  std::string cursor;
  do {
    const auto page = fetch(client, "/v1/players/" + url_encode(name) + "/ledger?limit=1000" +
                                        (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    for (const auto& entry : page.at("entries").as_array()) {
      chain.follow(name, entry, report);
      ++report.entries;
    }
    cursor = text_of(page, "next");
  } while (!cursor.empty());
  // As of one moment: asked for after the ledger, entries that came meanwhile are told apart.
  const auto now = fetch(client, "/v1/players/" + url_encode(name));
  const auto* state = now.as_object().if_contains("state");
  if (state != nullptr && text_of(*state, "ledger_entries") != std::to_string(chain.sequence)) {
    if (std::strtoull(text_of(*state, "ledger_entries").c_str(), nullptr, 10) > chain.sequence) {
      --report.players;
      report.entries -= chain.sequence;
      return check_player(client, player, report);  // the node is being fed: look again
    }
    report.add(name, "the ledger is longer than the player knows");
  }
  for (const auto& balance : now.at("balances").as_array()) {
    const std::string asset = text_of(balance, "asset");
    const std::string sum = to_string(chain.sums[asset]);
    if (sum != text_of(balance, "units")) {
      report.add(name, "balance " + text_of(balance, "units") + " " + asset +
                           ", but the ledger adds up to " + sum);
    }
    chain.sums.erase(asset);
  }
  for (const auto& [asset, sum] : chain.sums) {
    if (sum != 0) report.add(name, "the ledger has " + asset + " that the balance lacks");
  }
}

void print_report(const Report& report) {
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  for (const auto& violation : report.violations) std::printf("%s\n", violation.c_str());
  if (report.waiting > 0) {
    std::printf("%llu scores are not ranked yet, as the node is stopped: start it, verify again\n",
                number(report.waiting));
  }
  if (report.runs > 0) {
    std::printf("%llu runs, %llu scores from their contributions, %llu versions of boards",
                number(report.runs), number(report.scores), number(report.board_versions));
    if (report.boards_without_chain > 0) {
      std::printf(" (%llu boards are older than the topic)", number(report.boards_without_chain));
    }
    std::printf("\n");
  }
  std::printf(
      "%llu players, %llu ledger entries: %s\n", number(report.players), number(report.entries),
      !report.violations.empty() ? "VIOLATIONS, see above"
      : report.runs == 0         ? "every balance is the sum of its ledger, every chain holds"
                         : "every balance, score and rank is as recomputed, every chain holds");
}

}  // namespace

int verify(HttpClient& client, const Common& common) {
  Report report;
  std::string cursor;
  do {
    const auto page = fetch(
        client, "/v1/players?limit=1000" + (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    for (const auto& player : page.at("players").as_array()) check_player(client, player, report);
    cursor = text_of(page, "next");
  } while (!cursor.empty());
  verify_boards(client, report);
  if (common.json) {
    json::array violations(report.violations.begin(), report.violations.end());
    const auto number = [](std::uint64_t value) { return json::value(std::to_string(value)); };
    std::printf(
        "%s\n",
        json::serialize(
            json::object{
                {"players", report.players},
                {"entries", number(report.entries)},
                {"boards", json::object{{"runs", number(report.runs)},
                                        {"places", number(report.places)},
                                        {"scores", number(report.scores)},
                                        {"versions", number(report.board_versions)},
                                        {"without_chain", number(report.boards_without_chain)},
                                        {"waiting", number(report.waiting)}}},
                {"violations", std::move(violations)}})
            .c_str());
  } else {
    print_report(report);
  }
  return report.violations.empty() && report.waiting == 0 ? kOk : kFailed;
}

}  // namespace laurel::console
