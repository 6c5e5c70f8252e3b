// /v1/tournaments without a socket: what is read, which version, what is refused.
#include "tournaments_api.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "position.h"
#include "unit/gateway/fake_boards.h"
#include "unit/gateway/fake_node.h"

namespace laurel::gateway::internal {
namespace {

namespace json = boost::json;
using laurel::testing::FakeBoards;
using laurel::testing::FakeNode;

const std::string kRun = "cup@2026-02-16T18:00Z";
constexpr TimeUs kStart = 1'771'264'800'000'000;

contract::Tournaments tournaments() {
  contract::Tournaments out;
  auto& cup = *out.add_tournament();
  cup.set_id("cup");
  cup.set_operator_(contract::SCORE_OPERATOR_TOTAL_STAKE);
  cup.set_asset("EUR");
  cup.set_scale(2);
  cup.set_start("2026-02-16T18:00");
  cup.set_end("2026-02-16T20:00");
  auto& later = *out.add_tournament();
  later.set_id("later");
  later.set_operator_(contract::SCORE_OPERATOR_COUNT);
  later.set_start("2199-01-01T00:00");
  later.set_end("2199-01-02T00:00");
  return out;
}

class Tournaments : public ::testing::Test {
 protected:
  Tournaments() {
    node.node_catalog = laurel::testing::catalog_of(tournaments());
    auto& root = boards.run(kRun).root;
    root.set_state(actors::tournament::RUN_STATE_OPEN);
    root.mutable_run()->set_start_us(kStart);
    root.mutable_run()->set_end_us(kStart + 7'200'000'000);
    root.mutable_run()->set_scale(2);
    scheduler.post = [](std::function<void()> what) { what(); };
    scheduler.after = [this](std::chrono::milliseconds delay, std::function<void()> what) {
      later.emplace_back(delay, std::move(what));
    };
    reads = boards.reads();
    api = std::make_unique<TournamentsApi>(node, reads, scheduler);
  }

  Reply ask(const std::string& path, const std::string& body = {}) {
    const auto target = parse_target("/v1/tournaments" + path);
    Reply out;
    out.status = 0;
    EXPECT_FALSE(TournamentsApi::methods(target->segments).empty()) << path;
    api->handle({"GET", {}, {}, body}, *target, [&](Reply reply) {
      EXPECT_EQ(out.status, 0) << "answered twice";
      out = std::move(reply);
    });
    return out;
  }
  json::object get(const std::string& path, const std::string& body = {}) {
    const Reply reply = ask(path, body);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return json::parse(reply.body).as_object();
  }
  static std::string names(const json::object& body) {
    std::string out;
    for (const auto& entry : body.at("entries").as_array()) {
      out += (out.empty() ? "" : " ") + std::string(entry.at("player").as_string()) + "=" +
             std::to_string(entry.at("rank").to_number<int>());
    }
    return out;
  }
  static std::string next(const json::object& body) {
    return body.at("next").is_null() ? "" : std::string(body.at("next").as_string());
  }
  std::string entries(const std::string& rest = {}) const {
    return "/cup/runs/2026-02-16T18:00Z/entries" + rest;
  }
  void fill(int members) {
    for (int i = 0; i < members; ++i) {
      boards.score(kRun, "p" + std::to_string(i), 100 * (members - i), kStart);
    }
  }

  FakeNode node;
  FakeBoards boards;
  Reads reads;
  Scheduler scheduler;
  std::vector<std::pair<std::chrono::milliseconds, std::function<void()>>> later;
  std::unique_ptr<TournamentsApi> api;
};

TEST_F(Tournaments, RanksEqualResultsByTheStyleThatIsAskedFor) {
  boards.score(kRun, "a", 30, kStart);
  boards.score(kRun, "b", 20, kStart);
  boards.score(kRun, "c", 20, kStart);
  boards.score(kRun, "d", 20, kStart + 1);
  boards.score(kRun, "e", 10, kStart);
  const auto ranks = [&](const std::string& style) {
    std::string out;
    const auto body = get(entries("?rank=" + style));
    for (const auto& entry : body.at("entries").as_array()) {
      out += std::to_string(entry.at("rank").to_number<int>());
    }
    return out;
  };
  EXPECT_EQ(ranks("ordinal"), "12345");
  EXPECT_EQ(ranks("standard"), "12245");
  EXPECT_EQ(ranks("modified"), "13345");
  EXPECT_EQ(ranks("dense"), "12234");
  EXPECT_EQ(ask(entries("?rank=best")).status, 400);
}

TEST_F(Tournaments, ShowsScoresWithTheirScaleAndTimes) {
  boards.score(kRun, "a", -1234, kStart + 1);
  const auto body = get(entries());
  EXPECT_EQ(
      body.at("entries").as_array().at(0),
      json::parse(R"({"player":"a","rank":1,"position":1,"score":{"units":"-1234","scale":2},)"
                  R"("reached":"2026-02-16T18:00:00.000001Z"})"));
  EXPECT_EQ(body.at("state").as_string(), "open");
  EXPECT_EQ(body.at("members").as_string(), "1");
  EXPECT_EQ(body.at("version").as_string(), "1");
}

TEST_F(Tournaments, APinnedPageStaysOfItsVersionWhileRanksMove) {
  fill(5);
  auto page = get(entries("?limit=2&snapshot=true"));
  EXPECT_EQ(names(page), "p0=1 p1=2");
  boards.score(kRun, "p4", 999, kStart);  // to the top
  page = get(entries("?limit=2&cursor=" + next(page)));
  EXPECT_EQ(names(page), "p2=3 p3=4");
  EXPECT_EQ(page.at("version").as_string(), "5");
  page = get(entries("?limit=2&cursor=" + next(page)));
  EXPECT_EQ(names(page), "p4=5");
  EXPECT_EQ(next(page), "");
  EXPECT_EQ(names(get(entries("?limit=1"))), "p4=1");
}

TEST_F(Tournaments, APageThatIsNotPinnedGoesOnBehindTheLastRowWhereverThatIsNow) {
  fill(5);
  const auto page = get(entries("?limit=2"));
  boards.score(kRun, "p4", 999, kStart);
  EXPECT_EQ(names(get(entries("?cursor=" + next(page)))), "p2=4 p3=5");
}

TEST_F(Tournaments, AmongEqualResultsAPageGoesOnBehindTheVeryRow) {
  for (int i = 0; i < 9; ++i) boards.score(kRun, "p" + std::to_string(i), 5, kStart);
  std::set<std::string> seen;
  std::string cursor;
  do {
    const auto page = get(entries("?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor)));
    for (const auto& entry : page.at("entries").as_array()) {
      ASSERT_TRUE(seen.emplace(entry.at("player").as_string()).second);
    }
    cursor = next(page);
  } while (!cursor.empty());
  EXPECT_EQ(seen.size(), 9U);
}

TEST_F(Tournaments, APinThatHasGoneIsToldSo) {
  fill(3);
  const auto page = get(entries("?limit=1&snapshot=true"));
  TournamentsApi other(node, reads, scheduler);
  const auto target = parse_target("/v1/tournaments" + entries("?cursor=" + next(page)));
  Reply reply;
  other.handle({"GET", {}, {}, {}}, *target, [&](Reply got) { reply = std::move(got); });
  EXPECT_EQ(reply.status, 410);
  EXPECT_NE(reply.body.find("urn:laurel:error:snapshot-gone"), std::string::npos);
}

TEST_F(Tournaments, ACursorIsOfItsRunAndOfThisApi) {
  fill(3);
  std::string cursor = next(get(entries("?limit=1")));
  EXPECT_EQ(ask("/later/runs/2199-01-01T00:00Z/entries?cursor=" + cursor).status, 400);
  cursor[cursor.size() / 2] = cursor[cursor.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(ask(entries("?cursor=" + cursor)).status, 400);
  EXPECT_EQ(ask(entries("?cursor=!")).status, 400);
}

TEST_F(Tournaments, AroundAPlayerAndAScore) {
  fill(6);
  auto body = get(entries("/p3?above=2&below=1"));
  EXPECT_EQ(names(body), "p1=2 p2=3 p3=4 p4=5");
  EXPECT_EQ(body.at("entry").at("position").to_number<int>(), 4);
  EXPECT_EQ(names(get(entries("/p0?above=2&below=0"))), "p0=1");
  EXPECT_EQ(names(get(entries(":around-score?score=350&above=1&below=2"))), "p2=3 p3=4 p4=5");
  EXPECT_EQ(ask(entries("/nobody")).status, 404);
  EXPECT_EQ(ask(entries("/no%20player")).status, 400);
  EXPECT_EQ(ask(entries(":around-score?score=3.5")).status, 400);
}

TEST_F(Tournaments, SomePlayersAndWhoOfThemIsAbsent) {
  fill(4);
  const auto body = get(entries(":batch"), R"({"players":["p3","x","p0"]})");
  EXPECT_EQ(names(body), "p3=4 p0=1");
  EXPECT_EQ(body.at("absent"), json::parse(R"(["x"])"));
  for (const char* wrong : {"", "[]", R"({"players":"p"})", R"({"players":[1]})"}) {
    EXPECT_EQ(ask(entries(":batch"), wrong).status, 400) << wrong;
  }
}

TEST_F(Tournaments, ARunWithNobodyIsEmptyAndTheClockTellsItsState) {
  const auto body = get("/later/runs/later@2199-01-01T00:00Z/entries");
  EXPECT_EQ(body.at("state").as_string(), "upcoming");
  EXPECT_TRUE(body.at("entries").as_array().empty());
  EXPECT_EQ(ask("/later/runs/2199-01-01T00:01Z/entries").status, 404);
  EXPECT_EQ(ask("/later/runs/cup@2026-02-16T18:00Z/entries").status, 404);
  EXPECT_EQ(ask("/other/runs/2199-01-01T00:00Z/entries").status, 404);
  EXPECT_EQ(ask("/later/runs/soon").status, 400);
}

TEST_F(Tournaments, FinalStandingsAreReadOnceAndHaveAllTheReads) {
  fill(5);
  boards.finish(kRun);
  auto page = get(entries("?limit=2&snapshot=true"));
  EXPECT_EQ(names(page), "p0=1 p1=2");
  EXPECT_TRUE(page.at("version").is_null());
  EXPECT_EQ(names(get(entries("?cursor=" + next(page)))), "p2=3 p3=4 p4=5");
  EXPECT_EQ(names(get(entries("/p3?above=1&below=0"))), "p2=3 p3=4");
  EXPECT_EQ(boards.standings_reads, 1);
}

TEST_F(Tournaments, StandingsOutOfOrderAreNotShown) {
  fill(3);
  boards.finish(kRun);
  boards.run(kRun).standings[2].set_score(99'999);
  EXPECT_EQ(ask(entries()).status, 503);
}

TEST_F(Tournaments, WhileARunIsClosingItsBoardIsShownWhole) {
  fill(3);
  boards.run(kRun).root.set_state(actors::tournament::RUN_STATE_CLOSING);
  EXPECT_EQ(names(get(entries())), "p0=1 p1=2 p2=3");
  boards.run(kRun).root.set_members(4);
  EXPECT_EQ(ask(entries()).status, 503);
}

TEST_F(Tournaments, AReaderThatNamesAWriteWaitsForItsPartitionAndThenForTheBoards) {
  fill(1);
  const auto home = runtime::partition_of(kRun, 4);
  const auto other = static_cast<runtime::PartitionId>((home + 1) % 4);
  const auto min_position = [](Position position) {
    return "?min_position=" + position_text(position);
  };
  get(entries(min_position({Position::Kind::kWrite, {{home, 0}, {other, 0}}})));
  EXPECT_EQ(node.barriers, (std::vector<runtime::PartitionId>{other, home}));
  node.barriers.clear();
  get(entries(min_position({Position::Kind::kBoard, {{home, 0}}})));
  EXPECT_TRUE(node.barriers.empty()) << "what a board has shown is there";
  get(entries("?consistency=strong"));
  EXPECT_EQ(node.barriers, std::vector<runtime::PartitionId>{home});
}

TEST_F(Tournaments, WhatDoesNotComeInTimeIsAnsweredOnceWith503) {
  fill(1);
  std::function<void(bool)> done;
  node.on_barrier = [&](runtime::PartitionId, std::function<void(bool)> ready) {
    done = std::move(ready);
  };
  Reply reply;
  reply.status = 0;
  const auto target = parse_target("/v1/tournaments" + entries("?consistency=strong"));
  api->handle({"GET", {}, {}, {}}, *target, [&](Reply got) {
    EXPECT_EQ(reply.status, 0) << "answered twice";
    reply = std::move(got);
  });
  EXPECT_EQ(reply.status, 0);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].first, kFreshWait);
  later[0].second();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.retry_after_s, 1);
  done(true);
}

TEST_F(Tournaments, ANodeThatCannotTellSaysSo) {
  node.on_barrier = [](runtime::PartitionId, std::function<void(bool)> ready) { ready(false); };
  EXPECT_EQ(ask(entries("?consistency=strong")).status, 503);
  node.node_status.state = "failed";
  EXPECT_EQ(ask(entries("?consistency=bounded&max_stale_ms=10")).status, 503);
  for (const char* wrong : {"consistency=weak", "consistency=bounded", "max_stale_ms=1",
                            "consistency=bounded&max_stale_ms=x", "min_position=AAAA", "limit=0",
                            "limit=1001", "snapshot=1"}) {
    EXPECT_EQ(ask(entries(std::string("?") + wrong)).status, 400) << wrong;
  }
}

TEST_F(Tournaments, AreListedByTheStateOfTheirRuns) {
  const auto ids = [](const json::object& body) {
    std::string out;
    for (const auto& each : body.at("tournaments").as_array()) {
      out += std::string(each.at("tournament").as_string()) + " ";
    }
    return out;
  };
  EXPECT_EQ(ids(get("")), "cup later ");
  EXPECT_EQ(ids(get("?state=upcoming")), "later ");
  EXPECT_EQ(ids(get("?state=open")), "cup ") << "the actor has the word, not the clock";
  EXPECT_EQ(ids(get("?state=final")), "");
  EXPECT_EQ(ask("?state=running").status, 400);
  const auto first = get("?limit=1");
  EXPECT_EQ(ids(first), "cup ");
  EXPECT_EQ(ids(get("?cursor=" + next(first))), "later ");
  EXPECT_EQ(get("/cup").at("runs").as_array().at(0).at("run").as_string(), kRun);
  EXPECT_EQ(get("/later/runs").at("runs").as_array().size(), 1U);
  EXPECT_EQ(ask("/nothing").status, 404);
}

TEST_F(Tournaments, HaveTheirPathsAndNoOthers) {
  const auto methods = [](const std::string& path) {
    return TournamentsApi::methods(parse_target("/v1/tournaments" + path)->segments);
  };
  EXPECT_EQ(methods("/a/runs/b/entries:batch"), "POST");
  EXPECT_EQ(methods("/a/runs/b/entries/p"), "GET");
  EXPECT_EQ(methods("/a/run"), "");
  EXPECT_EQ(methods("/a/runs/b/entries:other"), "");
  EXPECT_EQ(methods("/a/runs/b/entries/p/q"), "");
}

}  // namespace
}  // namespace laurel::gateway::internal
