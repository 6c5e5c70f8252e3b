#include "board_order.h"

#include <algorithm>
#include <optional>
#include <ranges>

#include "arguments.h"

namespace laurel::console {

namespace json = boost::json;

namespace {

std::uint64_t u64(const json::value& object, std::string_view member) {
  return std::strtoull(text_of(object, member).c_str(), nullptr, 10);
}

struct Placed {
  std::uint64_t position = 0;
  BoardItem item;
};

std::optional<Placed> placed(const json::value& mover, const char* side) {
  const auto* place = mover.as_object().if_contains(side);
  if (place == nullptr || place->is_null()) return std::nullopt;
  Placed out;
  out.position = u64(*place, "position");
  out.item.member = text_of(mover, "member");
  const auto& columns = place->at("columns").as_array();
  if (!columns.empty()) {
    out.item.column = std::strtoll(std::string(columns.at(0).as_string()).c_str(), nullptr, 10);
  }
  out.item.reached = text_of(*place, "time");
  return out;
}

struct Shift {
  std::uint64_t from, to;
  std::int64_t by;
  bool operator==(const Shift&) const = default;
};

// What members that do not move are displaced by. Among them alone, the one that is r-th was at
// r + (those taken out before it) and goes to r + (those put in before it).
std::vector<Shift> shifts_of(const std::vector<Placed>& out, const std::vector<Placed>& in,
                             std::uint64_t rest) {
  std::vector<Shift> shifts;
  std::size_t taken = 0, put = 0;
  for (std::uint64_t at = 0; at < rest;) {
    while (taken < out.size() && out[taken].position - taken <= at) ++taken;
    while (put < in.size() && in[put].position - put <= at) ++put;
    std::uint64_t end = rest;
    if (taken < out.size()) end = std::min(end, out[taken].position - taken);
    if (put < in.size()) end = std::min(end, in[put].position - put);
    const auto by = static_cast<std::int64_t>(put) - static_cast<std::int64_t>(taken);
    if (by != 0) shifts.push_back({at + taken, end + taken, by});
    at = end;
  }
  return shifts;
}

bool by_position(const Placed& a, const Placed& b) { return a.position < b.position; }

}  // namespace

void BoardOrder::recount(Link link) {
  nodes_[link].count = 1 + count_of(nodes_[link].left) + count_of(nodes_[link].right);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the treap
std::pair<BoardOrder::Link, BoardOrder::Link> BoardOrder::split(Link link,
                                                                std::uint64_t left_count) {
  if (link == kNone) return {kNone, kNone};
  const std::uint64_t left = count_of(nodes_[link].left);
  if (left_count <= left) {
    const auto parts = split(nodes_[link].left, left_count);
    nodes_[link].left = parts.second;
    recount(link);
    return {parts.first, link};
  }
  const auto parts = split(nodes_[link].right, left_count - left - 1);
  nodes_[link].right = parts.first;
  recount(link);
  return {link, parts.second};
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the treap
BoardOrder::Link BoardOrder::merge(Link left, Link right) {
  if (left == kNone) return right;
  if (right == kNone) return left;
  if (nodes_[left].weight > nodes_[right].weight) {
    nodes_[left].right = merge(nodes_[left].right, right);
    recount(left);
    return left;
  }
  nodes_[right].left = merge(left, nodes_[right].left);
  recount(right);
  return right;
}

BoardItem BoardOrder::take(std::uint64_t position) {
  const auto [before, from] = split(root_, position);
  const auto [one, after] = split(from, 1);
  root_ = merge(before, after);
  free_.push_back(one);
  return std::move(nodes_[one].item);
}

void BoardOrder::insert(std::uint64_t position, BoardItem item) {
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 17U;
  random_ ^= random_ << 5U;
  Link link = static_cast<Link>(nodes_.size());
  if (free_.empty()) {
    nodes_.emplace_back();
  } else {
    link = free_.back();
    free_.pop_back();
  }
  nodes_[link] = Node{std::move(item), random_, 1, kNone, kNone};
  const auto [before, after] = split(root_, position);
  root_ = merge(merge(before, link), after);
}

std::string BoardOrder::apply(const json::value& record) {
  const std::uint64_t version = u64(record, "version");
  if (version != version_ + 1) {
    return "version " + std::to_string(version) + " follows version " + std::to_string(version_);
  }
  version_ = version;
  const std::string at = "version " + std::to_string(version) + ": ";
  std::vector<Placed> out, in;
  for (const auto& mover : record.at("movers").as_array()) {
    if (auto before = placed(mover, "before")) out.push_back(std::move(*before));
    if (auto after = placed(mover, "after")) in.push_back(std::move(*after));
  }
  std::sort(out.begin(), out.end(), by_position);
  std::sort(in.begin(), in.end(), by_position);
  std::string wrong;
  for (const Placed& each : std::views::reverse(out)) {
    if (each.position >= size()) return at + each.item.member + " was on no such place";
    if (take(each.position) != each.item && wrong.empty()) {
      wrong = at + each.item.member + " was not at position " + std::to_string(each.position);
    }
  }
  const auto expected = shifts_of(out, in, size());
  for (Placed& each : in) {
    if (each.position > size()) return at + each.item.member + " goes to no place";
    insert(each.position, std::move(each.item));
  }
  std::vector<Shift> told;
  for (const auto& shift : record.at("shifts").as_array()) {
    told.push_back({u64(shift, "from"), u64(shift, "to"),
                    std::strtoll(text_of(shift, "by").c_str(), nullptr, 10)});
  }
  if (wrong.empty() && told != expected) wrong = at + "its shifts are not what its movers displace";
  return wrong;
}

void BoardOrder::walk(const std::function<bool(const BoardItem&)>& item) const {
  std::vector<Link> path;
  Link at = root_;
  while (at != kNone || !path.empty()) {
    for (; at != kNone; at = nodes_[at].left) path.push_back(at);
    at = path.back();
    path.pop_back();
    if (!item(nodes_[at].item)) return;
    at = nodes_[at].right;
  }
}

}  // namespace laurel::console
