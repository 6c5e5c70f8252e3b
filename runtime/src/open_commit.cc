#include "open_commit.h"

#include <algorithm>
#include <string>
#include <utility>

#include "key_order.h"
#include "laurel/runtime/keys.h"

namespace laurel::runtime::internal {
namespace {

std::size_t index_of(Space space) { return static_cast<std::size_t>(space); }

/// What the rows of one table begin with: all before the key of the row. Nothing when the bytes are
/// no state key, such as a shorter prefix.
std::optional<std::string_view> table_of(std::string_view bytes) {
  const auto key = parse_state_key(bytes);
  if (!key) return std::nullopt;
  return bytes.substr(0, bytes.size() - key->row.size());
}

bool before(const Row& row, Space space, std::string_view key) {
  return row.space != space ? row.space < space : row.key < key;
}

}  // namespace

const Row* OpenCommit::find(Space space, const HashedName& key) const {
  return keys_.may_hold(key.hash) ? index_[index_of(space)].find(key) : nullptr;
}

void OpenCommit::put(Space space, const HashedName& key, std::optional<std::string_view> value) {
  if (value) value = bytes.keep(*value);
  put_kept(space, key, value);
}

void OpenCommit::put_kept(Space space, const HashedName& key,
                          std::optional<std::string_view> value) {
  if (!replaced(space, key, value)) add(space, {bytes.keep(key.text), key.hash}, value);
}

void OpenCommit::put_all_kept(Space space, const HashedName& key,
                              std::optional<std::string_view> value) {
  if (!replaced(space, key, value)) add(space, key, value);
}

bool OpenCommit::replaced(Space space, const HashedName& key,
                          const std::optional<std::string_view>& value) {
  if (space == Space::kTimers && value) timers_changed = true;
  Row* const row = index_[index_of(space)].find(key);
  if (row != nullptr) row->value = value;
  return row != nullptr;
}

void OpenCommit::add(Space space, const HashedName& key,
                     const std::optional<std::string_view>& value) {
  index_[index_of(space)].add(&rows_.push_back({space, key.text, value}), key.hash);
  keys_.add(key.hash);
  if (space != Space::kState) return;
  if (const auto table = table_of(key.text)) tables_.add(HashedName(*table).hash);
}

void OpenCommit::put_last(Space space, const HashedName& key, std::string_view value) {
  rows_.push_back({space, bytes.keep(key.text), value});
  keys_.add(key.hash);
}

std::string_view OpenCommit::keep_name(std::string_view topic, std::string_view key) {
  const std::size_t size = topic.size() + 1 + key.size();
  char* const name = bytes.take(size);
  topic.copy(name, topic.size());
  name[topic.size()] = '\0';
  key.copy(name + topic.size() + 1, key.size());
  return {name, size};
}

void OpenCommit::emit_latest(const HashedName& name, const Output& record) {
  if (const Latest* known = latest_index_.find(name)) {
    outputs_[known->at] = record;
    return;
  }
  latest_index_.add(&latest_.push_back({name.text, outputs_.size()}), name.hash);
  outputs_.push_back(record);
}

void OpenCommit::each(Space space, std::string_view prefix,
                      const std::function<void(const Row&)>& row) const {
  const Index& index = index_[index_of(space)];
  if (index.size() == 0) return;
  // Most tables that a turn goes through have no row in this commit, which may have thousands.
  const auto table = space == Space::kState ? table_of(prefix) : std::nullopt;
  if (table && !tables_.may_hold(HashedName(*table).hash)) return;
  index.each([&](const Row& candidate) {
    if (candidate.key.starts_with(prefix)) row(candidate);
  });
}

void OpenCommit::move_to(Commit& commit) {
  commit.turns = turns;
  commit.outputs = std::move(outputs_);
  outputs_ = {};
  outputs_.reserve(commit.outputs.size());  // the next one is of about that size
  outbox.write_to(commit);
  if (partly != nullptr) positions[partly->partial] = std::to_string(partly_handled);
  commit.positions = std::move(positions);
  commit.inbox_finished = std::move(inbox_finished);
  commit.bytes = std::move(bytes);
  KeyOrder order[kSpaceCount];
  std::size_t counts[kSpaceCount] = {};
  rows_.each([&](const Row& row) { ++counts[index_of(row.space)]; });
  for (std::size_t space = 0; space < kSpaceCount; ++space) order[space].reserve(counts[space]);
  std::uint32_t next = 0;
  rows_.each([&](const Row& row) { order[index_of(row.space)].add(row.key, next++); });
  commit.rows.reserve(rows_.size());
  for (KeyOrder& of_space : order) {
    of_space.sort();  // a key is there once
    of_space.each([&](std::uint32_t at) { commit.rows.push_back(rows_[at]); });
  }
}

void OpenCommit::clear() {
  for (auto& index : index_) index.clear();
  keys_.clear();
  tables_.clear();
  rows_.clear();
  outputs_.clear();
  latest_index_.clear();
  latest_.clear();
  outbox.clear();
  positions.clear();
  inbox_finished.clear();
  partly = nullptr;
  handled.clear();
  events = 0;
  dead_letters.clear();
  bytes.clear();
  turns = 0;
}

const Row* first_row(const Commit& commit, Space space, std::string_view key) {
  const auto it = std::lower_bound(
      commit.rows.begin(), commit.rows.end(), key,
      [space](const Row& row, std::string_view wanted) { return before(row, space, wanted); });
  return commit.rows.data() + (it - commit.rows.begin());
}

const Row* find_row(const Commit& commit, Space space, std::string_view key) {
  const Row* row = first_row(commit, space, key);
  if (row == commit.rows.data() + commit.rows.size()) return nullptr;
  return row->space == space && row->key == key ? row : nullptr;
}

}  // namespace laurel::runtime::internal
