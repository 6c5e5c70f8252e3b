// BoardOrder against a list: what a record says is applied, what does not fit is told.
#include "board_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <random>

#include "verify_entry.h"

namespace laurel::console {
namespace {

namespace json = boost::json;

using List = std::vector<BoardItem>;

List list_of(const BoardOrder& order) {
  List out;
  order.walk([&](const BoardItem& item) {
    out.push_back(item);
    return true;
  });
  return out;
}

json::object place(const List& list, std::size_t at) {
  return {{"position", std::to_string(at)},
          {"columns", json::array{std::to_string(list[at].column)}},
          {"time", list[at].reached}};
}

// The record from one list to the next, by the law and by brute force: who is another is a mover.
json::object record_of(const List& before, const List& after, std::uint64_t version,
                       const std::vector<std::string>& moved) {
  json::array movers, shifts;
  const auto at = [](const List& list, const std::string& member) {
    return static_cast<std::size_t>(
        std::find_if(list.begin(), list.end(),
                     [&](const BoardItem& item) { return item.member == member; }) -
        list.begin());
  };
  for (const std::string& member : moved) {
    json::object mover{{"member", member}};
    if (const auto old = at(before, member); old < before.size()) {
      mover["before"] = place(before, old);
    }
    if (const auto now = at(after, member); now < after.size()) mover["after"] = place(after, now);
    movers.push_back(std::move(mover));
  }
  std::int64_t by = 0;
  std::size_t from = 0;
  const auto close = [&](std::size_t to) {
    if (by != 0) {
      shifts.push_back(json::object{
          {"from", std::to_string(from)}, {"to", std::to_string(to)}, {"by", std::to_string(by)}});
    }
    by = 0;
  };
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (std::find(moved.begin(), moved.end(), before[i].member) != moved.end()) {
      close(i);
      continue;
    }
    const auto now =
        static_cast<std::int64_t>(at(after, before[i].member)) - static_cast<std::int64_t>(i);
    if (now == by) continue;
    close(i);
    by = now;
    from = i;
  }
  close(before.size());
  return {{"version", std::to_string(version)}, {"movers", movers}, {"shifts", shifts}};
}

bool first(const BoardItem& a, const BoardItem& b) {
  return std::tie(a.column, a.reached, a.member) < std::tie(b.column, b.reached, b.member);
}

// A version that differs in a few members, and who they are.
std::pair<List, std::vector<std::string>> next_of(List list, std::mt19937& random) {
  std::vector<std::string> moved;
  for (auto i = random() % 6; i-- > 0;) {
    const std::string member = "p" + std::to_string(random() % 30);
    if (std::find(moved.begin(), moved.end(), member) != moved.end()) continue;
    const auto size = list.size();
    std::erase_if(list, [&](const BoardItem& item) { return item.member == member; });
    if (list.size() == size || random() % 4 != 0) {
      list.push_back({member, static_cast<std::int64_t>(random() % 9), "t"});
    }
    moved.push_back(member);
  }
  std::sort(list.begin(), list.end(), first);
  return {list, moved};
}

TEST(BoardOrder, FollowsTheRecordsVersionByVersion) {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    BoardOrder order;
    List list;
    for (std::uint64_t version = 1; version <= 60; ++version) {
      const auto [after, moved] = next_of(list, random);
      ASSERT_EQ(order.apply(record_of(list, after, version, moved)), "") << seed;
      list = after;
      ASSERT_EQ(list_of(order), list) << seed;
      ASSERT_EQ(order.size(), list.size());
    }
  }
}

struct Tampered : ::testing::Test {
  Tampered() {
    for (int i = 0; i < 6; ++i) before.push_back({"p" + std::to_string(i), i * 10, "t"});
    std::vector<std::string> all;
    for (const auto& item : before) all.push_back(item.member);
    EXPECT_EQ(order.apply(record_of({}, before, 1, all)), "");
    after = before;
    after[5].column = 15;
    std::sort(after.begin(), after.end(), first);
    record = record_of(before, after, 2, {"p5"});
  }
  BoardOrder order;
  List before, after;
  json::object record;
};

TEST_F(Tampered, AsItIsItFits) { EXPECT_EQ(order.apply(record), ""); }
TEST_F(Tampered, AGapInTheVersions) {
  record["version"] = "3";
  EXPECT_NE(order.apply(record), "");
}
TEST_F(Tampered, AMoverFromAnotherPlace) {
  record["movers"].as_array()[0].as_object()["before"].as_object()["position"] = "4";
  EXPECT_NE(order.apply(record), "");
}
TEST_F(Tampered, AMoverWithAnotherScoreBefore) {
  record["movers"].as_array()[0].as_object()["before"].as_object()["columns"] = json::array{"7"};
  EXPECT_NE(order.apply(record), "");
}
TEST_F(Tampered, APlaceThatIsNotThere) {
  record["movers"].as_array()[0].as_object()["before"].as_object()["position"] = "6";
  EXPECT_NE(order.apply(record), "");
}
TEST_F(Tampered, AShiftThatIsMissingOrWrong) {
  ASSERT_EQ(record["shifts"].as_array().size(), 1U);
  BoardOrder other = order;
  json::object missing = record;
  missing["shifts"] = json::array();
  EXPECT_NE(other.apply(missing), "");
  record["shifts"].as_array()[0].as_object()["by"] = "2";
  EXPECT_NE(order.apply(record), "");
}

TEST(Times, OfTheApiAreMicroseconds) {
  EXPECT_EQ(time_us("1970-01-01T00:00:00.000001Z"), 1);
  EXPECT_EQ(time_us("2026-02-16T18:00:00.000000Z"), 1'771'264'800'000'000);
  EXPECT_FALSE(time_us("soon").has_value());
}

}  // namespace
}  // namespace laurel::console
