#include "fresh_groups.h"

#include "laurel/runtime/registry.h"

namespace laurel::runtime::internal {

// Empty: it is of no group.
std::string_view FreshGroups::group_of(const ActorType& type, std::string_view key,
                                       std::string_view root) {
  const std::size_t before = key.size() - routing_key_of(type, key).size();
  return before == 0 ? std::string_view() : root.substr(0, type.name.size() + 1 + before);
}

bool FreshGroups::may_hold(const ActorType& type, std::string_view key, const HashedName& root,
                           std::int64_t now_us) {
  const std::string_view name = group_of(type, key, root.text);
  if (name.empty()) return true;
  auto known = groups_.find(name);
  if (known == groups_.end()) {
    if (groups_.size() == kGroupsMax) return true;
    known = groups_.try_emplace(std::string(name)).first;
    known->second.fresh = none_stored(name);
  }
  Group& group = known->second;
  group.used_at_us = now_us;
  return !group.fresh || group.roots.contains(root.hash);
}

void FreshGroups::writes(const ActorType& type, std::string_view key, const HashedName& root,
                         std::int64_t now_us) {
  const std::string_view name = group_of(type, key, root.text);
  if (name.empty()) return;
  const auto known = groups_.find(name);
  if (known == groups_.end() || !known->second.fresh) return;
  Group& group = known->second;
  group.used_at_us = now_us;
  if (roots_ == roots_max_) give_up_one(group);
  if (roots_ == roots_max_) return give_up(group);
  if (group.roots.insert(root.hash)) ++roots_;
}

bool FreshGroups::none_stored(std::string_view group) {
  bool none = true;
  layers_.scan(Space::kState, group, group, [&none](std::string_view, std::string_view) {
    none = false;
    return false;
  });
  return none && !layers_.failed();
}

// A run that is over goes before one that is played.
void FreshGroups::give_up_one(const Group& keep) {
  Group* oldest = nullptr;
  for (auto& [name, group] : groups_) {
    if (&group == &keep || group.roots.empty()) continue;
    if (oldest == nullptr || group.used_at_us < oldest->used_at_us) oldest = &group;
  }
  if (oldest != nullptr) give_up(*oldest);
}

void FreshGroups::give_up(Group& group) {
  roots_ -= group.roots.size();
  group.roots = {};
  group.fresh = false;
}

void FreshGroups::forget_unused_since(std::int64_t us) {
  for (auto it = groups_.begin(); it != groups_.end();) {
    if (it->second.used_at_us >= us) {
      ++it;
      continue;
    }
    roots_ -= it->second.roots.size();
    it = groups_.erase(it);
  }
}

}  // namespace laurel::runtime::internal
