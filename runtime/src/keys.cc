#include "laurel/runtime/keys.h"

#include "laurel/runtime/errors.h"

namespace laurel::runtime {
namespace {

// The final mix of MurmurHash3: FNV alone is weak in its low bits for short keys.
std::uint64_t mix(std::uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  h ^= h >> 33;
  return h;
}

}  // namespace

std::string state_key(std::string_view type, std::string_view key, std::string_view table,
                      std::string_view row) {
  std::string out;
  append_state_key(out, type, key, table, row);
  return out;
}

void append_state_key(std::string& out, std::string_view type, std::string_view key,
                      std::string_view table, std::string_view row) {
  out.reserve(out.size() + type.size() + key.size() + table.size() + row.size() + 3);
  out.append(type).push_back('\0');
  out.append(key).push_back('\0');
  out.append(table).push_back('\0');
  out.append(row);
}

std::optional<StateKey> parse_state_key(std::string_view bytes) {
  StateKey out;
  for (std::string_view* part : {&out.type, &out.key, &out.table}) {
    const auto end = bytes.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    *part = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
  }
  out.row = bytes;
  return out;
}

std::string type_prefix(std::string_view type) {
  std::string out(type);
  out.push_back('\0');
  return out;
}

std::string actor_prefix(std::string_view type, std::string_view key) {
  std::string out = type_prefix(type);
  out.append(key).push_back('\0');
  return out;
}

std::string prefix_end(std::string_view prefix) {
  std::string out(prefix);
  while (!out.empty() && static_cast<unsigned char>(out.back()) == 0xff) out.pop_back();
  if (!out.empty()) out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) + 1);
  return out;
}

std::string log_key(std::string_view type, std::string_view key, std::string_view table,
                    std::uint64_t last_sequence) {
  return state_key(type, key, table, big_endian(last_sequence));
}

std::string journal_key(std::string_view routing_key, std::string_view natural_key_hash16) {
  std::string out;
  out.reserve(routing_key.size() + 17);
  out.append(routing_key).push_back('\0');
  out.append(natural_key_hash16);
  return out;
}

// A time before 1970 is due like 1970: keys ascend as unsigned numbers.
std::string timer_key(std::uint8_t clock, std::int64_t at_us, std::string_view type,
                      std::string_view key, std::string_view name) {
  std::string out(1, static_cast<char>(clock));
  out += big_endian(at_us < 0 ? 0 : static_cast<std::uint64_t>(at_us));
  out.append(type).push_back('\0');
  out.append(key).push_back('\0');
  out.append(name);
  return out;
}

std::optional<TimerKey> parse_timer_key(std::string_view bytes) {
  if (bytes.size() < 11) return std::nullopt;
  TimerKey out;
  out.clock = static_cast<std::uint8_t>(bytes[0]);
  out.at_us = static_cast<std::int64_t>(from_big_endian(bytes.substr(1, 8)));
  bytes.remove_prefix(9);
  for (std::string_view* part : {&out.type, &out.key}) {
    const auto end = bytes.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    *part = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
  }
  out.name = bytes;
  return out;
}

namespace {
constexpr std::uint64_t kSignBit = 1ULL << 63;  // flipped, so that negative times come first
}

std::string backfill_key(std::uint64_t backfill) {
  return std::string(1, kBackfillTag) + big_endian(backfill);
}

std::string staged_prefix(std::uint64_t backfill) { return "e" + big_endian(backfill); }

std::string staged_key(std::uint64_t backfill, std::int64_t time_us,
                       std::string_view natural_key_hash16) {
  std::string out = staged_prefix(backfill);
  out += big_endian(static_cast<std::uint64_t>(time_us) ^ kSignBit);
  out.append(natural_key_hash16);
  return out;
}

std::int64_t time_of_staged_key(std::string_view key) {
  return static_cast<std::int64_t>(from_big_endian(key.substr(9, 8)) ^ kSignBit);
}

void append_key_part(std::string& natural_key, std::string_view part) {
  std::size_t length = part.size();
  while (length >= 0x80) {
    natural_key.push_back(static_cast<char>(length | 0x80));
    length >>= 7;
  }
  natural_key.push_back(static_cast<char>(length));
  natural_key.append(part);
}

std::string big_endian(std::uint64_t value) {
  std::string out(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<char>(value >> (56 - 8 * i));
  return out;
}

std::uint64_t from_big_endian(std::string_view bytes8) {
  LAUREL_ASSERT(bytes8.size() == 8);
  std::uint64_t value = 0;
  for (const char c : bytes8) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::uint16_t partition_of(std::string_view routing_key, std::uint16_t partitions) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : routing_key) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return static_cast<std::uint16_t>(mix(h) % partitions);
}

}  // namespace laurel::runtime
