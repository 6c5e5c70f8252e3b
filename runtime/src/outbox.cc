#include "outbox.h"

#include <utility>

#include "laurel/runtime/keys.h"

namespace laurel::runtime::internal {

StoredCause stored_cause(const Origin& origin) {
  StoredCause stored;
  const auto text = [](std::string_view view) { return std::string(view); };
  stored.set_event_id(text(origin.cause.event_id));
  stored.set_event_type(text(origin.cause.event_type));
  stored.set_subject(text(origin.cause.subject));
  stored.set_source(text(origin.cause.source));
  stored.set_time_us(origin.now);
  stored.set_watermark_us(origin.watermark);
  stored.set_catalog_known(origin.catalog_bound.known);
  stored.set_seed(big_endian(origin.seed[0]) + big_endian(origin.seed[1]));
  return stored;
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
  Entry entry{std::move(letter), stored_cause(origin), {}};
  entry.cause.SerializeToString(&entry.cause_id);
  return entry;
}

std::size_t Outbox::bytes_of(const Entry& entry) {
  return entry.letter.to.type.size() + entry.letter.to.key.size() +
         entry.letter.message_type.size() + entry.letter.message.size() + entry.cause_id.size() +
         32;
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

void Outbox::pack(PartitionId target, std::vector<Entry>& entries, Commit& commit) {
  InboxChunk chunk;
  std::size_t bytes = 0;
  std::unordered_map<std::string, std::uint32_t> causes;
  const auto flush = [&] {
    if (chunk.messages_size() == 0) return;
    chunk.set_format(1);
    commit.inbox.push_back({target, chunk.SerializeAsString()});
    chunk.Clear();
    causes.clear();
    bytes = 0;
  };
  for (Entry& entry : entries) {
    const std::size_t more = bytes_of(entry);
    if (bytes + more > kChunkBytesMax || chunk.messages_size() == kChunkMessagesMax) flush();
    bytes += more;
    const auto [cause, fresh] =
        causes.try_emplace(std::move(entry.cause_id), static_cast<std::uint32_t>(causes.size()));
    if (fresh) chunk.add_causes()->Swap(&entry.cause);
    InboxMessage& message = *chunk.add_messages();
    message.set_to_type(std::move(entry.letter.to.type));
    message.set_to_key(std::move(entry.letter.to.key));
    message.set_message_type(std::move(entry.letter.message_type));
    message.set_message(std::move(entry.letter.message));
    message.set_cause(cause->second);
    message.set_hops(entry.letter.hops);
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
