/// Queries: reads of durable state, by reflection over what actor types declare. No actor is
/// activated.
///
/// View       This node's partitions.
/// Threads    Any thread; blocks on the store for one page.
/// Errors     kNotFound: unknown type or table, or an actor nothing was ever written for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "laurel/runtime/boards.h"
#include "laurel/runtime/engine.h"
#include "laurel/runtime/hasher.h"
#include "laurel/runtime/registry.h"

namespace laurel::runtime {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;

struct ActorView {
  std::string type;
  std::string key;
  PartitionId partition = 0;
  CommitNumber commit = 0;  ///< the state is exactly as of this commit
  MessagePtr root;
};

struct TableRow {
  std::string key;             ///< keyed tables
  std::uint64_t sequence = 0;  ///< log tables
  MessagePtr row;
};

struct TablePage {
  PartitionId partition = 0;
  CommitNumber commit = 0;
  std::vector<TableRow> rows;
  std::string next;  ///< cursor for the next page; empty: that was all
};

struct ActorPage {
  std::vector<ActorView> actors;
  std::string next;
};

/// A committed version of a ranked table, and the rows beside it.
struct BoardPage {
  PartitionId partition = 0;
  BoardVersion board;
};

/// What decides a member's place on a ranked table, as its row says.
struct BoardMember {
  Tie tie{};
  SortKey key;
};

class Queries {
 public:
  /// `boards`: ranked tables that are in memory; may be nullptr.
  Queries(const Engine& engine, const ActorRegistry& registry, const Hasher& hasher,
          const BoardDirectory* boards = nullptr);

  Result<ActorView> actor(std::string_view type, std::string_view key) const;
  /// `cursor`: empty, or `next` of the page before. limit 1..1000. Log tables ascend by sequence,
  /// others by key.
  Result<TablePage> table(std::string_view type, std::string_view key, std::string_view table,
                          std::string_view cursor, std::size_t limit) const;
  /// The committed version of a ranked table. One that is not in memory is built from its rows,
  /// O(members), and kept until it changes or others need the room.
  Result<BoardPage> board(std::string_view type, std::string_view key,
                          std::string_view table) const;
  /// The rows of these members of a ranked table, in their order; nullptr where there is none.
  Result<std::vector<MessagePtr>> board_rows(std::string_view type, std::string_view key,
                                             std::string_view table,
                                             const std::vector<std::string>& members) const;
  /// The places of these members by their rows, in their order; nothing where there is no row. They
  /// are of the latest commit, which a version of the table read before or after need not be of.
  Result<std::vector<std::optional<BoardMember>>> board_members(
      std::string_view type, std::string_view key, std::string_view table,
      const std::vector<std::string>& members) const;
  /// All actors of a type with their roots, by partition, then key. limit 1..1000.
  Result<ActorPage> actors(std::string_view type, std::string_view cursor, std::size_t limit) const;

 private:
  Status log_page(const ReadView& view, const TableSpec& spec, const std::string& prefix,
                  std::string_view cursor, std::size_t limit, TablePage& page) const;
  struct StoredRows {
    const google::protobuf::Message* prototype = nullptr;
    std::vector<std::optional<std::string>> values;
  };
  Result<StoredRows> stored_rows(std::string_view type, std::string_view key,
                                 std::string_view table,
                                 const std::vector<std::string>& members) const;

  const Engine& engine_;
  const ActorRegistry& registry_;
  const Hasher& hasher_;
  const BoardDirectory* boards_;
  /// Boards read from their rows, until they change.
  class Built;
  std::shared_ptr<Built> built_;
};

}  // namespace laurel::runtime
