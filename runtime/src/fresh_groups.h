/// FreshGroups: spares the store the question for roots that it cannot hold. A group is the actors
/// of a type that share what stands before the routing key, such as the entries of one run. Of a
/// group that had no root when it was first asked about, every root is known that was written
/// since: any other is not there.
///
/// Why        Whoever plays in a run for the first time costs a look into the store that finds
///            nothing: with ten runs at a time, one at each third wager.
/// Why right  A root that was written is never deleted. It comes into a group only by writes(),
/// which
///            is told before its row is; what is in commits on their way is seen by the first look.
///            An abort takes rows away and no root here, which is a question too many. So is a
///            group that was forgotten: the next look at it finds what is stored.
/// Threads    The partition's.
/// Limits     kGroupsMax groups, `roots_max` roots, of kRootBytes each. Beyond them the store is
///            asked: about groups that are not known, and those that were used least recently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "hash_set.h"
#include "hashed_name.h"
#include "laurel/api/actor_type.h"
#include "layers.h"

namespace laurel::runtime::internal {

class FreshGroups {
 public:
  static constexpr std::size_t kGroupsMax = 256;
  static constexpr std::size_t kRootBytes = 8;  // 5 to 11

  FreshGroups(Layers& layers, std::size_t roots_max) : layers_(layers), roots_max_(roots_max) {}

  /// Whether the rows written so far may hold that root. REQUIRES: `root` is the name of its row.
  bool may_hold(const ActorType& type, std::string_view key, const HashedName& root,
                std::int64_t now_us);
  /// That row is about to be written, the first time since the actor came into memory.
  void writes(const ActorType& type, std::string_view key, const HashedName& root,
              std::int64_t now_us);
  void forget_unused_since(std::int64_t us);

  std::size_t groups() const { return groups_.size(); }
  std::size_t roots() const { return roots_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  struct Group {
    bool fresh = false;  // else the store is asked
    HashSet roots;       // two roots of one hash are a question too many
    std::int64_t used_at_us = 0;
  };
  using Groups = std::unordered_map<std::string, Group, Hash, std::equal_to<>>;
  static std::string_view group_of(const ActorType& type, std::string_view key,
                                   std::string_view root);
  bool none_stored(std::string_view group);
  void give_up_one(const Group& keep);
  void give_up(Group& group);

  Layers& layers_;
  const std::size_t roots_max_;
  Groups groups_;
  std::size_t roots_ = 0;  // of all groups
};

}  // namespace laurel::runtime::internal
