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
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "laurel/runtime/engine.h"
#include "work.h"

namespace laurel::runtime::internal {

inline constexpr std::size_t kChunkBytesMax = 512 * 1024;
inline constexpr int kChunkMessagesMax = 1000;

class Outbox {
 public:
  struct Letter {
    ActorId to;
    std::string message_type;
    std::string message;
    std::uint32_t hops = 0;
  };

  void add(PartitionId target, Letter letter, const Origin& origin);
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
    Letter letter;
    std::string cause;  // a StoredCause, serialized
  };
  Entry entry_of(Letter letter, const Origin& origin);
  static std::size_t bytes_of(const Entry& entry);
  void pack(PartitionId target, std::vector<Entry>& entries, Commit& commit);

  std::map<PartitionId, std::vector<Entry>> targets_;
  std::unordered_map<std::string, std::pair<PartitionId, std::size_t>> latest_;
  std::size_t bytes_ = 0;
  StoredCause cause_;  // at hand: both keep their memory
  InboxMessage message_;
};

/// The stored form of an origin and back; the views of the result point into `stored`.
void store_cause(const Origin& origin, StoredCause& stored);
Origin origin_of(const StoredCause& stored);

}  // namespace laurel::runtime::internal
