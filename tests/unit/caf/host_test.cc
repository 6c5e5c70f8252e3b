// The CAF shells over a real embedded engine.
#include "laurel/adapters/caf/host.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "actors/player/player.h"
#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/adapters/embedded/embedded_engine.h"
#include "laurel/contract/amount.h"
#include "laurel/runtime/queries.h"
#include "support/canonical.h"
#include "support/faulty_file_system.h"
#include "support/program_catalog.h"
#include "support/temp_dir.h"

namespace laurel::adapters {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using actors::player::PlayerState;
using runtime::ErrorCode;
using runtime::EventStatus;
using runtime::Submission;

// Works so many times and then throws: a bug in the core, or the end of memory.
class FailingHasher final : public runtime::Hasher {
 public:
  explicit FailingHasher(int good) : left_(good) {}
  Digest sha256(std::initializer_list<std::string_view> parts) const override {
    if (left_-- <= 0) throw std::runtime_error("no more hashes");
    return real_.sha256(parts);
  }

 private:
  OpenSslHasher real_;
  mutable std::atomic<int> left_;
};

// A record is `PLAYER TX`, a wager of one euro.
class TwoWords final : public runtime::Decoder {
 public:
  void decode(const runtime::RawRecord& record, google::protobuf::Arena& arena,
              runtime::Event& event) const override {
    if (record.bytes == "throw") throw std::runtime_error("a bug");
    const auto space = record.bytes.find(' ');
    if (space == std::string_view::npos) {
      event.reject_code = "malformed-json";
      return;
    }
    auto* envelope = google::protobuf::Arena::CreateMessage<contract::Envelope>(&arena);
    auto* wager = google::protobuf::Arena::CreateMessage<contract::WagerSettled>(&arena);
    envelope->set_type("laurel.wager.settled.v1");
    envelope->set_subject(std::string(record.bytes.substr(0, space)));
    wager->set_tx_id(std::string(record.bytes.substr(space + 1)));
    *wager->mutable_stake_total() = contract::make_amount(100, "EUR", 2);
    event.envelope = envelope;
    event.data = wager;
    event.routing_key = envelope->subject();
    event.natural_key = runtime::keep_on(arena, record.bytes);
    event.canonical = laurel::testing::canonical_on(arena, *envelope, *wager);
  }
};

struct HostTest : ::testing::Test {
  void start(HostOptions options = {}) {
    EmbeddedOptions embedded;
    embedded.data_dir = dir / "data";
    embedded.partitions = 4;
    embedded.create = true;
    embedded.store.env = disk.env();
    auto opened = open_embedded(embedded);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine = std::move(*opened);
    auto catalog = laurel::testing::program_catalog(1, 1);
    auto started = Host::start(*engine, registry, *hasher, catalog, options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    host = std::move(*started);
  }
  ~HostTest() override {
    if (host) host->drain();
    if (engine) engine->close();
    host.reset();
  }

  static std::shared_ptr<Submission> submission(int from, int count, std::size_t padding = 0) {
    auto out = std::make_shared<Submission>();
    out->source = "test";
    std::vector<std::size_t> ends;
    for (int i = from; i < from + count; ++i) {
      out->bytes += "p" + std::to_string(i % 50) + " " + std::to_string(i);
      out->bytes.append(padding, 'x');
      ends.push_back(out->bytes.size());
    }
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      out->records.push_back(
          {std::string_view(out->bytes).substr(begin, end - begin), 0, 0, false});
      begin = end;
    }
    return out;
  }

  runtime::Status submit(const std::shared_ptr<Submission>& what) {
    return host->submit(what, decoder);
  }
  // Submits and waits for the answer; the results.
  std::vector<runtime::EventResult> answer_to(const std::shared_ptr<Submission>& what) {
    std::promise<std::vector<runtime::EventResult>> promise;
    what->done = [&promise](Submission& done) { promise.set_value(done.results); };
    if (const auto status = submit(what); !status.ok()) {
      ADD_FAILURE() << status.error().message;
      return {};
    }
    return promise.get_future().get();
  }
  // What a host shows of itself follows its answers by a moment.
  template <class Condition>
  static void eventually(Condition holds) {
    for (int i = 0; i < 1000 && !holds(); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(holds());
  }
  std::uint64_t wagers_of(const std::string& player) {
    const auto view = runtime::Queries(*engine, registry, *hasher).actor("player", player);
    return view ? static_cast<const PlayerState&>(*view->root).wagers() : 0;
  }

  testing::TempDir dir;
  testing::FaultyFileSystem disk;
  std::unique_ptr<runtime::Hasher> hasher = std::make_unique<OpenSslHasher>();
  runtime::ActorRegistry registry{{actors::player::actor_type()}};
  std::shared_ptr<const runtime::Decoder> decoder = std::make_shared<TwoWords>();
  std::unique_ptr<EmbeddedEngine> engine;
  std::unique_ptr<Host> host;
};

TEST_F(HostTest, AnswersOnceEveryPartOfASubmissionIsDurable) {
  start();
  const auto results = answer_to(submission(0, 500));
  ASSERT_EQ(results.size(), 500U);
  for (const auto& result : results) EXPECT_EQ(result.status, EventStatus::kAccepted);
  for (int player = 0; player < 50; ++player) {
    EXPECT_EQ(wagers_of("p" + std::to_string(player)), 10U);
  }
  for (const auto& again : answer_to(submission(0, 500))) {
    EXPECT_EQ(again.status, EventStatus::kDuplicate);
  }
}

TEST_F(HostTest, WhatCannotBeDecodedIsAnsweredToo) {
  start();
  auto bad = std::make_shared<Submission>();
  bad->source = "test";
  bad->bytes = "nonsense";
  bad->records.push_back({bad->bytes, 1, 8, false});
  const auto results = answer_to(bad);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].status, EventStatus::kRejected);
  EXPECT_EQ(results[0].reason, "malformed-json");
}

TEST_F(HostTest, ADecoderThatThrowsCostsItsRecordOnly) {
  start();
  auto mixed = submission(0, 1);
  const std::string good = mixed->bytes;
  mixed->bytes = "throw" + good;
  mixed->records = {{std::string_view(mixed->bytes).substr(0, 5), 1, 5, false},
                    {std::string_view(mixed->bytes).substr(5), 2, good.size(), false}};
  const auto results = answer_to(mixed);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].status, EventStatus::kRejected);
  EXPECT_EQ(results[0].reason, "decoder-threw");
  EXPECT_EQ(results[1].status, EventStatus::kAccepted);
}

TEST_F(HostTest, AnExceptionInTheCoreStopsItsPartitionAndAnswersWhoWaits) {
  hasher = std::make_unique<FailingHasher>(200);
  start();
  std::size_t unknown = 0;
  for (int i = 0; i < 10 && host->failure().empty(); ++i) {
    for (const auto& result : answer_to(submission(i * 50, 50))) {
      unknown += result.status == EventStatus::kPending ? 1U : 0U;
    }
  }
  EXPECT_GT(unknown, 0U);
  EXPECT_NE(host->failure().find("no more hashes"), std::string::npos) << host->failure();
}

TEST_F(HostTest, RefusesMoreThanItsCreditsWhileTheDiskIsSlow) {
  HostOptions options;
  options.bytes_max = 100'000;
  start(options);
  ASSERT_EQ(answer_to(submission(0, 10)).size(), 10U);
  disk.slow_down(100ms);
  std::atomic<int> answered = 0;
  int taken = 0;
  int refused = 0;
  std::uint64_t bytes_seen_max = 0;
  for (int i = 1; i <= 200; ++i) {
    auto next = submission(i * 1000, 10, 1000);  // 10 kB
    next->done = [&answered](Submission&) { ++answered; };
    const auto status = submit(next);
    bytes_seen_max = std::max(bytes_seen_max, host->totals().bytes_in_flight);
    if (status.ok()) {
      ++taken;
      continue;
    }
    EXPECT_EQ(status.error().code, ErrorCode::kOverloaded);
    ++refused;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LE(bytes_seen_max, options.bytes_max);
  disk.slow_down(0ms);
  host->drain();
  EXPECT_EQ(answered, taken);
  eventually(
      [&] { return host->totals().accepted == static_cast<std::uint64_t>(taken) * 10 + 10; });
}

TEST_F(HostTest, ASubmissionLargerThanTheCreditsPassesAlone) {
  HostOptions options;
  options.bytes_max = 1000;
  options.events_max = 10;
  start(options);
  EXPECT_EQ(answer_to(submission(0, 500)).size(), 500U);
}

TEST_F(HostTest, AStoreThatFailsLeavesResultsUnknownAndFailsTheNode) {
  start();
  ASSERT_EQ(answer_to(submission(0, 10)).size(), 10U);
  disk.fail(testing::FaultyFileSystem::Fault::kWriteError);
  for (const auto& result : answer_to(submission(100, 100))) {
    EXPECT_EQ(result.status, EventStatus::kPending);  // unknown: send again
  }
  EXPECT_NE(host->failure(), "");
  const auto status = submit(submission(200, 1));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
}

TEST_F(HostTest, DrainCommitsWhatWasHandedInAndRefusesMore) {
  start();
  disk.slow_down(20ms);
  std::atomic<int> answered = 0;
  for (int i = 0; i < 5; ++i) {
    auto next = submission(i * 100, 100);
    next->done = [&answered](Submission& done) {
      for (const auto& result : done.results) {
        EXPECT_EQ(result.status, EventStatus::kAccepted);
      }
      ++answered;
    };
    ASSERT_TRUE(submit(next).ok());
  }
  host->drain();
  EXPECT_EQ(answered, 5);
  const auto refused = submit(submission(1000, 1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
}

TEST_F(HostTest, PassivatesWhatIsIdleAlsoWhenNothingComesIn) {
  HostOptions options;
  options.partition.idle_us_max = 0;
  start(options);
  ASSERT_EQ(answer_to(submission(0, 50)).size(), 50U);
  const auto activations = [this] {
    std::uint64_t sum = 0;
    for (const auto& partition : host->partitions()) sum += partition.activations;
    return sum;
  };
  eventually([&] { return activations() == 0; });
  EXPECT_EQ(host->totals().passivations, host->totals().activations_made);
}

TEST_F(HostTest, WithAnIntervalManySubmissionsShareACommit) {
  HostOptions options;
  options.commit_interval_min = 1s;
  start(options);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(submit(submission(i * 50, 1)).ok());  // one player
  host->drain();
  eventually([&] { return host->totals().accepted == 100; });
  EXPECT_LE(host->totals().commits, 20U);
  EXPECT_EQ(wagers_of("p0"), 100U);
}

// --- backfills

struct HostBackfills : HostTest {
  runtime::Result<runtime::Backfill> open_one(const std::string& source, bool sorted = false) {
    std::promise<runtime::Result<runtime::Backfill>> promise;
    runtime::BackfillTerms terms;
    terms.source = source;
    terms.sorted = sorted;
    host->open_backfill(terms, [&](auto answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
  }
  runtime::Result<runtime::Backfill> finish(std::uint64_t id, bool drop = false) {
    std::promise<runtime::Result<runtime::Backfill>> promise;
    host->finish_backfill({id, drop, "kim", ""},
                          [&](auto answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
  }
  runtime::Backfill::State state(std::uint64_t id) {
    for (const auto& each : host->backfills()) {
      if (each.terms.id == id) return each.state;
    }
    ADD_FAILURE() << "no backfill " << id;
    return {};
  }
  std::vector<runtime::EventResult> stage(std::uint64_t id, int from, int count) {
    auto some = submission(from, count);
    some->backfill = id;
    return answer_to(some);
  }
};

TEST_F(HostBackfills, AreOpenedStagedClosedAndApplied) {
  start();
  const auto opened = open_one("file");
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const std::uint64_t id = opened->terms.id;
  EXPECT_EQ(open_one("file")->terms.id, id) << "one open backfill per source";
  EXPECT_FALSE(open_one("file", true).ok());
  for (const auto& result : stage(id, 0, 200)) EXPECT_EQ(result.status, EventStatus::kStaged);
  EXPECT_EQ(wagers_of("p1"), 0U);
  ASSERT_TRUE(finish(id).ok());
  eventually([&] { return state(id) == runtime::Backfill::State::kFinished; });
  EXPECT_EQ(wagers_of("p1"), 4U);
  EXPECT_EQ(host->backfills()[0].counts.accepted, 200U);
  for (const auto& result : stage(id, 300, 1)) EXPECT_EQ(result.status, EventStatus::kPending);
  EXPECT_TRUE(finish(id).ok()) << "again";
  EXPECT_FALSE(finish(id, true).ok());
  EXPECT_EQ(finish(99).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(open_one("file")->terms.id, id + 1);
}

TEST_F(HostBackfills, SortedOnesAreAppliedAsTheyCome) {
  start();
  const std::uint64_t id = open_one("file", true)->terms.id;
  for (const auto& result : stage(id, 0, 100)) EXPECT_EQ(result.status, EventStatus::kAccepted);
  EXPECT_FALSE(finish(id, true).ok());
  ASSERT_TRUE(finish(id).ok());
  EXPECT_EQ(state(id), runtime::Backfill::State::kFinished);
}

TEST_F(HostBackfills, DropsLeaveNothingAndTheLimitHolds) {
  start();
  for (std::uint64_t i = 0; i < runtime::kBackfillsOpenMax; ++i) {
    ASSERT_TRUE(open_one("file" + std::to_string(i)).ok());
  }
  EXPECT_EQ(open_one("one more").error().code, ErrorCode::kOverloaded);
  stage(1, 0, 100);
  ASSERT_TRUE(finish(1, true).ok());
  eventually([&] { return state(1) == runtime::Backfill::State::kDropped; });
  EXPECT_TRUE(open_one("one more").ok());
  EXPECT_EQ(wagers_of("p1"), 0U);
}

}  // namespace
}  // namespace laurel::adapters
