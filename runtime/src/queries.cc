#include "laurel/runtime/queries.h"

#include "board.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/state.pb.h"

namespace laurel::runtime {
namespace {

constexpr std::size_t kPageMax = 1000;

std::size_t page_of(std::size_t limit) {
  return std::min(std::max<std::size_t>(limit, 1), kPageMax);
}

MessagePtr parse_as(const google::protobuf::Message& prototype, std::string_view bytes) {
  MessagePtr out(prototype.New());
  if (!out->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return nullptr;
  return out;
}

Error damaged(std::string_view what) {
  return {ErrorCode::kStoreFailed, "a stored row cannot be read: " + std::string(what)};
}

Result<MessagePtr> parse_root(const ActorType& type, std::string_view stored) {
  StoredRoot row;
  if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size())) || row.format() != 1) {
    return damaged(type.name);
  }
  MessagePtr root = parse_as(*type.root, row.root());
  if (!root) return damaged(type.name);
  return root;
}

// Of a keyed table and of a ranked one.
MessagePtr parse_row(const TableSpec& spec, std::string_view bytes) {
  if (spec.kind != TableKind::kRanked) return parse_as(*spec.row, bytes);
  const auto decoded = internal::decode_ranked_row(bytes);
  return decoded ? parse_as(*spec.row, decoded->row) : nullptr;
}

Status keyed_page(const ReadView& view, const TableSpec& spec, const std::string& prefix,
                  std::string_view cursor, std::size_t limit, TablePage& page) {
  bool good = true;
  const auto take = [&](std::string_view name, std::string_view bytes) {
    const std::string_view key = name.substr(prefix.size());
    if (page.rows.size() == limit) {
      page.next = std::string(key);
      return false;
    }
    MessagePtr row = parse_row(spec, bytes);
    good = row != nullptr;
    if (good) page.rows.push_back({std::string(key), 0, std::move(row)});
    return good;
  };
  const Status status =
      view.scan(Space::kState, prefix + std::string(cursor), prefix_end(prefix), take);
  return status && !good ? Status(damaged(prefix)) : status;
}

}  // namespace

Result<ActorView> Queries::actor(std::string_view type, std::string_view key) const {
  const ActorType* declared = registry_.find(type);
  if (declared == nullptr) {
    return Error{ErrorCode::kNotFound, "there is no actor type '" + std::string(type) + "'"};
  }
  const PartitionId partition = partition_of(routing_key_of(*declared, key), engine_.partitions());
  auto view = engine_.view(partition);
  if (!view) return view.error();
  auto stored = (*view)->get(Space::kState, state_key(type, key));
  if (!stored) return stored.error();
  if (!*stored) {
    return Error{ErrorCode::kNotFound,
                 "nothing is known of " + std::string(type) + "/" + std::string(key)};
  }
  auto root = parse_root(*declared, **stored);
  if (!root) return root.error();
  return ActorView{std::string(type), std::string(key), partition, (*view)->commit(),
                   std::move(*root)};
}

Result<TablePage> Queries::table(std::string_view type, std::string_view key,
                                 std::string_view table, std::string_view cursor,
                                 std::size_t limit) const {
  const ActorType* declared = registry_.find(type);
  const TableSpec* spec = nullptr;
  if (declared != nullptr) {
    for (const TableSpec& each : declared->tables) {
      if (each.name == table) spec = &each;
    }
  }
  if (spec == nullptr) {
    return Error{ErrorCode::kNotFound, "actor type '" + std::string(type) + "' has no table '" +
                                           std::string(table) + "'"};
  }
  TablePage page;
  page.partition = partition_of(routing_key_of(*declared, key), engine_.partitions());
  auto view = engine_.view(page.partition);
  if (!view) return view.error();
  page.commit = (*view)->commit();
  const std::string prefix = state_key(type, key, table);
  const Status status = spec->kind == TableKind::kLog
                            ? log_page(**view, *spec, prefix, cursor, page_of(limit), page)
                            : keyed_page(**view, *spec, prefix, cursor, page_of(limit), page);
  if (!status) return status.error();
  return page;
}

// A row may leave out what the one before it says: that is read, too.
Status Queries::log_page(const ReadView& view, const TableSpec& spec, const std::string& prefix,
                         std::string_view cursor, std::size_t limit, TablePage& page) const {
  if (!cursor.empty() && cursor.size() != 8) return Error{ErrorCode::kInvalidInput, "bad cursor"};
  const std::uint64_t from =
      cursor.empty() ? 1 : std::max<std::uint64_t>(from_big_endian(cursor), 1);
  const std::uint64_t first = spec.restore && from > 1 ? from - 1 : from;
  const auto sha256 = [this](auto parts) { return hasher_.sha256(parts); };
  MessagePtr before_page;
  std::uint64_t next = first;  // they are without a gap
  bool good = true;
  const auto take = [&](std::uint64_t sequence, const std::string& stored) {
    good = sequence == next++;
    if (good && page.rows.size() == limit) {
      page.next = big_endian(sequence);
      return false;
    }
    MessagePtr row = good ? parse_as(*spec.row, stored) : nullptr;
    good = row != nullptr;
    if (!good) return false;
    if (sequence < from) {
      before_page = std::move(row);
      return true;
    }
    const MessagePtr& before = page.rows.empty() ? before_page : page.rows.back().row;
    if (spec.restore) spec.restore(*row, before.get(), sha256);
    page.rows.push_back({{}, sequence, std::move(row)});
    return true;
  };
  const Status status =
      view.scan(Space::kLog, prefix + big_endian(first), prefix_end(prefix),
                [&](std::string_view name, std::string_view bytes) {
                  LogChunk chunk;
                  good = name.size() == prefix.size() + 8 &&
                         chunk.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
                         chunk.format() == 1;
                  if (!good) return false;
                  const std::uint64_t last = from_big_endian(name.substr(prefix.size()));
                  std::uint64_t sequence = last - static_cast<std::uint64_t>(chunk.rows_size());
                  for (const std::string& stored : chunk.rows()) {
                    if (++sequence >= first && !take(sequence, stored)) return false;
                  }
                  return true;
                });
  return status && !good ? Status(damaged(prefix)) : status;
}

Result<ActorPage> Queries::actors(std::string_view type, std::string_view cursor,
                                  std::size_t limit) const {
  const ActorType* declared = registry_.find(type);
  if (declared == nullptr) {
    return Error{ErrorCode::kNotFound, "there is no actor type '" + std::string(type) + "'"};
  }
  limit = page_of(limit);
  // Cursor: two bytes of partition, then the first actor key of the page.
  PartitionId partition = 0;
  if (!cursor.empty()) {
    if (cursor.size() < 2) return Error{ErrorCode::kInvalidInput, "bad cursor"};
    partition = static_cast<PartitionId>(static_cast<unsigned char>(cursor[0]) << 8 |
                                         static_cast<unsigned char>(cursor[1]));
    cursor.remove_prefix(2);
  }
  ActorPage page;
  const std::string prefix = type_prefix(type);
  for (; partition < engine_.partitions(); ++partition, cursor = {}) {
    auto view = engine_.view(partition);
    if (!view) return view.error();
    std::optional<Error> bad;
    const Status status = (*view)->scan(
        Space::kState, prefix + std::string(cursor), prefix_end(prefix),
        [&](std::string_view name, std::string_view bytes) {
          const auto parts = parse_state_key(name);
          if (!parts) {
            bad = damaged("a state key");
            return false;
          }
          if (!parts->table.empty() || !parts->row.empty()) return true;
          if (page.actors.size() == limit) {
            page.next = {static_cast<char>(partition >> 8), static_cast<char>(partition & 0xff)};
            page.next.append(parts->key);
            return false;
          }
          auto root = parse_root(*declared, bytes);
          if (!root) {
            bad = root.error();
            return false;
          }
          page.actors.push_back({std::string(type), std::string(parts->key), partition,
                                 (*view)->commit(), std::move(*root)});
          return true;
        });
    if (!status) return status.error();
    if (bad) return *bad;
    if (!page.next.empty()) break;
  }
  return page;
}

}  // namespace laurel::runtime
