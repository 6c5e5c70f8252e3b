#include "store_options.h"

#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <utility>

#include "store_log.h"

namespace laurel::adapters::internal {
namespace {

constexpr std::size_t kPartitionPrefixBytes = 2;
constexpr int kBloomBitsPerKey = 10;
constexpr double kMemtableBloomRatio = 0.02;
constexpr std::size_t kPointReadBlockBytes = 8U << 10;
constexpr std::size_t kScanBlockBytes = 32U << 10;
// Sorted runs before they are merged. The journal is asked about every event: each run costs a look
// into its Bloom filter. Logs are read when somebody asks for a ledger.
constexpr int kRunsOfJournal = 8;
constexpr int kRunsOfLogs = 12;

rocksdb::BlockBasedTableOptions table_options(Family family,
                                              const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  // Outside the cache by default, and then bounded by nothing.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.format_version = 5;
  // Debian's RocksDB computes CRC-32C without the processor's instruction for it.
  table.checksum = rocksdb::kXXH3;
  table.optimize_filters_for_memory = true;
  const bool point_reads = family == Family::kState || family == Family::kJournal;
  table.block_size = point_reads ? kPointReadBlockBytes : kScanBlockBytes;
  table.pin_l0_filter_and_index_blocks_in_cache = point_reads;
  if (point_reads) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey, false));
    table.whole_key_filtering = true;
  }
  return table;
}

}  // namespace

rocksdb::DBOptions database_options(const StoreOptions& options,
                                    std::shared_ptr<rocksdb::WriteBufferManager> write_buffers) {
  rocksdb::DBOptions db;
  if (options.env != nullptr) db.env = options.env;
  db.create_if_missing = options.create;
  db.create_missing_column_families = options.create;
  // The default, point in time, opens a log with flipped bytes in its middle and drops the rest.
  // This one refuses it, and accepts the torn tail that a crash leaves.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.paranoid_checks = true;
  // After a failed write the engine is given up, never resumed in place.
  db.max_bgerror_resume_count = 0;
  db.write_buffer_manager = std::move(write_buffers);
  db.max_total_wal_size = options.wal_bytes_max;
  // Without a log only flushes are kept, and those of one batch have to be kept together.
  db.atomic_flush = !options.log;
  db.max_open_files = options.open_files_max;
  db.max_background_jobs = options.background_jobs_max;
  db.max_subcompactions = 1;
  db.bytes_per_sync = 1U << 20;
  db.enable_pipelined_write = options.concurrent_writers;
  db.info_log = make_store_log(options.read_only ? "" : options.path);
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const StoreOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions out;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(family, cache)));
  out.compression = rocksdb::kLZ4Compression;
  // What is flushed is merged soon: it is compressed then, once.
  const auto as_it_is_merged = [&out] {
    out.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression,
                                 rocksdb::kLZ4Compression};
  };
  out.write_buffer_size = options.memtable_bytes;
  // A commit comes sorted: each row is looked for from where the one before it went, not from the
  // top.
  out.memtable_insert_with_hint_prefix_extractor.reset(
      rocksdb::NewCappedPrefixTransform(kPartitionPrefixBytes));
  // Flushed together they are also replaced together, the small ones with the large one: three of
  // that kind came every second or two under load, and stop what is written.
  out.max_write_buffer_number = options.log ? 3 : 8;
  out.target_file_size_base = 32U << 20;
  // Rows live until they are deleted, whatever their age.
  out.ttl = 0;
  switch (family) {
    case Family::kState:
      as_it_is_merged();
      out.compaction_style = rocksdb::kCompactionStyleLevel;
      out.level_compaction_dynamic_level_bytes = true;
      out.max_bytes_for_level_base = 128U << 20;
      out.memtable_prefix_bloom_size_ratio = kMemtableBloomRatio;
      out.memtable_whole_key_filtering = true;
      break;
    case Family::kLogs:
      as_it_is_merged();
      out.level0_file_num_compaction_trigger = kRunsOfLogs;
      out.compaction_style = rocksdb::kCompactionStyleUniversal;
      break;
    case Family::kJournal:
      as_it_is_merged();
      out.level0_file_num_compaction_trigger = kRunsOfJournal;
      out.compaction_style = rocksdb::kCompactionStyleUniversal;
      out.memtable_prefix_bloom_size_ratio = kMemtableBloomRatio;
      out.memtable_whole_key_filtering = true;
      break;
    case Family::kTopics:
      out.compaction_style = rocksdb::kCompactionStyleFIFO;
      out.compaction_options_fifo =
          rocksdb::CompactionOptionsFIFO(options.topic_bytes_max, /*allow_compaction=*/true);
      // 0 with the other left at its default would mean 30 days.
      out.periodic_compaction_seconds = 0;
      out.write_buffer_size = options.topic_memtable_bytes;
      break;
    case Family::kTimers:
    case Family::kStaged:
    case Family::kInbox:
      // Queues: written, read once, deleted.
      out.compaction_style = rocksdb::kCompactionStyleLevel;
      out.level_compaction_dynamic_level_bytes = true;
      break;
    case Family::kMeta:
      out.compaction_style = rocksdb::kCompactionStyleLevel;
      break;
  }
  return out;
}

}  // namespace laurel::adapters::internal
