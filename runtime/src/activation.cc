#include "activation.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "laurel/runtime/keys.h"
#include "laurel/runtime/prefetch.h"
#include "laurel/runtime/state.pb.h"
#include "wire.h"

namespace laurel::runtime::internal {
namespace {

// Of the list and of the index, and what the allocator rounds up.
constexpr std::size_t kNodes = 64;

// Rows of a chunk, and one more: whoever is all that a commit is about must not make a row that the
// engine does not take.
constexpr std::size_t kLogChunkFullBytes = std::size_t{256} << 10U;

StoredRoot& row_of(Scratch& scratch) {
  return static_cast<StoredRoot&>(scratch.get(StoredRoot::default_instance()));
}

// A LogChunk.
std::string_view chunk_of(std::span<const std::string_view> rows, ByteArena& arena) {
  LogChunk head;
  head.set_format(1);
  const std::size_t head_size = head.ByteSizeLong();
  std::size_t size = head_size;
  for (const std::string_view row : rows) {
    size += bytes_field_size(LogChunk::kRowsFieldNumber, row.size());
  }
  char* const chunk = arena.take(size);
  head.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(chunk));
  char* end = chunk + head_size;
  for (const std::string_view row : rows) {
    end = write_bytes_field(end, LogChunk::kRowsFieldNumber, row);
  }
  return {chunk, size};
}

}  // namespace

// The name is type 0 key 0 0.
std::string_view Activation::key() const {
  const std::size_t before = type->name.size() + 1;
  return std::string_view(name).substr(before, name.size() - before - 2);
}

Belongings& Activation::belongings() {
  if (!more) more = std::make_unique<Belongings>();
  return *more;
}

LogTail* Activation::log(std::string_view table) {
  for (LogTail& tail : logs) {
    if (tail.table == table) return &tail;
  }
  return nullptr;
}

Board* Activation::board(std::string_view table) const {
  if (!more) return nullptr;
  for (Board* each : more->boards) {
    if (each->spec().name == table) return each;
  }
  return nullptr;
}

bool Activation::load(std::string_view stored, Scratch& scratch) {
  StoredRoot& row = row_of(scratch);
  if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size())) || row.format() != 1) {
    return false;
  }
  root = row.root();
  for (const LogEnd& end : row.logs()) {
    if (LogTail* tail = log(end.table())) {
      tail->rows = end.rows();
    } else {
      belongings().other_logs.emplace_back(end.table(), end.rows());
    }
  }
  for (const TimerRef& timer : row.timers()) {
    belongings().timers.push_back(
        {timer.name(), static_cast<std::uint8_t>(timer.clock()), timer.at_us()});
  }
  for (const BoardEnd& board : row.boards()) {
    belongings().board_versions.emplace_back(board.table(), board.version());
  }
  return true;
}

std::uint32_t Activation::memory() const {
  std::size_t sum = kNodes + sizeof(*this) + root.capacity() + name.capacity() +
                    logs.capacity() * sizeof(LogTail);
  const auto fit = [](std::size_t all) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(all, UINT32_MAX));
  };
  if (!more) return fit(sum);
  sum += sizeof(*more) + more->timers.capacity() * sizeof(SetTimer);
  for (const auto& [table, rows] : more->other_logs) {
    sum += sizeof(std::string) + table.capacity() + sizeof(rows);
  }
  for (const SetTimer& timer : more->timers) sum += timer.name.capacity();
  return fit(sum);
}

std::size_t Activation::write_belongings(StoredRoot& row) const {
  for (const auto& [table, rows] : more->other_logs) {
    LogEnd& end = *row.add_logs();
    end.set_table(table);
    end.set_rows(rows);
  }
  for (const SetTimer& timer : more->timers) {
    TimerRef& ref = *row.add_timers();
    ref.set_name(timer.name);
    ref.set_clock(timer.clock);
    ref.set_at_us(timer.at_us);
  }
  std::size_t of_boards = 0;
  const auto add_board = [&row](std::string_view table, std::uint64_t version) {
    BoardEnd& end = *row.add_boards();
    end.set_table(table.data(), table.size());
    end.set_version(version);
  };
  for (const Board* each : more->boards) {
    of_boards += each->memory();
    if (each->version() != 0) add_board(each->spec().name, each->version());
  }
  for (const auto& [table, version] : more->board_versions) {
    if (board(table) == nullptr) add_board(table, version);
  }
  return of_boards;
}

void Activation::write_log(LogTail& tail, OpenCommit& commit) const {
  std::uint64_t last = tail.rows - tail.pending.size();
  for (std::span<const std::string_view> left = tail.pending; !left.empty();) {
    std::size_t count = 0;
    for (std::size_t size = 0; count < left.size() && size < kLogChunkFullBytes; ++count) {
      size += left[count].size();
    }
    last += count;
    commit.put_last(Space::kLog, log_key(type->name, key(), tail.table, last),
                    chunk_of(left.first(count), commit.bytes));
    left = left.subspan(count);
  }
  tail.pending.clear();
}

Activation::Weight Activation::write_to(OpenCommit& commit, Scratch& scratch, std::size_t hash) {
  StoredRoot& row = row_of(scratch);
  row.set_format(1);
  for (LogTail& tail : logs) {
    LogEnd& end = *row.add_logs();
    end.set_table(tail.table.data(), tail.table.size());
    end.set_rows(tail.rows);
    write_log(tail, commit);
  }
  const std::size_t of_boards = more ? write_belongings(row) : 0;
  commit.put_last(Space::kState, {name, hash},
                  keep_message_and(commit.bytes, row, StoredRoot::kRootFieldNumber, root));
  dirty = false;
  return {memory(), of_boards};
}

Activation& Activations::add(Activation activation, std::size_t hash) {
  list_.push_back(std::move(activation));
  Activation& added = list_.back();
  added.at = std::prev(list_.end());
  added.queued_at_us = now_us_;
  index_.add(&added, hash);
  bytes_ += added.bytes;
  board_bytes_ += added.board_bytes();
  return added;
}

void Activations::prefetch_activation(std::size_t hash) const {
  prefetch_lines(index_.likely(hash), kActivationLines);
}

void Activations::prefetch_texts(std::size_t hash) const {
  const Activation* activation = index_.likely(hash);
  if (activation == nullptr) return;
  prefetch_lines(activation->name.data(), 1);
  prefetch_lines(activation->logs.data(), 1);
  prefetch_lines(activation->root.data(), 2);
}

void Activations::touch(Activation& activation, std::int64_t now_us, std::int64_t grain_us) {
  const bool back = now_us < now_us_;  // the clock: the order of use is all there is then
  now_us_ = std::max(now_us_, now_us);
  activation.used_at_us = now_us_;
  if (!back && now_us_ - activation.queued_at_us < grain_us) return;
  activation.queued_at_us = now_us_;
  list_.splice(list_.end(), list_, activation.at);
}

void Activations::resize(Activation& activation, const Activation::Weight& weight) {
  bytes_ = bytes_ - activation.bytes + weight.bytes;
  activation.bytes = weight.bytes;
  if (weight.board_bytes == activation.board_bytes()) return;
  board_bytes_ = board_bytes_ - activation.board_bytes() + weight.board_bytes;
  activation.belongings().board_bytes = weight.board_bytes;
}

void Activations::drop_written_since(CommitNumber number) {
  for (auto it = list_.begin(); it != list_.end();) {
    const auto next = std::next(it);
    if (it->dirty || it->written_in >= number) erase(it);
    it = next;
  }
}

std::size_t Activations::passivate(const Limits& limits) {
  std::size_t count = 0;
  for (auto it = list_.begin(); it != list_.end();) {
    const bool idle = it->used_at_us < limits.used_since_us;
    const bool heavy = bytes_ > limits.bytes_max;
    const bool heavy_boards =
        board_bytes_ > limits.board_bytes_max && it->used_at_us < limits.boards_used_since_us;
    if (!idle && !heavy && !heavy_boards) break;  // the rest was queued later
    const auto next = std::next(it);
    const bool goes = idle || (it->more && !it->more->boards.empty() ? heavy_boards : heavy);
    if (goes && !it->dirty && it->written_in <= limits.durable) {
      erase(it);
      ++count;
    }
    it = next;
  }
  return count;
}

void Activations::erase(List::iterator it) {
  bytes_ -= it->bytes;
  board_bytes_ -= it->board_bytes();
  index_.erase(&*it);
  list_.erase(it);
}

}  // namespace laurel::runtime::internal
