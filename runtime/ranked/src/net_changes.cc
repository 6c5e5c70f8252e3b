#include "net_changes.h"

#include <algorithm>
#include <bit>

namespace laurel::ranked::internal {

namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};
constexpr std::size_t kIdsAhead = 12;

bool is_sound(const Change& change, unsigned columns) {
  if (change.member.empty() || change.member.size() > kMemberBytesMax) return false;
  if (!change.before && !change.after) return false;
  return (!change.before || uses_only(*change.before, columns)) &&
         (!change.after || uses_only(*change.after, columns));
}

// The row that tells whether a change fits: the one it replaces, or the one that must not be there.
Probe probe_for(const Change& change) {
  return probe_of(Row{change.member, change.tie, change.before ? *change.before : *change.after});
}

}  // namespace

Applied NetChanges::collect(const Node* root, std::span<const Change> changes) {
  group(changes);
  if (index_ != nullptr) {
    look_up_by_index();
  } else {
    look_up_by_rows(root, changes);
  }
  Applied out;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (net_of_[i] != kNone && take(root, nets_[net_of_[i]], changes[i])) {
      ++out.changed;
      continue;
    }
    net_of_[i] = kNone;
    if (out.rejected++ == 0) out.first_rejected = i;
  }
  return out;
}

std::optional<std::uint32_t> NetChanges::taken_by(std::size_t change) const {
  if (net_of_[change] == kNone) return std::nullopt;
  return net_of_[change];
}

// One net per member, in the order in which they come first.
void NetChanges::group(std::span<const Change> changes) {
  nets_.clear();
  first_.clear();
  net_of_.assign(changes.size(), kNone);
  const std::size_t mask = std::bit_ceil(changes.size() * 2 + 1) - 1;
  table_.assign(mask + 1, 0);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    if (i + kIdsAhead < changes.size()) prefetch(changes[i + kIdsAhead].member.data());
    if (!is_sound(change, store_.columns())) continue;
    const std::uint64_t hash =
        index_ != nullptr ? index_->hash(change.member) : hash_of(change.member, 0);
    if (index_ != nullptr) index_->prefetch_bucket(hash);
    std::size_t at = hash & mask;
    while (table_[at] != 0 &&
           (nets_[table_[at] - 1].hash != hash || nets_[table_[at] - 1].member != change.member)) {
      at = (at + 1) & mask;
    }
    if (table_[at] == 0) {
      Net net;
      net.member = change.member;
      net.tie = change.tie;
      net.hash = hash;
      nets_.push_back(net);
      first_.push_back(static_cast<std::uint32_t>(i));
      table_[at] = static_cast<std::uint32_t>(nets_.size());
    }
    net_of_[i] = table_[at] - 1;
  }
}

void NetChanges::look_up_by_index() {
  constexpr std::size_t kAhead = 12;
  for (std::size_t i = 0; i < nets_.size() + 2 * kAhead; ++i) {
    if (i < nets_.size()) index_->prefetch_bucket(nets_[i].hash);
    if (i >= kAhead && i - kAhead < nets_.size()) index_->prefetch_record(nets_[i - kAhead].hash);
    if (i < 2 * kAhead) continue;
    Net& net = nets_[i - 2 * kAhead];
    net.known = true;
    const auto ref = index_->find(net.member, net.hash);
    if (!ref) continue;
    net.ref = *ref;
    net.held_before = net.held_now = true;
    net.before = net.now = store_.records().key(*ref);
    net.tie = store_.records().tie(*ref);
  }
}

void NetChanges::look_up_by_rows(const Node* root, std::span<const Change> changes) {
  probes_.clear();
  for (const std::uint32_t first : first_) probes_.push_back(probe_for(changes[first]));
  places_.resize(probes_.size());
  find_places({&store_.records(), store_.columns()}, root, probes_, places_);
  for (std::size_t i = 0; i < nets_.size(); ++i) {
    const std::size_t ahead = i + 12;
    if (ahead < places_.size() && places_[ahead].leaf != nullptr) {
      const Place& place = places_[ahead];
      if (place.index < place.leaf->size) {
        store_.records().prefetch(place.leaf->row[place.index].member);
      }
    }
    learn(nets_[i], changes[first_[i]], places_[i]);
  }
}

// What the table holds of a member, as far as its change tells.
void NetChanges::learn(Net& net, const Change& change, const Place& place) {
  const Lens lens{&store_.records(), store_.columns()};
  const bool held =
      place.leaf != nullptr && is_row(lens, *place.leaf, place.index, probe_for(change));
  // A change that does not fit tells nothing; the member's next one is looked up by itself.
  if (held != change.before.has_value()) return;
  net.known = true;
  net.tie = change.tie;
  if (!held) return;
  net.ref = place.leaf->row[place.index].member;
  net.held_before = net.held_now = true;
  net.before = net.now = *change.before;
}

bool NetChanges::take(const Node* root, Net& net, const Change& change) {
  if (index_ != nullptr) {
    if (!change.after && !net.held_now) return false;
  } else {
    if (!net.known) {
      const Lens lens{&store_.records(), store_.columns()};
      learn(net, change, find_place(lens, root, probe_for(change)));
    }
    if (!net.known || net.tie != change.tie) return false;
    if (change.before.has_value() != net.held_now) return false;
    if (net.held_now && *change.before != net.now) return false;
  }
  net.held_now = change.after.has_value();
  if (change.after) net.now = *change.after;
  return true;
}

std::size_t NetChanges::memory() const {
  return nets_.capacity() * sizeof(Net) + probes_.capacity() * sizeof(Probe) +
         places_.capacity() * sizeof(Place) +
         (net_of_.capacity() + first_.capacity() + table_.capacity()) * sizeof(std::uint32_t);
}

}  // namespace laurel::ranked::internal
