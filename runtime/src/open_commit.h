/// OpenCommit: the effects of turns that are not sealed yet.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flat_index.h"
#include "hashed_name.h"
#include "key_filter.h"
#include "laurel/runtime/engine.h"
#include "outbox.h"
#include "stable_list.h"
#include "work.h"

namespace laurel::runtime::internal {

class OpenCommit {
  struct KeyOf {
    std::string_view operator()(const Row& row) const { return row.key; }
  };
  using Index = FlatIndex<Row, KeyOf>;

 public:
  /// The row as last written in this commit, or nullptr when this commit does not touch it.
  const Row* find(Space space, const HashedName& key) const;
  /// Asks for the memory of put_kept() of a row that was not there.
  void prefetch(Space space, std::size_t hash) const {
    index_[static_cast<std::size_t>(space)].prefetch(hash);
  }
  /// Takes the keys of its rows, of whatever space, and gives others, to be cleared.
  void swap_keys(KeyFilter& keys) { std::swap(keys_, keys); }
  /// Keeps copies of both.
  void put(Space space, const HashedName& key, std::optional<std::string_view> value);
  /// REQUIRES: the value is in this commit's `bytes`.
  void put_kept(Space space, const HashedName& key, std::optional<std::string_view> value);
  /// REQUIRES: both are in `bytes`.
  void put_all_kept(Space space, const HashedName& key, std::optional<std::string_view> value);
  /// The same as put() of a row that is not there yet and not looked for before the commit is
  /// sealed.
  void put_last(Space space, const HashedName& key, std::string_view value);
  /// REQUIRES: key and value are in `bytes`; the type lives as long as the process.
  void emit(const Output& record) { outputs_.push_back(record); }
  /// Replaces the record of the same name, of keep_name(), emitted by this before. REQUIRES: the
  /// same.
  void emit_latest(const HashedName& name, const Output& record);
  /// Asks for the memory of emit_latest().
  void prefetch_latest(std::size_t hash) const { latest_index_.prefetch(hash); }
  /// topic 0 key, in `bytes`.
  std::string_view keep_name(std::string_view topic, std::string_view key);
  /// Calls row for each row of the space whose key starts with `prefix`, in no order.
  void each(Space space, std::string_view prefix, const std::function<void(const Row&)>& row) const;

  bool empty() const {
    return handled.empty() && rows_.empty() && outputs_.empty() && outbox.empty();
  }
  /// What it weighs: all that was kept, also for turns that were refused.
  std::size_t weight() const {
    return bytes.used() + rows_.size() * kRowWeight + outputs_.size() * kOutputWeight +
           outbox.weight();
  }

  /// Moves rows (sorted), outputs, messages and positions out. This has to be cleared after it.
  void move_to(Commit& commit);
  /// Keeps memory as far as it was used.
  void clear();

  ByteArena bytes;  ///< what rows, outputs and the logs of activations refer to
  Outbox outbox;
  Positions positions;
  std::vector<std::pair<std::string, std::string>> inbox_finished;
  const QueuedChunk* partly = nullptr;  // of `handled`: the chunk of the inbox that is half done
  std::uint32_t partly_handled = 0;     // messages of it
  std::vector<Handled> handled;
  std::size_t events = 0;  // of `handled`: handed in, not read from staged
  std::map<std::string, std::uint64_t> dead_letters;  // by reason
  std::uint32_t turns = 0;
  bool timers_changed = false;  // a timer was set: it may be due already

 private:
  static constexpr std::size_t kRowWeight = 16, kOutputWeight = 32;
  /// False: there is none of that key.
  bool replaced(Space space, const HashedName& key, const std::optional<std::string_view>& value);
  void add(Space space, const HashedName& key, const std::optional<std::string_view>& value);
  // An output that a later one may replace.
  struct Latest {
    std::string_view name;
    std::size_t at = 0;  // in outputs_
  };
  struct NameOf {
    std::string_view operator()(const Latest& latest) const { return latest.name; }
  };
  StableList<Row> rows_;  // the indexes point to them
  Index index_[kSpaceCount];
  KeyFilter keys_;
  KeyFilter tables_;  // of kState's rows in index_: what stands before the key of a table's row
  std::vector<Output> outputs_;
  StableList<Latest> latest_;  // the index points to them
  FlatIndex<Latest, NameOf> latest_index_;
};

/// The row of a sealed commit, or nullptr when it does not touch it.
const Row* find_row(const Commit& commit, Space space, std::string_view key);
/// The first of its rows that is not before (space, key); the end of the rows when there is none.
const Row* first_row(const Commit& commit, Space space, std::string_view key);

}  // namespace laurel::runtime::internal
