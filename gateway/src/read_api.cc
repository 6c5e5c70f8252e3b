// Reads of durable state: status, actors, players.
#include <algorithm>

#include <boost/json.hpp>

#include "json_render.h"
#include "problem.h"
#include "service.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

constexpr std::size_t kLimitMax = 1000;
constexpr std::size_t kKeyBytesMax = 256;
constexpr std::string_view kPlayer = "player";

Reply ok(const json::object& body) {
  return Reply{200, "application/json", json::serialize(body), {}, {}};
}

std::string position(runtime::PartitionId partition, runtime::CommitNumber commit) {
  return base64url(std::to_string(partition) + ":" + std::to_string(commit));
}

void add_freshness(json::object& body, runtime::PartitionId partition,
                   runtime::CommitNumber commit) {
  body["position"] = position(partition, commit);
  body["stale_ms"] = 0;
}

json::value next_cursor(const std::string& next) {
  if (next.empty()) return nullptr;
  return json::string(base64url(next));
}

struct Page {
  std::string cursor;
  std::size_t limit = 100;
  std::string error;
};

Page page_of(const Target& target) {
  Page page;
  if (const auto limit = target.query.find("limit"); limit != target.query.end()) {
    const auto number = parse_u64(limit->second);
    if (!number || *number == 0 || *number > kLimitMax) {
      page.error = "limit is \"" + limit->second + "\"; expected is a number from 1 to 1000";
      return page;
    }
    page.limit = static_cast<std::size_t>(*number);
  }
  if (const auto cursor = target.query.find("cursor"); cursor != target.query.end()) {
    auto bytes = from_base64url(cursor->second);
    if (!bytes) {
      page.error = "cursor is none that this API gave; start without one";
      return page;
    }
    page.cursor = std::move(*bytes);
  }
  return page;
}

json::object actor_json(const runtime::ActorView& view) {
  json::object out;
  out["type"] = view.type;
  out["key"] = view.key;
  out["state"] = view.root ? json::value(render(*view.root)) : json::value(nullptr);
  add_freshness(out, view.partition, view.commit);
  return out;
}

/// The amount that a message is, or that its first field of that type holds.
const contract::Amount* amount_in(const Message& message) {
  if (message.GetDescriptor() == contract::Amount::descriptor()) {
    return static_cast<const contract::Amount*>(&message);
  }
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!field.is_repeated() && field.message_type() == contract::Amount::descriptor()) {
      return static_cast<const contract::Amount*>(
          &message.GetReflection()->GetMessage(message, &field));
    }
  }
  return nullptr;
}

/// What the field `balances` of a player's root holds: amounts, messages with an amount, or a map
/// to them.
json::array balances_of(const Message* root) {
  std::vector<const contract::Amount*> amounts;
  const FieldDescriptor* field =
      root == nullptr ? nullptr : root->GetDescriptor()->FindFieldByName("balances");
  if (field != nullptr && field->is_repeated() && field->message_type() != nullptr) {
    for (int i = 0; i < root->GetReflection()->FieldSize(*root, field); ++i) {
      const auto* amount = amount_in(root->GetReflection()->GetRepeatedMessage(*root, field, i));
      if (amount != nullptr) amounts.push_back(amount);
    }
  }
  std::sort(amounts.begin(), amounts.end(),
            [](const auto* a, const auto* b) { return a->asset() < b->asset(); });
  json::array out;
  for (const auto* amount : amounts) {
    const json::object rendered = render_amount(*amount);
    out.push_back(json::object{{"asset", rendered.at("asset")},
                               {"units", rendered.at("units")},
                               {"scale", rendered.at("scale")}});
  }
  return out;
}

json::object player_json(const runtime::ActorView& view) {
  json::object out;
  out["player"] = view.key;
  out["balances"] = balances_of(view.root.get());
  add_freshness(out, view.partition, view.commit);
  return out;
}

Reply actor_list(const Reads& reads, std::string_view type, const Page& page) {
  const auto found = reads.actors(type, page.cursor, page.limit);
  if (!found) return problem(found.error());
  json::array actors;
  for (const auto& view : found->actors) actors.push_back(actor_json(view));
  return ok({{"actors", std::move(actors)}, {"next", next_cursor(found->next)}});
}

Reply player_list(const Reads& reads, const Page& page) {
  const auto found = reads.actors(kPlayer, page.cursor, page.limit);
  if (!found) return problem(found.error());
  json::array players;
  for (const auto& view : found->actors) players.push_back(player_json(view));
  return ok({{"players", std::move(players)}, {"next", next_cursor(found->next)}});
}

Reply table_page(const Reads& reads, const TableRequest& request) {
  const auto found = reads.table(request);
  if (!found) return problem(found.error());
  json::array rows;
  for (const auto& row : found->rows) {
    json::object out;
    if (row.sequence != 0) {
      out["sequence"] = std::to_string(row.sequence);
    } else if (is_utf8(row.key)) {
      out["key"] = row.key;
    } else {
      out["key_base64"] = base64(row.key);
    }
    out["row"] = row.row ? json::value(render(*row.row)) : json::value(nullptr);
    rows.push_back(std::move(out));
  }
  json::object body{{"type", request.type},
                    {"key", request.key},
                    {"table", request.table},
                    {"rows", std::move(rows)},
                    {"next", next_cursor(found->next)}};
  add_freshness(body, found->partition, found->commit);
  return ok(body);
}

/// An entry's body is bytes in its row, so that it can be erased without breaking the chain. Its
/// fields are told by the message LedgerBody beside the row's: they are printed with the entry.
void add_body(json::object& out, const Message& entry) {
  const auto* field = entry.GetDescriptor()->FindFieldByName("body");
  const auto* type = entry.GetDescriptor()->file()->FindMessageTypeByName("LedgerBody");
  if (field == nullptr || field->type() != FieldDescriptor::TYPE_BYTES || type == nullptr) return;
  const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
  const std::string bytes = entry.GetReflection()->GetString(entry, field);
  if (prototype == nullptr || bytes.empty()) return;
  const std::unique_ptr<Message> body(prototype->New());
  if (!body->ParseFromString(bytes)) return;
  for (auto& member : render(*body)) {
    if (!out.contains(member.key())) out[member.key()] = std::move(member.value());
  }
}

Reply ledger_page(const Reads& reads, const TableRequest& request) {
  const auto found = reads.table(request);
  if (!found) return problem(found.error());
  json::array entries;
  for (const auto& row : found->rows) {
    json::object entry = row.row ? render(*row.row) : json::object();
    if (row.row) add_body(entry, *row.row);
    if (!entry.contains("sequence")) entry["sequence"] = std::to_string(row.sequence);
    entries.push_back(std::move(entry));
  }
  json::object body{
      {"player", request.key}, {"entries", std::move(entries)}, {"next", next_cursor(found->next)}};
  add_freshness(body, found->partition, found->commit);
  return ok(body);
}

json::object partition_json(const runtime::PartitionStatus& partition) {
  return {{"partition", partition.partition},
          {"state", partition.state},
          {"epoch", std::to_string(partition.epoch)},
          {"last_commit", std::to_string(partition.last_commit)},
          {"queued_events", std::to_string(partition.queued_events)},
          {"activations", std::to_string(partition.activations)},
          {"activation_bytes", std::to_string(partition.activation_bytes)},
          {"board_bytes", std::to_string(partition.board_bytes)}};
}

}  // namespace

Reply Service::status() const {
  const runtime::NodeStatus status = node_.status();
  json::array partitions;
  for (const auto& partition : status.partitions) partitions.push_back(partition_json(partition));
  json::array troubles;
  for (const std::string& trouble : status.troubles) {
    troubles.emplace_back(json::string(to_utf8(trouble)));
  }
  return ok({{"version", status.version},
             {"engine", status.engine},
             {"data_dir", to_utf8(status.data_dir)},
             {"state", status.state},
             {"failure", to_utf8(status.failure)},
             {"troubles", std::move(troubles)},
             {"catalog_version", std::to_string(status.catalog_version)},
             {"uptime_ms", std::to_string(status.uptime_ms)},
             {"accepted", std::to_string(status.accepted)},
             {"duplicates", std::to_string(status.duplicates)},
             {"conflicts", std::to_string(status.conflicts)},
             {"rejected", std::to_string(status.rejected)},
             {"commits", std::to_string(status.commits)},
             {"turns", std::to_string(status.turns)},
             {"committed_ms_p50", status.committed_ms_p50},
             {"committed_ms_p99", status.committed_ms_p99},
             {"partitions", std::move(partitions)}});
}

Reply Service::health() const {
  const runtime::NodeStatus status = node_.status();
  if (status.state == "running") return ok({{"state", status.state}});
  return problem(Problem{
      503, runtime::name_of(runtime::ErrorCode::kUnavailable),
      "the node is " + status.state + (status.failure.empty() ? "" : ": " + status.failure)});
}

Reply Service::actors(const Target& target) const {
  const auto& path = target.segments;
  if (!is_name(path[2])) return bad_request("\"" + path[2] + "\" is no name of an actor type");
  const Page page = page_of(target);
  if (!page.error.empty()) return bad_request(page.error);
  if (path.size() == 3) return actor_list(reads_, path[2], page);
  if (path[3].empty() || path[3].size() > kKeyBytesMax) {
    return bad_request("the key of an actor has 1 to 256 bytes");
  }
  if (path.size() == 4) {
    const auto view = reads_.actor(path[2], path[3]);
    return view ? ok(actor_json(*view)) : problem(view.error());
  }
  if (!is_name(path[5])) return bad_request("\"" + path[5] + "\" is no name of a table");
  return table_page(reads_, {path[2], path[3], path[5], page.cursor, page.limit});
}

Reply Service::players(const Target& target) const {
  const auto& path = target.segments;
  const Page page = page_of(target);
  if (!page.error.empty()) return bad_request(page.error);
  if (path.size() == 2) return player_list(reads_, page);
  if (!is_player_id(path[2])) {
    return bad_request("a player id has 1 to 64 characters of A-Z a-z 0-9 . _ ~ : -");
  }
  if (path.size() == 4 && path[3] == "ledger") {
    return ledger_page(reads_, {kPlayer, path[2], "ledger", page.cursor, page.limit});
  }
  const auto view = reads_.actor(kPlayer, path[2]);
  if (!view) return problem(view.error());
  json::object body = player_json(*view);
  if (path.size() == 3 && view->root) body["state"] = render(*view->root);
  return ok(body);
}

}  // namespace laurel::gateway::internal
