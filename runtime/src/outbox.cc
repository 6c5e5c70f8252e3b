#include "outbox.h"

#include <unordered_map>
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

void Outbox::write(Entry& entry, Letter letter, const Origin& origin) {
  entry.message = std::move(letter.message);
  entry.hops = letter.hops;
  store_cause(origin, cause_);
  cause_.SerializeToString(&entry.cause);
  bytes_ += bytes_of(entry);
}

std::size_t Outbox::bytes_of(const Entry& entry) {
  return entry.to.type.size() + entry.to.key.size() + entry.message_type.size() +
         entry.message.size() + entry.cause.size() + 32;
}

Outbox::Entry& Outbox::append(PartitionId target, Letter letter, const Origin& origin) {
  Entry& entry = targets_[target].emplace_back();
  entry.to = letter.to;
  entry.message_type = letter.message_type;
  write(entry, std::move(letter), origin);
  return entry;
}

void Outbox::add_latest(PartitionId target, const ActorId& from, Letter letter,
                        const Origin& origin) {
  name_.clear();  // no part holds a NUL byte
  for (const std::string_view part : std::initializer_list<std::string_view>{
           from.type, from.key, letter.to.type, letter.to.key, letter.message_type}) {
    name_.append(part).push_back('\0');
  }
  const std::size_t hash = Latest::hash_of(name_);
  if (Entry* old = latest_.find(name_, hash)) {
    bytes_ -= bytes_of(*old);
    return write(*old, std::move(letter), origin);
  }
  Entry& fresh = append(target, std::move(letter), origin);
  fresh.name = name_;
  latest_.add(&fresh, hash);
}

// An InboxChunk, field by field as they come: there is no need of it as an object.
void Outbox::pack(PartitionId target, std::deque<Entry>& entries, Commit& commit) {
  std::string chunk;
  int messages = 0;
  std::unordered_map<std::string_view, std::uint32_t> causes;
  const auto flush = [&] {
    if (messages == 0) return;
    commit.inbox.push_back({target, std::move(chunk)});
    chunk.clear();
    messages = 0;
    causes.clear();
  };
  for (Entry& entry : entries) {
    if (chunk.size() + bytes_of(entry) > kChunkBytesMax || messages == kChunkMessagesMax) flush();
    if (messages == 0) {
      InboxChunk head;
      head.set_format(1);
      chunk = head.SerializeAsString();
    }
    const auto [cause, fresh] =
        causes.try_emplace(entry.cause, static_cast<std::uint32_t>(causes.size()));
    if (fresh) append_bytes_field(chunk, InboxChunk::kCausesFieldNumber, entry.cause);
    message_.set_to_type(std::move(entry.to.type));
    message_.set_to_key(std::move(entry.to.key));
    message_.mutable_message_type()->assign(entry.message_type);
    message_.set_message(std::move(entry.message));
    message_.set_cause(cause->second);
    message_.set_hops(entry.hops);
    append_message_field(chunk, InboxChunk::kMessagesFieldNumber, message_);
    ++messages;
  }
  flush();
}

void Outbox::move_to(Commit& commit) {
  for (auto& [target, entries] : targets_) pack(target, entries, commit);
  clear();
}

void Outbox::clear() {
  latest_.clear();
  targets_.clear();
  bytes_ = 0;
}

}  // namespace laurel::runtime::internal
