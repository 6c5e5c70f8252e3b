/// Keys: how rows of a partition are named (docs/formats/state.md). The engine adds the partition.
///
///   kState    type 0 key 0 table 0 rowkey        root: table is empty and so is rowkey
///   kLog      type 0 key 0 table 0 seq:u64 BE    sequence of the chunk's last row
///   kJournal  routing 0 natural-key-hash:16
///   kTimers   clock:u8 at:u64 BE type 0 key 0 name
///   kStaged   'b' backfill:u64 BE                                a backfill
///             'e' backfill:u64 BE time:u64 BE natural-key-hash:16  an event of it
///
/// Actor types, keys and tables never hold a NUL byte (checked where they enter); row keys may.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace laurel::runtime {

struct StateKey {
  std::string_view type;
  std::string_view key;
  std::string_view table;
  std::string_view row;
};

std::string state_key(std::string_view type, std::string_view key, std::string_view table = {},
                      std::string_view row = {});
/// The same, appended to `out`.
void append_state_key(std::string& out, std::string_view type, std::string_view key,
                      std::string_view table = {}, std::string_view row = {});
/// Nothing when the bytes are no state key.
std::optional<StateKey> parse_state_key(std::string_view bytes);
/// First key of no actor of that type: the end of a scan over one type.
std::string type_prefix(std::string_view type);
std::string actor_prefix(std::string_view type, std::string_view key);
/// Smallest key greater than all that start with `prefix`.
std::string prefix_end(std::string_view prefix);

std::string log_key(std::string_view type, std::string_view key, std::string_view table,
                    std::uint64_t last_sequence);
std::string journal_key(std::string_view routing_key, std::string_view natural_key_hash16);

std::string timer_key(std::uint8_t clock, std::int64_t at_us, std::string_view type,
                      std::string_view key, std::string_view name);
struct TimerKey {
  std::uint8_t clock = 0;
  std::int64_t at_us = 0;
  std::string_view type;
  std::string_view key;
  std::string_view name;
};
std::optional<TimerKey> parse_timer_key(std::string_view bytes);

inline constexpr std::string_view kAuditKey = "a";  // in Space::kStaged: StoredAudit
inline constexpr char kBackfillTag = 'b';
std::string backfill_key(std::uint64_t backfill);
/// Events of a backfill ascend by event time, also that before 1970.
std::string staged_prefix(std::uint64_t backfill);
std::string staged_key(std::uint64_t backfill, std::int64_t time_us,
                       std::string_view natural_key_hash16);
/// Event time. REQUIRES: made by staged_key().
std::int64_t time_of_staged_key(std::string_view key);

/// Appends a part of a natural key: length as varint, bytes. The kind follows the last part as it
/// is.
void append_key_part(std::string& natural_key, std::string_view part);

std::string big_endian(std::uint64_t value);
std::uint64_t from_big_endian(std::string_view bytes8);

/// The partition of a routing key: stable for ever (FNV-1a 64, then mixed), part of the stored
/// format.
std::uint16_t partition_of(std::string_view routing_key, std::uint16_t partitions);

}  // namespace laurel::runtime
