#include <list>
#include <mutex>

#include "board.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/queries.h"
#include "laurel/runtime/state.pb.h"

namespace laurel::runtime {
namespace {

using internal::Board;
using internal::decode_ranked_row;

const TableSpec* ranked_table(const ActorType* type, std::string_view table) {
  if (type == nullptr) return nullptr;
  for (const TableSpec& spec : type->tables) {
    if (spec.name == table && spec.kind == TableKind::kRanked) return &spec;
  }
  return nullptr;
}

Error no_table(std::string_view type, std::string_view table) {
  return {ErrorCode::kNotFound,
          std::string(type) + " has no ranked table '" + std::string(table) + "'"};
}

std::uint64_t version_of(const std::optional<std::string>& root, std::string_view table) {
  StoredRoot row;
  if (!root || !row.ParseFromString(*root)) return 0;
  for (const BoardEnd& end : row.boards()) {
    if (end.table() == table) return end.version();
  }
  return 0;
}

}  // namespace

/// The last used first. A version of a board never changes, so its number says whether it is still
/// the one.
class Queries::Built {
 public:
  static constexpr std::size_t kMembersMax = 1'000'000;
  static constexpr std::size_t kBoardsMax = 1000;

  std::optional<ranked::RankedView> find(const std::string& name, std::uint64_t version) {
    const std::lock_guard lock(mutex_);
    for (auto it = boards_.begin(); it != boards_.end(); ++it) {
      if (it->name != name || it->version != version) continue;
      boards_.splice(boards_.begin(), boards_, it);
      return it->view;
    }
    return std::nullopt;
  }
  void keep(const std::string& name, std::uint64_t version, ranked::RankedView view) {
    const std::lock_guard lock(mutex_);
    boards_.remove_if([&](const Kept& kept) {
      if (kept.name == name) members_ -= kept.view.size();
      return kept.name == name;
    });
    members_ += view.size();
    boards_.push_front({name, version, std::move(view)});
    while (boards_.size() > 1 && (members_ > kMembersMax || boards_.size() > kBoardsMax)) {
      members_ -= boards_.back().view.size();
      boards_.pop_back();
    }
  }

 private:
  struct Kept {
    std::string name;
    std::uint64_t version = 0;
    ranked::RankedView view;
  };
  std::mutex mutex_;
  std::list<Kept> boards_;
  std::uint64_t members_ = 0;
};

Queries::Queries(const Engine& engine, const ActorRegistry& registry, const Hasher& hasher,
                 const BoardDirectory* boards)
    : engine_(engine),
      registry_(registry),
      hasher_(hasher),
      boards_(boards),
      built_(std::make_shared<Built>()) {}

Result<BoardPage> Queries::board(std::string_view type, std::string_view key,
                                 std::string_view table) const {
  const ActorType* declared = registry_.find(type);
  const TableSpec* spec = ranked_table(declared, table);
  if (spec == nullptr) return no_table(type, table);
  BoardPage page;
  page.partition = partition_of(routing_key_of(*declared, key), engine_.partitions());
  if (boards_ != nullptr) {
    if (auto found = boards_->find(board_name(type, key, table))) {
      page.board = std::move(*found);
      return page;
    }
  }
  auto view = engine_.view(page.partition);
  if (!view) return view.error();
  auto root = (*view)->get(Space::kState, state_key(type, key));
  if (!root) return root.error();
  if (!*root) {
    return Error{ErrorCode::kNotFound,
                 "nothing is known of " + std::string(type) + "/" + std::string(key)};
  }
  const std::string name = board_name(type, key, table);
  const std::string prefix = state_key(type, key, table);
  Status status;
  const CommitNumber commit = (*view)->commit();
  const std::uint64_t version = version_of(*root, table);
  if (auto kept = built_->find(name, version)) {
    page.board = {std::move(*kept), version, commit};
    return page;
  }
  Board board(name, *spec, std::string(key));
  const bool good = board.load(
      [&](const std::function<bool(std::string_view, std::string_view)>& row) {
        status = (*view)->scan(Space::kState, prefix, prefix_end(prefix),
                               [&](std::string_view row_name, std::string_view value) {
                                 return row(row_name.substr(prefix.size()), value);
                               });
      },
      commit, version);
  if (!status) return status.error();
  if (!good) return Error{ErrorCode::kStoreFailed, "a row of a ranked table cannot be read"};
  page.board = {board.committed(), version, commit};
  built_->keep(name, version, page.board.view);
  return page;
}

Result<Queries::StoredRows> Queries::stored_rows(std::string_view type, std::string_view key,
                                                 std::string_view table,
                                                 const std::vector<std::string>& members) const {
  const ActorType* declared = registry_.find(type);
  const TableSpec* spec = ranked_table(declared, table);
  if (spec == nullptr) return no_table(type, table);
  std::vector<std::string> names;
  names.reserve(members.size());
  for (const std::string& member : members) names.push_back(state_key(type, key, table, member));
  const std::vector<std::string_view> keys(names.begin(), names.end());
  StoredRows rows{spec->row, {}};
  const PartitionId partition = partition_of(routing_key_of(*declared, key), engine_.partitions());
  if (Status status = engine_.multi_get(partition, Space::kState, keys, rows.values); !status) {
    return status.error();
  }
  return rows;
}

Result<std::vector<MessagePtr>> Queries::board_rows(std::string_view type, std::string_view key,
                                                    std::string_view table,
                                                    const std::vector<std::string>& members) const {
  const auto stored = stored_rows(type, key, table, members);
  if (!stored) return stored.error();
  std::vector<MessagePtr> rows;
  for (const auto& value : stored->values) {
    const auto decoded = value ? decode_ranked_row(*value) : std::nullopt;
    MessagePtr row;
    if (decoded) {
      row.reset(stored->prototype->New());
      if (!row->ParseFromString(decoded->row)) row.reset();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::vector<std::optional<BoardMember>>> Queries::board_members(
    std::string_view type, std::string_view key, std::string_view table,
    const std::vector<std::string>& members) const {
  const auto stored = stored_rows(type, key, table, members);
  if (!stored) return stored.error();
  std::vector<std::optional<BoardMember>> places;
  for (const auto& value : stored->values) {
    const auto decoded = value ? decode_ranked_row(*value) : std::nullopt;
    places.emplace_back();
    if (decoded) places.back() = BoardMember{decoded->place.tie, decoded->place.key};
  }
  return places;
}

}  // namespace laurel::runtime
