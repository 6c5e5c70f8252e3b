/// OpenCommit: the effects of turns that are not sealed yet.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flat_index.h"
#include "key_filter.h"
#include "laurel/runtime/engine.h"
#include "outbox.h"
#include "work.h"

namespace laurel::runtime::internal {

class OpenCommit {
  struct KeyOf {
    std::string_view operator()(const Row& row) const { return row.key; }
  };
  using Index = FlatIndex<Row, KeyOf>;

 public:
  /// The row as last written in this commit, or nullptr when this commit does not touch it.
  const Row* find(Space space, std::string_view key) const;
  const Row* find(Space space, std::string_view key, std::size_t hash) const;
  static std::size_t hash_of(std::string_view key) { return Index::hash_of(key); }
  /// The keys of its rows, of whatever space.
  const KeyFilter& keys() const { return keys_; }
  void put(Space space, std::string key, std::optional<std::string> value);
  void emit(OutputRecord record);
  /// Replaces the record of the same topic and key emitted by this before.
  void emit_latest(OutputRecord record);
  /// Calls row for each row of the space whose key starts with `prefix`, in no order.
  void each(Space space, std::string_view prefix, const std::function<void(const Row&)>& row) const;

  bool empty() const {
    return handled.empty() && rows_.empty() && outputs_.empty() && outbox.empty();
  }
  std::size_t bytes() const { return bytes_ + outbox.bytes(); }

  /// Moves rows (sorted), outputs, messages and positions out; this is empty after it, `handled`
  /// and `dead_letters` apart.
  void move_to(Commit& commit);
  void clear();

  Outbox outbox;
  Positions positions;
  std::vector<std::pair<std::string, std::string>> inbox_finished;
  std::vector<Handled> handled;
  std::size_t events = 0;  // of `handled`: handed in, not read from staged
  std::map<std::string, std::uint64_t> dead_letters;  // by reason
  std::uint32_t turns = 0;
  bool timers_changed = false;  // a timer was set: it may be due already

 private:
  std::deque<Row> rows_;  // a deque: the indexes point to them
  Index index_[kSpaceCount];
  KeyFilter keys_;
  std::vector<OutputRecord> outputs_;
  std::unordered_map<std::string, std::size_t> latest_;
  std::size_t bytes_ = 0;
};

/// The row of a sealed commit, or nullptr when it does not touch it.
const Row* find_row(const Commit& commit, Space space, std::string_view key);
/// The first of its rows that is not before (space, key); the end of the rows when there is none.
const Row* first_row(const Commit& commit, Space space, std::string_view key);

}  // namespace laurel::runtime::internal
