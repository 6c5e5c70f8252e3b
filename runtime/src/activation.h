/// Activation: one actor in memory, as bytes (see open_actors.h). Activations: all of a partition,
/// dropped by bytes and idle time.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "board.h"
#include "flat_index.h"
#include "hashed_name.h"
#include "laurel/api/actor_type.h"
#include "laurel/runtime/engine.h"
#include "open_commit.h"
#include "scratch.h"

namespace laurel::runtime {
class StoredRoot;
}

namespace laurel::runtime::internal {

struct LogTail {
  std::string_view table;                 // of the actor type's declaration
  std::uint64_t rows = 0;                 // sequence of the last row, the pending ones included
  std::vector<std::string_view> pending;  // appended in the open commit, in its bytes
};

/// A timer of the actor that is set: its row is in Space::kTimers.
struct SetTimer {
  std::string name;
  std::uint8_t clock = 0;
  std::int64_t at_us = 0;
};

/// What only few actors have, such as a tournament.
struct Belongings {
  std::vector<SetTimer> timers;
  std::vector<Board*> boards;  // that a turn has used; the partition's BoardSet owns them
  std::vector<std::pair<std::string, std::uint64_t>> board_versions;  // as loaded
  std::vector<std::pair<std::string, std::uint64_t>> other_logs;  // of tables no longer declared
  std::size_t board_bytes = 0;                                    // of its boards
};

/// Small: there are millions, and the next one used is in no cache of the processor.
struct Activation {
  using List = std::list<Activation>;
  List::iterator at;  // where it is in the list of all
  std::string name;   // of the row of its root
  const ActorType* type = nullptr;
  std::string root;  // as it was after the last good turn, serialized
  std::vector<LogTail> logs;
  std::unique_ptr<Belongings> more;  // nothing: it has none of these
  CommitNumber written_in = 0;       // the last sealed commit that holds its root
  std::int64_t used_at_us = 0;
  std::int64_t queued_at_us = 0;  // used_at_us as it was when it got its place in the list
  std::uint32_t bytes = 0;        // without its boards
  bool dirty = false;             // changed in the open commit

  std::string_view key() const;
  Belongings& belongings();
  std::size_t board_bytes() const { return more ? more->board_bytes : 0; }
  LogTail* log(std::string_view table);
  Board* board(std::string_view table) const;
  /// Reads a stored row; false when the bytes are none of this format.
  bool load(std::string_view stored, Scratch& scratch);
  /// Bytes of memory, without its boards.
  std::uint32_t memory() const;
  struct Weight {
    std::uint32_t bytes = 0;
    std::size_t board_bytes = 0;
  };
  /// Puts what changed into the commit, as rows. Returns what it weighs from now on.
  /// REQUIRES: `hash` is that of its name.
  Weight write_to(OpenCommit& commit, Scratch& scratch, std::size_t hash);

 private:
  /// What was appended to it, as rows of chunks.
  void write_log(LogTail& tail, OpenCommit& commit) const;
  /// What its boards weigh. REQUIRES: it has more.
  std::size_t write_belongings(StoredRoot& row) const;
};
// With the two pointers of the list it is what jemalloc gives for it.
static_assert(sizeof(Activation) + 2 * sizeof(void*) <= 160);

/// Lines of the cache that one has, for whoever asks for its memory ahead.
inline constexpr std::size_t kActivationLines = (sizeof(Activation) + 63) / 64;

class Activations {
  struct NameOf {
    std::string_view operator()(const Activation& activation) const { return activation.name; }
  };
  using Index = FlatIndex<Activation, NameOf>;

 public:
  using List = Activation::List;

  Activation* find(const HashedName& name) const { return index_.find(name); }
  /// REQUIRES: `hash` is that of its name.
  Activation& add(Activation activation, std::size_t hash);
  /// Of looks that come soon, for many at a time, one round after the other: each needs the memory
  /// that the one before asked for.
  void prefetch_slot(std::size_t hash) const { index_.prefetch(hash); }
  void prefetch_activation(std::size_t hash) const;
  void prefetch_texts(std::size_t hash) const;
  /// It is used now. Where it is in the order of leaving may be up to `grain_us` old.
  void touch(Activation& activation, std::int64_t now_us, std::int64_t grain_us);
  void drop_written_since(CommitNumber number);  // with what is dirty
  struct Limits {
    std::size_t bytes_max = 0;
    std::size_t board_bytes_max = 0;
    std::int64_t used_since_us = 0;         // not used since: passivated
    std::int64_t boards_used_since_us = 0;  // used since: keeps its boards whatever they weigh
    CommitNumber durable = 0;
  };
  /// Passivates clean ones: beyond the bytes, or not used since. Returns how many. One with boards
  /// is not passivated for want of bytes for others: to read a large board back takes seconds, and
  /// a run that is being scored would need it at once.
  std::size_t passivate(const Limits& limits);
  void resize(Activation& activation, const Activation::Weight& weight);

  std::size_t size() const { return list_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t board_bytes() const { return board_bytes_; }

 private:
  void erase(List::iterator it);

  // In order of queued_at_us, least recent first. To move one at each use would touch its
  // neighbours, too, which nobody else needs.
  List list_;
  Index index_;
  std::int64_t now_us_ = 0;  // of the last use; never goes back, whatever the clock does
  std::size_t bytes_ = 0;
  std::size_t board_bytes_ = 0;
};

}  // namespace laurel::runtime::internal
