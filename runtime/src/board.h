/// Board: one ranked table of one actor: the tree, and what the open commit changes in it.
///
///     turn ──set()──▶ changed ──flush()──▶ tree, open version ──seal(n)──▶ sealed ──▶ committed
///                                                                 │ durable: settle()
///                                                                 └ aborted: abort()
///
/// Why        Turns set members one by one; the tree takes many at once several times as fast, and
///            a board record tells the net change of a commit.
/// Lifecycle  Loaded with its actor, kept through aborts, dropped when the actor is passivated.
/// Threads    The partition's; committed versions go to readers through the BoardDirectory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "laurel/api/actor_type.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/ranked/board_change.h"
#include "laurel/ranked/tree.h"
#include "laurel/runtime/boards.h"
#include "laurel/runtime/byte_arena.h"

namespace laurel::runtime::internal {

class Board {
 public:
  Board(std::string name, const TableSpec& spec, std::string actor_key);

  /// Rows as stored: `row(member, stored bytes)` once each. False: one of them is no row.
  bool load(const std::function<
                void(const std::function<bool(std::string_view, std::string_view)>&)>& scan,
            CommitNumber commit, std::uint64_t version);

  struct Place {
    Tie tie{};
    SortKey key;
  };
  /// As the open commit leaves it so far.
  std::optional<Place> find(std::string_view member) const;
  struct Move {
    std::string member;
    Tie tie{};
    std::optional<SortKey> before;  ///< nothing: joins
    std::optional<SortKey> after;   ///< nothing: leaves
  };
  /// REQUIRES: `before` and, if the member is there, `tie` are what find() says.
  void set(const Move& move);
  /// The open version, with all that was set.
  ranked::RankedView open();

  /// What the open commit changed, as a record; nothing when no place and no score is another.
  /// Then the version is one higher.
  std::optional<contract::BoardChanged> seal(CommitNumber number);
  void settle(CommitNumber number, BoardDirectory* directory);
  void abort();

  /// The committed version, pinned: beyond the board, from any thread.
  ranked::RankedView committed() const { return tree_.committed(); }

  const std::string& name() const { return name_; }
  const TableSpec& spec() const { return spec_; }
  const std::string& actor_key() const { return actor_key_; }
  std::uint64_t version() const { return open_version_; }
  std::size_t memory() const { return tree_.memory() + changed_.size() * 160; }
  bool touched = false;  ///< in the open commit

 private:
  struct Net {
    Tie tie{};
    std::optional<SortKey> before;  // in the version before the open commit
    std::optional<SortKey> held;    // in the tree
    std::optional<SortKey> after;
  };
  void flush();

  const std::string name_;
  const TableSpec& spec_;
  const std::string actor_key_;
  ranked::RankedTree tree_;
  std::unordered_map<std::string, Net> changed_;
  std::uint64_t durable_version_ = 0;
  std::uint64_t sealed_version_ = 0;
  std::uint64_t open_version_ = 0;
};

/// The row of a ranked table as it is stored (docs/formats/state.md): its place, then the actor's
/// own message. In the arena.
std::string_view keep_ranked_row(ByteArena& arena, const Board::Place& place, std::string_view row);
struct RankedRowBytes {
  Board::Place place;
  std::string row;
};
std::optional<RankedRowBytes> decode_ranked_row(std::string_view bytes);

}  // namespace laurel::runtime::internal
