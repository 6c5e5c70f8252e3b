#include "outbox.h"

#include <utility>

#include "laurel/runtime/keys.h"
#include "wire.h"

namespace laurel::runtime::internal {

void store_cause(const Origin& origin, StoredCause& stored) {
  const Cause& cause = origin.cause;
  stored.mutable_event_id()->assign(cause.event_id);
  stored.mutable_event_type()->assign(cause.event_type);
  stored.mutable_subject()->assign(cause.subject);
  stored.mutable_source()->assign(cause.source);
  stored.set_time_us(origin.now);
  stored.set_watermark_us(origin.watermark);
  stored.set_catalog_known(origin.catalog_bound.known);
  stored.mutable_seed()->assign(big_endian(origin.seed[0])).append(big_endian(origin.seed[1]));
}

Origin origin_of(const StoredCause& stored) {
  Origin origin;
  origin.cause = {stored.event_id(), stored.event_type(), stored.subject(), stored.source(), 0};
  origin.now = stored.time_us();
  origin.watermark = stored.watermark_us();
  origin.catalog_bound.known = stored.catalog_known();
  if (stored.seed().size() == 16) {
    const std::string_view seed = stored.seed();
    origin.seed = {from_big_endian(seed.substr(0, 8)), from_big_endian(seed.substr(8))};
  }
  return origin;
}

namespace {

// Of what a letter takes in a chunk, at most.
constexpr std::size_t kMessageOverhead = 48;

std::size_t number_field_size(std::uint32_t value) {
  return value == 0 ? 0 : 1 + google::protobuf::io::CodedOutputStream::VarintSize32(value);
}

void append_number_field(std::string& out, int field, std::uint32_t value) {
  if (value == 0) return;
  out.push_back(static_cast<char>(field << 3));
  std::uint8_t bytes[5];
  const std::uint8_t* end =
      google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(value, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(end - bytes));
}

}  // namespace

bool Outbox::has(PartitionId target) const {
  const auto entries = targets_.find(target);
  return entries != targets_.end() && !entries->second.empty();
}

void Outbox::write(Entry& entry, const Letter& letter, const Origin& origin) {
  entry.message = bytes_.keep(letter.message);
  entry.hops = letter.hops;
  store_cause(origin, cause_);
  entry.cause = keep_message(bytes_, cause_);
}

Outbox::Entry& Outbox::append(PartitionId target, const Letter& letter, const Origin& origin) {
  Entry& entry = targets_[target].emplace_back();
  ++letters_;
  entry.to_type = bytes_.keep(letter.to.type);
  entry.to_key = bytes_.keep(letter.to.key);
  entry.message_type = letter.message_type;
  write(entry, letter, origin);
  return entry;
}

void Outbox::add_latest(PartitionId target, const ActorId& from, const Letter& letter,
                        const Origin& origin) {
  name_.clear();  // no part holds a NUL byte
  for (const std::string_view part : std::initializer_list<std::string_view>{
           from.type, from.key, letter.to.type, letter.to.key, letter.message_type}) {
    name_.append(part).push_back('\0');
  }
  const HashedName hashed(name_);
  if (Entry* old = latest_.find(hashed)) return write(*old, letter, origin);
  Entry& fresh = append(target, letter, origin);
  fresh.name = bytes_.keep(name_);
  latest_.add(&fresh, hashed.hash);
}

// An InboxChunk, field by field as they come: there is no need of it as an object. Letters of one
// turn mostly stand together: a cause is compared with that of the letter before only.
void Outbox::pack(PartitionId target, const std::deque<Entry>& entries, Commit& commit) {
  std::string chunk;
  int messages = 0;
  std::uint32_t causes = 0;
  std::string_view last_cause;
  const auto flush = [&] {
    if (messages == 0) return;
    commit.inbox.push_back({target, std::move(chunk)});
    chunk.clear();
    messages = 0;
    causes = 0;
  };
  for (const Entry& entry : entries) {
    const std::size_t bytes = entry.to_type.size() + entry.to_key.size() +
                              entry.message_type.size() + entry.message.size() +
                              entry.cause.size() + kMessageOverhead;
    if (chunk.size() + bytes > kChunkBytesMax || messages == kChunkMessagesMax) flush();
    if (messages == 0) append_number_field(chunk, InboxChunk::kFormatFieldNumber, 1);
    if (causes == 0 || entry.cause != last_cause) {
      append_bytes_field(chunk, InboxChunk::kCausesFieldNumber, entry.cause);
      last_cause = entry.cause;
      ++causes;
    }
    append_message(chunk, entry, causes - 1);
    ++messages;
  }
  flush();
}

// An InboxMessage as a field of the chunk.
void Outbox::append_message(std::string& chunk, const Entry& entry, std::uint32_t cause) {
  const std::pair<int, std::string_view> texts[] = {
      {InboxMessage::kToTypeFieldNumber, entry.to_type},
      {InboxMessage::kToKeyFieldNumber, entry.to_key},
      {InboxMessage::kMessageTypeFieldNumber, entry.message_type},
      {InboxMessage::kMessageFieldNumber, entry.message}};
  std::size_t size = number_field_size(cause) + number_field_size(entry.hops);
  for (const auto& [field, text] : texts) {
    if (!text.empty()) size += bytes_field_size(field, text.size());
  }
  append_bytes_header(chunk, InboxChunk::kMessagesFieldNumber, size);
  for (const auto& [field, text] : texts) {
    if (!text.empty()) append_bytes_field(chunk, field, text);
  }
  append_number_field(chunk, InboxMessage::kCauseFieldNumber, cause);
  append_number_field(chunk, InboxMessage::kHopsFieldNumber, entry.hops);
}

void Outbox::move_to(Commit& commit) {
  for (auto& [target, entries] : targets_) pack(target, entries, commit);
  clear();
}

void Outbox::clear() {
  latest_.clear();
  for (auto& [target, entries] : targets_) entries.clear();
  letters_ = 0;
  bytes_.clear();
}

}  // namespace laurel::runtime::internal
