#include "open_store.h"

#include <utility>

#include "laurel/adapters/disk/checksum.h"
#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/failpoint.h"

namespace laurel::adapters::internal {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;

constexpr std::uint16_t kDefaultPartitions = 16;
constexpr std::uint16_t kPartitionsMax = 4096;

struct Paths {
  explicit Paths(const std::string& data_dir)
      : root(data_dir),
        identity(data_dir + "/IDENTITY"),
        lock(data_dir + "/LOCK"),
        high_water(data_dir + "/high-water"),
        creating(data_dir + "/CREATING"),
        db(data_dir + "/db") {}
  std::string root, identity, lock, high_water, creating, db;
};

StoreOptions store_options(const EmbeddedOptions& options, const Paths& paths) {
  StoreOptions out = options.store;
  out.path = paths.db;
  out.create = false;
  out.read_only = options.read_only;
  out.concurrent_writers = options.commit_threads > 1;
  return out;
}

// IDENTITY comes last: a directory without it was never used. CREATING says that what is there
// without an IDENTITY is ours and unfinished.
Status create(const EmbeddedOptions& options, const Paths& paths) {
  if (!exists(paths.creating) && (exists(paths.db) || exists(paths.high_water))) {
    return Error{ErrorCode::kDataDirForeign,
                 paths.root +
                     " holds a database but no IDENTITY: not a whole data directory; "
                     "restore it, or use an empty directory"};
  }
  const std::uint16_t partitions =
      options.partitions == 0 ? kDefaultPartitions : options.partitions;
  if (Status status = write_file_durably(paths.creating, ""); !status.ok()) return status;
  for (const std::string& path : {paths.db, paths.high_water}) {
    if (Status status = remove_all(path); !status.ok()) return status;
  }
  const Identity identity = make_identity(partitions);
  {
    StoreOptions creating = store_options(options, paths);
    creating.create = true;
    auto store = Store::open(creating);
    if (!store.ok()) return store.error();
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const rocksdb::Status put = (*store)->db().Put(
        synced, (*store)->family(Family::kMeta),
        rocksdb::Slice(kIdentityKey.data(), kIdentityKey.size()), encode_identity(identity));
    if (!put.ok()) return store_error(put, "writing the identity");
  }
  const std::vector<runtime::CommitNumber> none(partitions, 0);
  if (Status status = HighWater::create(paths.high_water, none); !status.ok()) return status;
  return write_file_durably(paths.identity, encode_identity_file(identity_file_of(identity)));
}

Status read_meta(OpenStore& open, const IdentityFile& file, const Paths& paths) {
  rocksdb::DB& db = open.store->db();
  rocksdb::ColumnFamilyHandle* meta = open.store->family(Family::kMeta);
  std::string bytes;
  rocksdb::Status status = db.Get(rocksdb::ReadOptions(), meta,
                                  rocksdb::Slice(kIdentityKey.data(), kIdentityKey.size()), &bytes);
  if (status.IsNotFound()) {
    return Error{ErrorCode::kDataLost,
                 paths.db +
                     " has lost its identity: it is not the database that this directory "
                     "was made with; restore the directory from a backup"};
  }
  if (!status.ok()) return store_error(status, "reading the identity");
  const std::optional<Identity> identity = decode_identity(bytes);
  if (!identity) return Error{ErrorCode::kDataDirForeign, paths.db + ": unknown identity format"};
  open.identity = *identity;
  if (identity->uuid != file.uuid || identity->partitions != file.partitions ||
      crc32c(identity->secret) != file.secret_check) {
    return Error{ErrorCode::kDataDirForeign, paths.db + " belongs to node " + identity->uuid +
                                                 ", " + paths.identity + " to node " + file.uuid +
                                                 "; they are of two directories"};
  }
  for (std::uint16_t i = 0; i < identity->partitions; ++i) {
    status = db.Get(rocksdb::ReadOptions(), meta, commit_record_key(i), &bytes);
    if (status.IsNotFound()) {
      open.records.emplace_back();
      continue;
    }
    if (!status.ok()) return store_error(status, "reading commit records");
    std::optional<CommitRecord> record = decode_commit_record(bytes);
    if (!record) {
      return Error{ErrorCode::kDataDirForeign, paths.db + ": unknown format of a commit record"};
    }
    open.records.push_back(std::move(*record));
  }
  return {};
}

// The database alone cannot tell that it lost its last commits.
Status check_high_water(OpenStore& open, const EmbeddedOptions& options, const Paths& paths) {
  const std::uint16_t partitions = open.identity.partitions;
  const auto expected = HighWater::read(paths.high_water, partitions);
  if (!expected && !options.accept_missing_high_water) {
    return Error{ErrorCode::kDataLost,
                 paths.high_water + " is missing or damaged, so nothing can tell whether " +
                     paths.db +
                     " still holds all that was acknowledged; restore it, or start once "
                     "with --accept-missing-high-water to trust the database"};
  }
  if (expected) {
    for (std::uint16_t i = 0; i < partitions; ++i) {
      if (open.records[i].number < (*expected)[i]) {
        return Error{ErrorCode::kDataLost,
                     "partition " + std::to_string(i) + " of " + paths.db + " ends at commit " +
                         std::to_string(open.records[i].number) + ", but commit " +
                         std::to_string((*expected)[i]) +
                         " was acknowledged (high-water): the database has lost data; restore the "
                         "directory from a backup"};
      }
    }
  }
  if (options.read_only) return {};
  std::vector<runtime::CommitNumber> last_commits;
  for (const CommitRecord& record : open.records) last_commits.push_back(record.number);
  if (!expected) {
    if (Status status = HighWater::create(paths.high_water, last_commits); !status.ok()) {
      return status;
    }
  }
  auto high_water = HighWater::open(paths.high_water, partitions);
  if (!high_water.ok()) return high_water.error();
  open.high_water = std::move(*high_water);
  return {};
}

Status check_options(const EmbeddedOptions& options) {
  const auto invalid = [](std::string message) {
    return Error{ErrorCode::kConfigInvalid, std::move(message)};
  };
  if (options.data_dir.empty()) return invalid("data_dir is empty");
  if (options.partitions > kPartitionsMax) {
    return invalid("partitions is " + std::to_string(options.partitions) + ", at most " +
                   std::to_string(kPartitionsMax));
  }
  if (options.commit_threads < 1 || options.commit_threads > 8) {
    return invalid("commit_threads is " + std::to_string(options.commit_threads) +
                   ", from 1 to 8 are allowed");
  }
  if (options.create && options.read_only)
    return invalid("create and read_only exclude each other");
  return {};
}

}  // namespace

runtime::Result<std::shared_ptr<OpenStore>> open_store(const EmbeddedOptions& options) {
  if (Status status = check_options(options); !status.ok()) return status.error();
  const Paths paths(options.data_dir);
  const auto nothing_there = [&paths] {
    return Error{ErrorCode::kNotFound, paths.root + " is no data directory (it has no IDENTITY)"};
  };
  if (options.create) {
    if (Status status = make_directories(paths.root); !status.ok()) return status.error();
  } else if (!exists(paths.root)) {
    return nothing_there();
  }

  // Nothing is left in a folder that is not ours, not even a lock.
  if (!options.create && !exists(paths.identity) && !exists(paths.db) &&
      !exists(paths.high_water)) {
    return nothing_there();
  }
  const auto open = std::make_shared<OpenStore>();
  auto lock = DirectoryLock::acquire(paths.lock, options.read_only);
  if (!lock.ok()) return lock.error();
  open->lock = std::move(*lock);
  LAUREL_FAILPOINT("embedded.open.after_lock");

  if (!exists(paths.identity)) {
    if (!options.create && (exists(paths.db) || exists(paths.high_water))) {
      return Error{ErrorCode::kDataDirForeign, paths.root + " has no IDENTITY"};
    }
    if (!options.create) return nothing_there();
    if (Status status = create(options, paths); !status.ok()) return status.error();
  }
  if (!options.read_only && exists(paths.creating)) {
    if (Status status = remove_all(paths.creating); !status.ok()) return status.error();
  }
  const std::optional<std::string> bytes = read_file(paths.identity);
  if (!bytes) return system_error("reading", paths.identity);
  const auto identity = decode_identity_file(*bytes, paths.identity);
  if (!identity.ok()) return identity.error();
  if (options.partitions != 0 && options.partitions != identity->partitions) {
    return Error{ErrorCode::kConfigInvalid, "partitions is " + std::to_string(options.partitions) +
                                                ", but " + paths.root + " was created with " +
                                                std::to_string(identity->partitions) +
                                                "; their number cannot change"};
  }
  if (!exists(paths.db + "/CURRENT")) {
    return Error{ErrorCode::kDataLost,
                 paths.db + " is gone or empty, but " + paths.identity +
                     " says that there was a database; restore the directory from a backup"};
  }
  auto store = Store::open(store_options(options, paths));
  if (!store.ok()) return store.error();
  open->store = std::move(*store);
  if (Status status = read_meta(*open, *identity, paths); !status.ok()) return status.error();
  if (Status status = check_high_water(*open, options, paths); !status.ok()) return status.error();
  return open;
}

}  // namespace laurel::adapters::internal
