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
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "flat_index.h"
#include "laurel/runtime/engine.h"
#include "work.h"

namespace laurel::runtime::internal {

inline constexpr std::size_t kChunkBytesMax = 512 * 1024;
inline constexpr int kChunkMessagesMax = 1000;

class Outbox {
 public:
  struct Letter {
    const ActorId& to;
    std::string_view message_type;  ///< lives as long as the process: of a descriptor
    std::string message;
    std::uint32_t hops = 0;
  };

  void add(PartitionId target, Letter letter, const Origin& origin) {
    append(target, std::move(letter), origin);
  }
  /// Replaces the letter of the same sender, target and type, if there is one.
  void add_latest(PartitionId target, const ActorId& from, Letter letter, const Origin& origin);

  bool empty() const { return targets_.empty(); }
  bool has(PartitionId target) const { return targets_.contains(target); }
  std::size_t bytes() const { return bytes_; }
  /// Moves all into the commit, packed.
  void move_to(Commit& commit);
  void clear();

 private:
  struct Entry {
    ActorId to;
    std::string_view message_type;
    std::string message;
    std::string cause;  // a StoredCause, serialized
    std::uint32_t hops = 0;
    std::string name;  // of a send_latest: what the next one replaces it by
  };
  struct NameOf {
    std::string_view operator()(const Entry& entry) const { return entry.name; }
  };
  using Latest = FlatIndex<Entry, NameOf>;
  Entry& append(PartitionId target, Letter letter, const Origin& origin);
  /// What may be another each time: all but the address and the type.
  void write(Entry& entry, Letter letter, const Origin& origin);
  static std::size_t bytes_of(const Entry& entry);
  void pack(PartitionId target, std::deque<Entry>& entries, Commit& commit);

  std::map<PartitionId, std::deque<Entry>> targets_;  // a deque: the index points into it
  Latest latest_;
  std::size_t bytes_ = 0;
  StoredCause cause_;  // at hand, like the two below: they keep their memory
  InboxMessage message_;
  std::string name_;
};

/// The stored form of an origin and back; the views of the result point into `stored`.
void store_cause(const Origin& origin, StoredCause& stored);
Origin origin_of(const StoredCause& stored);

}  // namespace laurel::runtime::internal
