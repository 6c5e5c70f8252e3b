#include "board.h"

#include <utility>
#include <vector>

#include "laurel/ranked/loader.h"
#include "laurel/runtime/errors.h"
#include "laurel/runtime/state.pb.h"
#include "wire.h"

namespace laurel::runtime {

std::string board_name(std::string_view type, std::string_view key, std::string_view table) {
  std::string out(type);
  out.push_back('\0');
  out.append(key).push_back('\0');
  out.append(table);
  return out;
}

namespace internal {
namespace {

ranked::Options options_of(const TableSpec& spec) {
  ranked::Options options;
  options.columns = spec.columns;
  options.member_index = true;
  return options;
}

void set_columns(const SortKey& key, unsigned columns, contract::BoardPlace& place) {
  for (unsigned i = 0; i < columns; ++i) place.add_columns(key.columns[i]);
  place.set_time_us(key.time);
}

}  // namespace

Board::Board(std::string name, const TableSpec& spec, std::string actor_key)
    : name_(std::move(name)),
      spec_(spec),
      actor_key_(std::move(actor_key)),
      tree_(options_of(spec)) {}

bool Board::load(
    const std::function<void(const std::function<bool(std::string_view, std::string_view)>&)>& scan,
    CommitNumber commit, std::uint64_t version) {
  ranked::RankedLoader loader(tree_);
  bool good = true;
  scan([&](std::string_view member, std::string_view stored) {
    const auto row = decode_ranked_row(stored);
    good = row && loader.add({member, row->place.tie, row->place.key});
    return good;
  });
  loader.finish(commit);
  durable_version_ = sealed_version_ = open_version_ = version;
  return good;
}

std::optional<Board::Place> Board::find(std::string_view member) const {
  if (const auto it = changed_.find(std::string(member)); it != changed_.end()) {
    if (!it->second.after) return std::nullopt;
    return Place{it->second.tie, *it->second.after};
  }
  const auto row = tree_.find(member);
  if (!row) return std::nullopt;
  return Place{row->tie, row->key};
}

void Board::set(const Move& move) {
  const auto [it, fresh] = changed_.try_emplace(move.member);
  if (fresh) it->second = {move.tie, move.before, move.before, {}};
  it->second.after = move.after;
}

void Board::flush() {
  std::vector<ranked::Change> changes;
  for (auto& [member, net] : changed_) {
    if (net.held == net.after) continue;
    changes.push_back({member, net.tie, net.held, net.after});
    net.held = net.after;
  }
  if (changes.empty()) return;
  LAUREL_ASSERT(tree_.apply(changes).rejected == 0);
}

ranked::RankedView Board::open() {
  flush();
  return tree_.open();
}

std::optional<contract::BoardChanged> Board::seal(CommitNumber number) {
  flush();
  std::vector<ranked::Change> changes;
  for (const auto& [member, net] : changed_) {
    if (net.before == net.after) continue;
    changes.push_back({member, net.tie, net.before, net.after});
  }
  const ranked::BoardChange change = ranked::board_change(tree_.sealed(), tree_.open(), changes);
  std::optional<contract::BoardChanged> record;
  if (!change.empty()) {
    record.emplace();
    record->set_board(actor_key_);
    record->set_table(spec_.name);
    record->set_version(++open_version_);
    for (const ranked::Mover& mover : change.movers) {
      contract::BoardMover& out = *record->add_movers();
      out.set_member(std::string(mover.member));
      if (mover.old_position) {
        out.mutable_before()->set_position(*mover.old_position);
        set_columns(*mover.old_key, spec_.columns, *out.mutable_before());
      }
      if (mover.new_position) {
        out.mutable_after()->set_position(*mover.new_position);
        set_columns(*mover.new_key, spec_.columns, *out.mutable_after());
      }
    }
    for (const ranked::Shift& shift : change.shifts) {
      contract::BoardShift& out = *record->add_shifts();
      out.set_from(shift.from);
      out.set_to(shift.to);
      out.set_by(shift.by);
    }
  }
  changed_.clear();
  (void)tree_.seal(number);
  sealed_version_ = open_version_;
  return record;
}

void Board::settle(CommitNumber number, BoardDirectory* directory) {
  tree_.settle(number);
  durable_version_ = sealed_version_;
  if (directory != nullptr)
    directory->publish(name_, {tree_.committed(), durable_version_, number});
}

void Board::abort() {
  tree_.abort();
  changed_.clear();
  open_version_ = durable_version_;
}

std::string_view keep_ranked_row(ByteArena& arena, const Board::Place& place,
                                 std::string_view row) {
  StoredRanked stored;
  stored.set_format(1);
  std::size_t used = place.key.columns.size();
  while (used > 0 && place.key.columns[used - 1] == 0) --used;
  for (std::size_t i = 0; i < used; ++i) stored.add_columns(place.key.columns[i]);
  stored.set_time_us(place.key.time);
  stored.set_tie(static_cast<std::uint64_t>(place.tie));
  if (row.empty()) return keep_message(arena, stored);
  return keep_message_and(arena, stored, StoredRanked::kRowFieldNumber, row);
}

std::optional<RankedRowBytes> decode_ranked_row(std::string_view bytes) {
  StoredRanked stored;
  if (!stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      stored.format() != 1 || stored.columns_size() > static_cast<int>(kSortColumnsMax)) {
    return std::nullopt;
  }
  RankedRowBytes out;
  for (int i = 0; i < stored.columns_size(); ++i) {
    out.place.key.columns[static_cast<std::size_t>(i)] = stored.columns(i);
  }
  out.place.key.time = stored.time_us();
  out.place.tie = Tie{stored.tie()};
  out.row = std::move(*stored.mutable_row());
  return out;
}

}  // namespace internal
}  // namespace laurel::runtime
