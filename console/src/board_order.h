/// BoardOrder: a board rebuilt from the records of topic `position-changes`, one version after the
/// other. Shares no code with the tree that wrote them.
///
/// Why        Each record claims to be all that changed. So it is applied to the version before,
/// and
///            whatever does not fit is told: a gap, a mover that was not there, a shift that is not
///            what the movers displace.
/// Cost       O(movers log members) a version; memory for the members.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

namespace laurel::console {

struct BoardItem {
  std::string member;
  std::int64_t column = 0;  ///< what the board orders by; the smaller comes first
  std::string reached;      ///< as the API writes it
  bool operator==(const BoardItem&) const = default;
};

class BoardOrder {
 public:
  /// Empty, or why the record is not what follows.
  std::string apply(const boost::json::value& record);
  std::uint64_t version() const { return version_; }
  std::uint64_t size() const { return root_ == kNone ? 0 : nodes_[root_].count; }
  /// In order, until `item` returns false.
  void walk(const std::function<bool(const BoardItem& item)>& item) const;

 private:
  // An implicit treap: a node's place is the number of nodes left of it.
  using Link = std::uint32_t;
  static constexpr Link kNone = ~Link{0};
  struct Node {
    BoardItem item;
    std::uint32_t weight = 0;
    std::uint64_t count = 1;
    Link left = kNone, right = kNone;
  };
  std::uint64_t count_of(Link link) const { return link == kNone ? 0 : nodes_[link].count; }
  void recount(Link link);
  std::pair<Link, Link> split(Link link, std::uint64_t left_count);
  Link merge(Link left, Link right);
  BoardItem take(std::uint64_t position);
  void insert(std::uint64_t position, BoardItem item);

  std::vector<Node> nodes_;
  std::vector<Link> free_;
  Link root_ = kNone;
  std::uint64_t version_ = 0;
  std::uint32_t random_ = 2'463'534'242;
};

}  // namespace laurel::console
