#include "partition_store.h"

#include <rocksdb/db.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/disk/wire.h"
#include "laurel/adapters/rocksdb/rows.h"
#include "laurel/adapters/rocksdb/status.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kKey = "record";
// Where commit records are superseded, rows of many commits come between two of them.
// The changelog forgets deletions after seven days (delete.retention.ms).
constexpr std::chrono::seconds kAgeMax{6 * 86'400};
constexpr std::chrono::minutes kFlushedWithin{10};
constexpr std::chrono::seconds kLooksAgain{1};
constexpr std::uintmax_t kRoomMin = std::uintmax_t{16} << 20U;
constexpr std::size_t kReplayBytesMax = 64U << 20;

std::string encode(const PartitionRecord& record, std::int64_t changelog_next) {
  std::string out;
  Writer writer(out);
  writer.u8(kFormat);
  writer.varint(static_cast<std::uint64_t>(changelog_next));
  writer.u64(static_cast<std::uint64_t>(std::time(nullptr)));
  writer.bytes(encode_record(record));
  return out;
}

struct Stored {
  PartitionRecord record;
  std::int64_t changelog_next = 0;
  std::time_t at = std::time(nullptr);  ///< when it was the newest that there was
};

Result<Stored> read_record(const Store& store, const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string bytes;
  const rocksdb::Status status = store.db().Get(options, store.family(Family::kMeta),
                                                rocksdb::Slice(kKey.data(), kKey.size()), &bytes);
  if (status.IsNotFound()) return Stored();
  if (!status.ok()) return store_error(status, "reading a snapshot's record");
  Reader reader(bytes);
  const bool known = reader.u8() == kFormat;
  Stored out;
  out.changelog_next = static_cast<std::int64_t>(reader.varint());
  out.at = static_cast<std::time_t>(reader.u64());
  auto record = decode_record(reader.bytes());
  if (!known || !record || !reader.at_end()) {
    return Error{ErrorCode::kDataLost, "a snapshot's record cannot be read"};
  }
  out.record = std::move(*record);
  return out;
}

class View final : public runtime::ReadView {
 public:
  View(std::shared_ptr<const PartitionStore> store, runtime::PartitionId partition)
      : store_(std::move(store)), partition_(partition), snapshot_(store_->store().db()) {}
  Status load() {
    const auto record = read_record(store_->store(), snapshot_.get());
    if (!record.ok()) return record.error();
    commit_ = record->record.number;
    return {};
  }
  runtime::CommitNumber commit() const override { return commit_; }
  Result<std::optional<std::string>> get(runtime::Space space,
                                         std::string_view key) const override {
    return read_row(store_->store(), partition_, space, key, snapshot_.get());
  }
  Status scan(runtime::Space space, std::string_view from, std::string_view to,
              const std::function<bool(std::string_view, std::string_view)>& row) const override {
    return scan_rows(store_->store(), partition_, space, snapshot_.get(), from, to, row);
  }

 private:
  const std::shared_ptr<const PartitionStore> store_;
  const runtime::PartitionId partition_;
  const Snapshot snapshot_;
  runtime::CommitNumber commit_ = 0;
};

}  // namespace

Result<std::unique_ptr<PartitionStore>> PartitionStore::open(const StoreOptions& options,
                                                             runtime::PartitionId partition,
                                                             const ClientBase& base) {
  for (bool again = false;; again = true) {
    auto store = Store::open(options);
    Status status = store.ok() ? Status() : Status(store.error());
    if (status.ok()) {
      std::unique_ptr<PartitionStore> out(
          new PartitionStore(partition, options.path, std::move(*store)));
      status = out->load();
      if (status.ok()) return out;
    }
    if (again || status.error().code != ErrorCode::kDataLost) return status.error();
    // What is lost here is in the changelog.
    const std::string aside = options.path + ".damaged-" + std::to_string(std::time(nullptr));
    base.say(true, "the snapshot of partition " + std::to_string(partition) +
                       " is of no use and is read from Kafka anew; it is kept as " + aside + ": " +
                       status.error().message);
    if (std::rename(options.path.c_str(), aside.c_str()) != 0) {
      return system_error("renaming", options.path);
    }
  }
}

Status PartitionStore::load() {
  auto found = read_record(*store_, nullptr);
  if (!found.ok()) return found.error();
  const std::time_t age = std::time(nullptr) - found->at;
  if (age > kAgeMax.count()) {
    return Error{ErrorCode::kDataLost, "it is " + std::to_string(age / 86'400) +
                                           " days old, deletions may be missing in it"};
  }
  record_ = std::move(found->record);
  changelog_next_ = found->changelog_next;
  return {};
}

Status PartitionStore::write_record(const PartitionRecord& record, std::int64_t changelog_next) {
  const rocksdb::Status put =
      batch_.Put(store_->family(Family::kMeta), rocksdb::Slice(kKey.data(), kKey.size()),
                 encode(record, changelog_next));
  LAUREL_ASSERT(put.ok());
  rocksdb::WriteOptions options;
  options.disableWAL = true;  // the changelog is the log
  const rocksdb::Status status = store_->db().Write(options, &batch_);
  batch_.Clear();
  if (!status.ok()) return store_error(status, "writing a snapshot");
  if (store_->failed()) {
    return Error{ErrorCode::kStoreFailed,
                 "the store failed while writing a snapshot: a flush or a merge in " + path_ +
                     " has failed: see the disk"};
  }
  if (Status room = look_for_room(); !room.ok()) return room;
  record_ = record;
  changelog_next_ = changelog_next;
  // Few commits fill no memtable for days; what is on the disk would be too old to go on from.
  if (std::chrono::steady_clock::now() - flushed_ < kFlushedWithin) return {};
  flushed_ = std::chrono::steady_clock::now();
  return store_->flush(/*wait=*/false);
}

// What is written comes to the disk minutes later: by then it would be late to learn that it is
// full.
Status PartitionStore::look_for_room() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < kLooksAgain) return {};
  looked_ = now;
  std::error_code unknown;
  const auto space = std::filesystem::space(path_, unknown);
  if (unknown || space.available >= kRoomMin) return {};
  return Error{ErrorCode::kStoreFailed,
               "the store failed while writing a snapshot: no space left: " +
                   std::to_string(space.available) + " bytes are free in " + path_ + ", and " +
                   std::to_string(kRoomMin) + " have to be"};
}

Status PartitionStore::write(const runtime::Commit& commit, const PartitionRecord& record,
                             std::int64_t changelog_next) {
  LAUREL_ASSERT(batch_.Count() == 0);
  for (std::size_t space = 0; space < runtime::kSpaceCount; ++space) {
    put_rows(*store_, batch_, commit, static_cast<runtime::Space>(space));
  }
  return write_record(record, changelog_next);
}

Status PartitionStore::replay(const LogRecord& record, std::uint64_t& rows) {
  if (record.offset < changelog_next_) return {};
  const std::string prefix = partition_prefix(partition_);
  std::optional<PartitionRecord> ended;
  const bool known = read_changelog(
      record.key, record.value,
      [&](runtime::Space space, std::string_view key, std::optional<std::string_view> value) {
        const rocksdb::Slice parts[2] = {prefix, {key.data(), key.size()}};
        rocksdb::ColumnFamilyHandle* family = store_->family(static_cast<Family>(space));
        rocksdb::Status status;
        if (value) {
          const rocksdb::Slice bytes[1] = {{value->data(), value->size()}};
          status = batch_.Put(family, rocksdb::SliceParts(parts, 2), rocksdb::SliceParts(bytes, 1));
        } else {
          status = batch_.Delete(family, rocksdb::SliceParts(parts, 2));
        }
        LAUREL_ASSERT(status.ok());
        ++rows;
      },
      [&ended](PartitionRecord commit) { ended = std::move(commit); });
  if (!known) {
    return Error{ErrorCode::kDataLost,
                 "record " + std::to_string(record.offset) + " of the changelog of partition " +
                     std::to_string(partition_) +
                     " cannot be read: it is of a newer version, or not Laurel's"};
  }
  if (ended) return write_record(*ended, record.offset + 1);
  if (batch_.GetDataSize() > kReplayBytesMax) return write_record(record_, record.offset + 1);
  return {};
}

// Rows behind the last commit record belong to the next one: for every reader alike. They wait for
// it, and until then are not read.
Status PartitionStore::replayed_to(std::int64_t end) {
  if (batch_.Count() > 0 || end <= changelog_next_) return {};
  return write_record(record_, end);
}

void PartitionStore::begin_replay() { batch_.Clear(); }

Status PartitionStore::flush() { return store_->flush(); }

Result<std::unique_ptr<runtime::ReadView>> PartitionStore::view(
    std::shared_ptr<const PartitionStore> self) const {
  auto view = std::make_unique<View>(std::move(self), partition_);
  if (const Status status = view->load(); !status.ok()) return status.error();
  return std::unique_ptr<runtime::ReadView>(std::move(view));
}

}  // namespace laurel::adapters::kafka
