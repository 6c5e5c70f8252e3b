#include "outbox.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include "laurel/runtime/keys.h"
#include "wire.h"

namespace laurel::runtime::internal {

namespace {

void store_cause_in_chunk(const Origin& origin, StoredCause& stored) {
  const Cause& cause = origin.cause;
  stored.mutable_event_id()->assign(cause.event_id);
  stored.mutable_subject()->assign(cause.subject);
  stored.set_time_us(origin.now);
  stored.set_watermark_us(origin.watermark);
  stored.set_catalog_known(origin.catalog_bound.known);
  stored.mutable_seed()->assign(big_endian(origin.seed[0])).append(big_endian(origin.seed[1]));
}

}  // namespace

void latest_name_of(const LatestName& of, std::string& out) {
  out.clear();  // no part holds a NUL byte
  for (const std::string_view part : std::initializer_list<std::string_view>{
           of.from.type, of.from.key, of.to.type, of.to.key, of.message_type}) {
    out.append(part).push_back('\0');
  }
}

void store_cause(const Origin& origin, StoredCause& stored) {
  store_cause_in_chunk(origin, stored);
  stored.mutable_event_type()->assign(origin.cause.event_type);
  stored.mutable_source()->assign(origin.cause.source);
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

Origin origin_of(const StoredCause& stored, const ChunkView::Route& route) {
  Origin origin = origin_of(stored);
  origin.cause.event_type = route.event_type;
  origin.cause.source = route.source;
  return origin;
}

namespace {

// Of what a letter takes in a chunk, at most, beside its texts; and its route, when it is new
// there.
constexpr std::size_t kMessageOverhead = 32, kRouteOverhead = 32;
// A letter's route is looked for among so many of the newest: few are used at a time.
constexpr std::size_t kRoutesCompared = 8;
constexpr std::size_t kRoutesKept = 256;  // room for them, from commit to commit
constexpr std::uint32_t kNowhere = UINT32_MAX;

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

// A message of texts alone, as a field of the chunk.
void append_texts(std::string& chunk, int field,
                  std::initializer_list<std::pair<int, std::string_view>> texts) {
  std::size_t size = 0;
  for (const auto& [number, text] : texts) {
    if (!text.empty()) size += bytes_field_size(number, text.size());
  }
  append_bytes_header(chunk, field, size);
  for (const auto& [number, text] : texts) {
    if (!text.empty()) append_bytes_field(chunk, number, text);
  }
}

struct MessageHead {
  std::uint32_t route = 0, cause = 0, hops = 0;
};

// An InboxMessage as a field of the chunk.
void append_message(std::string& chunk, const MessageHead& head, std::string_view message) {
  std::size_t size =
      number_field_size(head.route) + number_field_size(head.cause) + number_field_size(head.hops);
  if (!message.empty()) size += bytes_field_size(InboxMessage::kMessageFieldNumber, message.size());
  append_bytes_header(chunk, InboxChunk::kMessagesFieldNumber, size);
  if (!message.empty()) append_bytes_field(chunk, InboxMessage::kMessageFieldNumber, message);
  append_number_field(chunk, InboxMessage::kCauseFieldNumber, head.cause);
  append_number_field(chunk, InboxMessage::kHopsFieldNumber, head.hops);
  append_number_field(chunk, InboxMessage::kRouteFieldNumber, head.route);
}

}  // namespace

bool Outbox::has(PartitionId target) const {
  const auto known = targets_.find(target);
  return known != targets_.end() && !known->second.entries.empty();
}

std::uint32_t Outbox::route_of(Target& target, std::uint32_t before, const Letter& letter,
                               const Origin& origin) {
  const Route route{letter.to.key, letter.to.type, letter.message_type, origin.cause.event_type,
                    origin.cause.source};
  std::vector<Route>& routes = target.routes;
  if (before < routes.size() && routes[before] == route) return before;
  const std::size_t first = routes.size() - std::min(routes.size(), kRoutesCompared);
  for (std::size_t at = routes.size(); at > first; --at) {
    if (routes[at - 1] == route) return static_cast<std::uint32_t>(at - 1);
  }
  routes.push_back({bytes_.keep(route.to_key), bytes_.keep(route.to_type), route.message_type,
                    bytes_.keep(route.event_type), bytes_.keep(route.source)});
  ++routes_;
  return static_cast<std::uint32_t>(routes.size() - 1);
}

void Outbox::write(Target& target, Entry& entry, const Letter& letter, const Origin& origin) {
  entry.route = route_of(target, entry.route, letter, origin);
  entry.message = bytes_.keep(letter.message);
  entry.hops = letter.hops;
  store_cause_in_chunk(origin, cause_);
  entry.cause = keep_message(bytes_, cause_);
}

Outbox::Entry& Outbox::append(Target& target, const Letter& letter, const Origin& origin) {
  Entry& entry = entries_.push_back({});
  target.entries.push_back(&entry);
  ++letters_;
  write(target, entry, letter, origin);
  return entry;
}

void Outbox::add_latest(PartitionId id, const HashedName& name, const Letter& letter,
                        const Origin& origin) {
  Target& target = targets_[id];
  if (Entry* old = latest_.find(name)) return write(target, *old, letter, origin);
  Entry& fresh = append(target, letter, origin);
  fresh.name = bytes_.keep(name.text);
  latest_.add(&fresh, name.hash);
}

// An InboxChunk, field by field as they come: there is no need of it as an object. Letters of one
// turn mostly stand together: a cause is compared with that of the letter before only.
void Outbox::pack(PartitionId id, const Target& target, Commit& commit) {
  std::string chunk;
  int messages = 0;
  std::uint32_t causes = 0, routes = 0;
  std::string_view last_cause;
  std::vector<std::uint32_t> places(target.routes.size(), kNowhere);  // of routes, in the chunk
  const auto flush = [&] {
    if (messages == 0) return;
    commit.inbox.push_back({id, std::move(chunk)});
    chunk.clear();
    messages = 0;
    causes = routes = 0;
    std::ranges::fill(places, kNowhere);
  };
  for (const Entry* const each : target.entries) {
    const Entry& entry = *each;
    const Route& route = target.routes[entry.route];
    const std::size_t of_route = route.to_key.size() + route.to_type.size() +
                                 route.message_type.size() + route.event_type.size() +
                                 route.source.size() + kRouteOverhead;
    const std::size_t bytes =
        of_route + entry.message.size() + entry.cause.size() + kMessageOverhead;
    if (chunk.size() + bytes > kChunkBytesMax || messages == kChunkMessagesMax) flush();
    if (messages == 0) append_number_field(chunk, InboxChunk::kFormatFieldNumber, kChunkFormat);
    if (causes == 0 || entry.cause != last_cause) {
      append_bytes_field(chunk, InboxChunk::kCausesFieldNumber, entry.cause);
      last_cause = entry.cause;
      ++causes;
    }
    if (places[entry.route] == kNowhere) {
      places[entry.route] = routes++;
      append_texts(chunk, InboxChunk::kRoutesFieldNumber,
                   {{InboxRoute::kToTypeFieldNumber, route.to_type},
                    {InboxRoute::kToKeyFieldNumber, route.to_key},
                    {InboxRoute::kMessageTypeFieldNumber, route.message_type},
                    {InboxRoute::kEventTypeFieldNumber, route.event_type},
                    {InboxRoute::kSourceFieldNumber, route.source}});
    }
    append_message(chunk, {places[entry.route], causes - 1, entry.hops}, entry.message);
    ++messages;
  }
  flush();
}

void Outbox::write_to(Commit& commit) const {
  for (const auto& [id, target] : targets_) pack(id, target, commit);
}

void Outbox::clear() {
  latest_.clear();
  entries_.clear();
  std::erase_if(targets_, [](const auto& each) { return each.second.entries.empty(); });
  for (auto& [id, target] : targets_) {
    target.entries.clear();
    target.routes.clear();
    if (target.routes.capacity() > kRoutesKept) target.routes.shrink_to_fit();
  }
  letters_ = routes_ = 0;
  bytes_.clear();
}

}  // namespace laurel::runtime::internal
