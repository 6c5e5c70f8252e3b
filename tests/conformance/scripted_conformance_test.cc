// The engine that other tests use has to keep the laws itself, and to give the outcomes it was told
// to.
#include "conformance/catalog_conformance.h"
#include "conformance/inbox_conformance.h"
#include "conformance/topic_conformance.h"
#include "support/scripted_engine.h"

namespace laurel::testing {
namespace {

class ScriptedFixture {
 public:
  std::unique_ptr<runtime::Engine> open() {
    return std::make_unique<ScriptedEngine>(disk_, ScriptedEngine::Completion::kOwnThread);
  }

 private:
  std::shared_ptr<ScriptedDisk> disk_ = std::make_shared<ScriptedDisk>(4);
};

INSTANTIATE_TYPED_TEST_SUITE_P(Scripted, EngineConformance, ScriptedFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Scripted, TopicConformance, ScriptedFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Scripted, InboxConformance, ScriptedFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Scripted, CatalogConformance, ScriptedFixture);

class ScriptedEngineTest : public ::testing::Test {
 protected:
  ScriptedEngineTest() { owner_.take_over(); }

  std::future<runtime::Outcome> start_next(const std::string& value) {
    runtime::Commit commit = owner_.next();
    commit.rows = {put("a", value)};
    return start(engine_, std::move(commit));
  }

  ScriptedEngine engine_{2};
  EngineDriver owner_{engine_, 0};
};

TEST_F(ScriptedEngineTest, NothingIsVisibleBeforeTheTestCompletesIt) {
  auto outcome = start_next("1");
  EXPECT_EQ(engine_.waiting().size(), 1U);
  EXPECT_EQ(owner_.get("a"), std::nullopt);
  EXPECT_FALSE(engine_.complete(1));
  EXPECT_TRUE(engine_.complete(0));
  EXPECT_EQ(outcome.get(), runtime::Outcome::kDurable);
  EXPECT_EQ(owner_.get("a"), "1");
  EXPECT_THAT(engine_.waiting(), IsEmpty());
}

TEST_F(ScriptedEngineTest, OutcomesComeAsScriptedAndOnlyWhatHappenedIsThere) {
  using runtime::Outcome;
  const struct {
    Step step;
    Outcome outcome;
    bool happened;
  } cases[] = {{Step::kAborted, Outcome::kAborted, false},
               {Step::kRejected, Outcome::kRejected, false},
               {Step::kFenced, Outcome::kFenced, false},
               {Step::kUnknownNotHappened, Outcome::kUnknown, false},
               {Step::kUnknownHappened, Outcome::kUnknown, true},
               {Step::kDurable, Outcome::kDurable, true}};
  for (const auto& one : cases) {
    owner_.take_over();
    const runtime::CommitNumber before = owner_.number();
    engine_.script(0, {one.step});
    auto outcome = start_next(std::to_string(before + 1));
    ASSERT_EQ(engine_.complete_all(), 1U);
    EXPECT_EQ(outcome.get(), one.outcome);
    EXPECT_EQ(owner_.take_over().last_commit, before + (one.happened ? 1 : 0));
    EXPECT_EQ(owner_.get("a").value_or("0"), std::to_string(owner_.number()));
  }
}

TEST_F(ScriptedEngineTest, AFailedStoreFailsEverythingAfterIt) {
  auto outcome = start_next("1");
  ASSERT_TRUE(engine_.complete(0, Step::kStoreFailed));
  EXPECT_EQ(outcome.get(), runtime::Outcome::kStoreFailed);
  EXPECT_EQ(engine_.take_over(1).error().code, runtime::ErrorCode::kStoreFailed);
  EXPECT_EQ(engine_.get(0, runtime::Space::kState, "a").error().code,
            runtime::ErrorCode::kStoreFailed);
}

TEST_F(ScriptedEngineTest, ACrashKeepsTheDiskAndDropsWhatIsInFlight) {
  const auto disk = std::make_shared<ScriptedDisk>(1);
  {
    ScriptedEngine engine(disk);
    EngineDriver owner(engine, 0);
    owner.take_over();
    static_cast<void>(start(engine, owner.next()));
    engine.complete(0);
    runtime::Commit second = owner.next();
    second.number = 2;
    static_cast<void>(start(engine, std::move(second)));
  }
  ScriptedEngine engine(disk);
  EXPECT_EQ(EngineDriver(engine, 0).take_over().last_commit, 1U);
}

}  // namespace
}  // namespace laurel::testing
