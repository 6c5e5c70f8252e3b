#include "turn_context.h"

#include <map>
#include <ranges>

#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/state.pb.h"
#include "laurel/runtime/topics.h"

namespace laurel::runtime::internal {
namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// A topic's record type: what consumers see as the CloudEvents type.
std::string_view record_type(std::string_view topic) {
  if (topic == kTopicBalances) return "laurel.balance.changed.v1";
  if (topic == kTopicLedger) return "laurel.points.posted.v1";
  if (topic == kTopicTiers) return "laurel.tier.changed.v1";
  return "laurel.event.rejected.v1";
}

}  // namespace

TurnContext::TurnContext(LayeredReads& reads, const Hasher& hasher, const CatalogVersion& catalog,
                         Scope scope)
    : reads_(reads), hasher_(hasher), catalog_(catalog), scope_(scope) {}

std::uint64_t TurnContext::random() { return splitmix(scope_.seed[0]) ^ splitmix(scope_.seed[1]); }

const TableSpec* TurnContext::declared(std::string_view table, TableKind kind) {
  for (const TableSpec& spec : scope_.activation.type->tables) {
    if (spec.name == table && spec.kind == kind) return &spec;
  }
  reject("undeclared-table", std::string(table) + " is not declared by the actor type");
  return nullptr;
}

std::optional<std::string> TurnContext::serialize(const google::protobuf::Message& message) {
  std::string bytes = message.SerializeAsString();
  if (bytes.size() > scope_.effect_bytes_max) {
    reject("effect-too-large",
           message.GetDescriptor()->full_name() + " of " + std::to_string(bytes.size()) + " bytes");
    return std::nullopt;
  }
  return bytes;
}

bool TurnContext::get(std::string_view table, std::string_view key,
                      google::protobuf::Message& row) {
  if (declared(table, TableKind::kKeyed) == nullptr) return false;
  const std::string name = state_key(self().type, self().key, table, key);
  for (const auto& [written, value] : std::views::reverse(rows_)) {
    if (written == name) return value && row.ParseFromString(*value);
  }
  const auto stored = reads_.read(Space::kState, name);
  return stored && row.ParseFromString(*stored);
}

void TurnContext::put(std::string_view table, std::string_view key,
                      const google::protobuf::Message& row) {
  if (declared(table, TableKind::kKeyed) == nullptr) return;
  if (auto bytes = serialize(row)) {
    rows_.emplace_back(state_key(self().type, self().key, table, key), std::move(bytes));
  }
}

void TurnContext::erase(std::string_view table, std::string_view key) {
  if (declared(table, TableKind::kKeyed) == nullptr) return;
  rows_.emplace_back(state_key(self().type, self().key, table, key), std::nullopt);
}

void TurnContext::scan(std::string_view table, std::string_view from,
                       const std::function<bool(std::string_view, std::string_view)>& row) {
  if (declared(table, TableKind::kKeyed) == nullptr) return;
  const std::string prefix = state_key(self().type, self().key, table);
  std::map<std::string, std::optional<std::string>> own;  // this turn's, the last put wins
  for (const auto& [key, value] : rows_) {
    if (key.starts_with(prefix)) own[key] = value;
  }
  auto next = own.lower_bound(prefix + std::string(from));
  bool go_on = true;
  const auto own_until = [&](const std::string* limit) {
    for (; go_on && next != own.end() && (limit == nullptr || next->first < *limit); ++next) {
      if (next->second) {
        go_on = row(std::string_view(next->first).substr(prefix.size()), *next->second);
      }
    }
  };
  reads_.scan(Space::kState, prefix, prefix + std::string(from),
              [&](std::string_view key, std::string_view value) {
                const std::string name(key);
                own_until(&name);
                if (!go_on) return false;
                if (next != own.end() && next->first == name) return true;  // own comes next
                go_on = row(key.substr(prefix.size()), value);
                return go_on;
              });
  own_until(nullptr);
}

std::uint64_t TurnContext::append(std::string_view table, const google::protobuf::Message& row) {
  if (declared(table, TableKind::kLog) == nullptr) return 0;
  LogTail* tail = scope_.activation.log(table);
  std::uint64_t sequence = tail->rows + 1;
  for (const auto& [other, bytes] : appends_) sequence += other == tail ? 1 : 0;
  if (auto bytes = serialize(row)) appends_.emplace_back(tail, std::move(*bytes));
  return sequence;
}

bool TurnContext::read_log(std::string_view table, std::uint64_t sequence,
                           google::protobuf::Message& row) {
  if (declared(table, TableKind::kLog) == nullptr) return false;
  const LogTail& tail = *scope_.activation.log(table);
  const std::uint64_t durable_rows = tail.rows - tail.pending.size();
  if (sequence == 0) return false;
  if (sequence > durable_rows) {
    std::uint64_t at = sequence - durable_rows - 1;
    if (at < tail.pending.size()) return row.ParseFromString(tail.pending[at]);
    at -= tail.pending.size();
    for (const auto& [other, bytes] : appends_) {
      if (other == &tail && at-- == 0) return row.ParseFromString(bytes);
    }
    return false;
  }
  bool found = false;
  reads_.scan(Space::kLog, state_key(self().type, self().key, table),
              log_key(self().type, self().key, table, sequence),
              [&](std::string_view key, std::string_view value) {
                LogChunk chunk;
                if (!chunk.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
                  return false;
                }
                const std::uint64_t last = from_big_endian(key.substr(key.size() - 8));
                const auto at = chunk.rows_size() - 1 - static_cast<int>(last - sequence);
                found = at >= 0 && row.ParseFromString(chunk.rows(at));
                return false;
              });
  return found;
}

void TurnContext::send(const ActorId& to, const google::protobuf::Message& message) {
  std::unique_ptr<google::protobuf::Message> copy(message.New());
  copy->CopyFrom(message);
  outgoing_.push_back({to, std::move(copy)});
}

void TurnContext::emit_record(std::string_view topic, std::string_view key,
                              const google::protobuf::Message& record, bool latest) {
  for (const std::string_view known : kTopics) {
    if (known != topic) continue;
    if (auto bytes = serialize(record)) {
      emitted_.push_back({{known, std::string(key), std::string(record_type(known)),
                           std::move(*bytes), scope_.now},
                          latest});
    }
    return;
  }
  reject("undeclared-topic", std::string(topic) + " is not a topic of this version");
}

void TurnContext::emit(std::string_view topic, std::string_view key,
                       const google::protobuf::Message& record) {
  emit_record(topic, key, record, false);
}

void TurnContext::emit_latest(std::string_view topic, std::string_view key,
                              const google::protobuf::Message& record) {
  emit_record(topic, key, record, true);
}

void TurnContext::reject(std::string_view code, std::string detail) {
  if (rejected()) return;  // the first reason is the cause of what follows
  reject_code_ = code.empty() ? std::string("rejected") : std::string(code);
  reject_detail_ = std::move(detail);
}

void TurnContext::apply_to(OpenCommit& commit) {
  for (auto& [key, value] : rows_) commit.put(Space::kState, std::move(key), std::move(value));
  for (auto& [tail, bytes] : appends_) {
    tail->pending.push_back(std::move(bytes));
    ++tail->rows;
  }
  for (Emitted& emitted : emitted_) {
    if (emitted.latest) {
      commit.emit_latest(std::move(emitted.record));
    } else {
      commit.emit(std::move(emitted.record));
    }
  }
}

}  // namespace laurel::runtime::internal
