#include "layers.h"

#include <algorithm>
#include <map>

#include "laurel/runtime/keys.h"

namespace laurel::runtime::internal {

const std::optional<std::string_view>* Layers::unstored(Space space, const HashedName& key) const {
  if (const Row* row = open.find(space, key)) return &row->value;
  if (in_flight && in_flight_keys_.may_hold(key.hash)) {
    if (const Row* row = find_row(*in_flight, space, key.text)) return &row->value;
  }
  return nullptr;
}

std::optional<std::string> Layers::read(Space space, const HashedName& key) {
  if (const auto* value = unstored(space, key)) {
    return *value ? std::optional<std::string>(**value) : std::nullopt;
  }
  const auto& fetched = fetched_[static_cast<std::size_t>(space)];
  if (const auto at = std::lower_bound(fetched.keys.begin(), fetched.keys.end(), key.text);
      at != fetched.keys.end() && *at == key.text) {
    return fetched.values[static_cast<std::size_t>(at - fetched.keys.begin())];
  }
  auto stored = engine_.get(partition_, space, key.text);
  if (!stored) {
    fail(stored.error());
    return std::nullopt;
  }
  return std::move(*stored);
}

void Layers::scan(Space space, std::string_view prefix, std::string_view from,
                  const std::function<bool(std::string_view, std::string_view)>& row) {
  std::map<std::string_view, const std::optional<std::string_view>*> upper;
  if (in_flight) {
    const Row* const end = in_flight->rows.data() + in_flight->rows.size();
    for (const Row* at = first_row(*in_flight, space, from);
         at != end && at->space == space && at->key.starts_with(prefix); ++at) {
      upper[at->key] = &at->value;
    }
  }
  open.each(space, prefix, [&](const Row& candidate) {
    if (candidate.key >= from) upper[candidate.key] = &candidate.value;
  });
  auto next = upper.begin();
  bool go_on = true;
  const auto upper_until = [&](std::string_view limit, bool all) {
    for (; go_on && next != upper.end() && (all || next->first < limit); ++next) {
      if (*next->second) go_on = row(next->first, **next->second);
    }
  };
  auto view = engine_.view(partition_);
  if (!view) return fail(view.error());
  const Status status = (*view)->scan(space, from, prefix_end(prefix),
                                      [&](std::string_view key, std::string_view value) {
                                        upper_until(key, false);
                                        if (!go_on) return false;
                                        if (next != upper.end() && next->first == key) return true;
                                        go_on = row(key, value);
                                        return go_on;
                                      });
  if (!status) return fail(status.error());
  upper_until({}, true);
}

void Layers::prefetch(Space space, std::vector<std::string_view> keys) {
  if (keys.empty()) return;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  Fetched& fetched = fetched_[static_cast<std::size_t>(space)];
  LAUREL_ASSERT(fetched.keys.empty());
  if (const Status status = engine_.multi_get(partition_, space, keys, fetched.values); !status) {
    return fail(status.error());
  }
  fetched.keys = std::move(keys);
}

void Layers::seal(const std::shared_ptr<Commit>& commit) {
  open.swap_keys(in_flight_keys_);
  open.move_to(*commit);
  in_flight = commit;
}

void Layers::forget() {
  for (Fetched& space : fetched_) {
    space.keys.clear();
    space.values.clear();
  }
}

}  // namespace laurel::runtime::internal
