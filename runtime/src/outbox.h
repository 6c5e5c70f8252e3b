/// Outbox: the messages of an open commit that leave the partition, or wait for a later commit.
///
///     turn ──send──▶ other partition ─┐
///          ──send_latest, again──────▶ Outbox ──seal──▶ Commit::inbox ──▶ target's inbox
///
/// Limits     A chunk has at most kChunkBytesMax bytes and kChunkMessagesMax messages.
/// Order      Per sender and target, the order of sending; a send_latest stands where its first
/// was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flat_index.h"
#include "inbox_chunk.h"
#include "laurel/runtime/engine.h"
#include "laurel/runtime/inbox.pb.h"
#include "stable_list.h"
#include "work.h"

namespace laurel::runtime::internal {

inline constexpr std::size_t kChunkBytesMax = 512 * 1024;
inline constexpr int kChunkMessagesMax = 1000;

class Outbox {
 public:
  struct Letter {
    const ActorId& to;
    std::string_view message_type;  ///< lives as long as the process: of a descriptor
    std::string_view message;
    std::uint32_t hops = 0;
  };

  void add(PartitionId target, const Letter& letter, const Origin& origin) {
    append(targets_[target], letter, origin);
  }
  /// Replaces the letter of the same name, of latest_name_of(), if there is one.
  void add_latest(PartitionId target, const HashedName& name, const Letter& letter,
                  const Origin& origin);
  /// Asks for the memory of add_latest().
  void prefetch_latest(std::size_t hash) const { latest_.prefetch(hash); }

  bool empty() const { return letters_ == 0; }
  bool has(PartitionId target) const;
  std::size_t weight() const {
    return bytes_.used() + letters_ * sizeof(Entry) + routes_ * sizeof(Route);
  }
  /// Appends all to the commit, packed.
  void write_to(Commit& commit) const;
  void clear();

 private:
  /// An InboxRoute.
  struct Route {
    std::string_view to_key, to_type, message_type, event_type, source;
    bool operator==(const Route&) const = default;
  };
  struct Entry {
    std::uint32_t route = 0;  // of its target
    std::uint32_t hops = 0;
    std::string_view message;
    std::string_view cause;  // a StoredCause, serialized
    std::string_view name;   // of a send_latest: what the next one replaces it by
  };
  struct Target {
    std::vector<const Entry*> entries;
    std::vector<Route> routes;
  };
  struct NameOf {
    std::string_view operator()(const Entry& entry) const { return entry.name; }
  };
  using Latest = FlatIndex<Entry, NameOf>;
  Entry& append(Target& target, const Letter& letter, const Origin& origin);
  void write(Target& target, Entry& entry, const Letter& letter, const Origin& origin);
  /// `before`: where the letter's was, or any.
  std::uint32_t route_of(Target& target, std::uint32_t before, const Letter& letter,
                         const Origin& origin);
  static void pack(PartitionId id, const Target& target, Commit& commit);

  StableList<Entry> entries_;  // the targets and the index point to them
  // Those that were written to in this commit or the last: with hundreds of partitions each has to
  // do with all others now and then.
  std::map<PartitionId, Target> targets_;
  ByteArena bytes_;                       // what entries refer to
  std::size_t letters_ = 0, routes_ = 0;  // of all targets
  Latest latest_;
  StoredCause cause_;  // at hand: it keeps its memory
};

/// Of the messages that only the last one counts of: their sender, their target, their type.
struct LatestName {
  const ActorId& from;
  const ActorId& to;
  std::string_view message_type;
};
void latest_name_of(const LatestName& of, std::string& out);

/// The stored form of an origin, as a timer has it, and back; the views of the result point into
/// `stored`.
void store_cause(const Origin& origin, StoredCause& stored);
Origin origin_of(const StoredCause& stored);
/// Of a message of a chunk: type and source of the event are its route's.
Origin origin_of(const StoredCause& stored, const ChunkView::Route& route);

}  // namespace laurel::runtime::internal
