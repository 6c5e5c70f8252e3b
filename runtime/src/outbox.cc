#include "outbox.h"

#include <utility>

#include "laurel/runtime/keys.h"
#include "wire.h"

namespace laurel::runtime::internal {

void store_cause(const Origin& origin, StoredCause& stored) {
  const Cause& cause = origin.cause;
  stored.set_event_id(cause.event_id.data(), cause.event_id.size());
  stored.set_event_type(cause.event_type.data(), cause.event_type.size());
  stored.set_subject(cause.subject.data(), cause.subject.size());
  stored.set_source(cause.source.data(), cause.source.size());
  stored.set_time_us(origin.now);
  stored.set_watermark_us(origin.watermark);
  stored.set_catalog_known(origin.catalog_bound.known);
  stored.set_seed(big_endian(origin.seed[0]) + big_endian(origin.seed[1]));
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

Outbox::Entry Outbox::entry_of(Letter letter, const Origin& origin) {
  store_cause(origin, cause_);
  return {std::move(letter), cause_.SerializeAsString()};
}

std::size_t Outbox::bytes_of(const Entry& entry) {
  return entry.letter.to.type.size() + entry.letter.to.key.size() +
         entry.letter.message_type.size() + entry.letter.message.size() + entry.cause.size() + 32;
}

void Outbox::add(PartitionId target, Letter letter, const Origin& origin) {
  auto& entries = targets_[target];
  entries.push_back(entry_of(std::move(letter), origin));
  bytes_ += bytes_of(entries.back());
}

void Outbox::add_latest(PartitionId target, const ActorId& from, Letter letter,
                        const Origin& origin) {
  // No part holds a NUL byte.
  std::string name;
  for (const std::string_view part : std::initializer_list<std::string_view>{
           from.type, from.key, letter.to.type, letter.to.key, letter.message_type}) {
    name.append(part).push_back('\0');
  }
  const auto [it, fresh] = latest_.try_emplace(std::move(name), target, targets_[target].size());
  if (fresh) return add(target, std::move(letter), origin);
  Entry& old = targets_[it->second.first][it->second.second];
  bytes_ -= bytes_of(old);
  old = entry_of(std::move(letter), origin);
  bytes_ += bytes_of(old);
}

// An InboxChunk, field by field as they come: there is no need of it as an object.
void Outbox::pack(PartitionId target, std::vector<Entry>& entries, Commit& commit) {
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
    message_.set_to_type(std::move(entry.letter.to.type));
    message_.set_to_key(std::move(entry.letter.to.key));
    message_.set_message_type(std::move(entry.letter.message_type));
    message_.set_message(std::move(entry.letter.message));
    message_.set_cause(cause->second);
    message_.set_hops(entry.letter.hops);
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
  targets_.clear();
  latest_.clear();
  bytes_ = 0;
}

}  // namespace laurel::runtime::internal
