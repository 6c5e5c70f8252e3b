#include "laurel/runtime/catalog.h"

#include <gtest/gtest.h>

#include "laurel/api/actor_type.h"
#include "laurel/contract/amount.pb.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/runtime/catalog_schema.h"
#include "laurel/testkit/utc_zones.h"

namespace laurel::runtime {
namespace {

// Any message may be a document.
using contract::WagerSettled;
using contract::WagerVoided;

std::shared_ptr<const CatalogVersion> version(std::uint64_t number, TimeUs effective, TimeUs live) {
  CatalogTerms terms;
  terms.number = number;
  terms.effective_from_us = effective;
  terms.live_from_us = live;
  terms.history = live > effective;
  return std::make_shared<const CatalogVersion>(
      terms, std::vector<CatalogDocument>(),
      std::vector<std::pair<PlanId, std::shared_ptr<const void>>>());
}

struct Span {
  TimeUs effective, live;
};

Catalog catalog_of(const std::vector<Span>& spans) {
  Catalog catalog(Catalog(), version(1, kFromTheBeginning, kFromTheBeginning));
  for (const Span& span : spans) {
    catalog = Catalog(catalog, version(catalog.newest().number() + 1, span.effective, span.live));
  }
  return catalog;
}

TEST(Catalog, IsVersionZeroBeforeAnythingWasPublished) {
  const Catalog none;
  EXPECT_EQ(none.at(0).number(), 0U);
  EXPECT_EQ(none.newest().number(), 0U);
  EXPECT_EQ(none.version(0), nullptr);
  EXPECT_TRUE(none.versions().empty());
}

TEST(Catalog, TheFirstVersionIsInForceFromTheBeginningOfTime) {
  const Catalog catalog = catalog_of({});
  EXPECT_EQ(catalog.at(kFromTheBeginning).number(), 1U);
  EXPECT_EQ(catalog.at(std::numeric_limits<TimeUs>::max()).number(), 1U);
}

TEST(Catalog, ALaterVersionIsInForceFromItsInstantOn) {
  const Catalog catalog = catalog_of({{100, 100}, {200, 200}});
  EXPECT_EQ(catalog.at(99).number(), 1U);
  EXPECT_EQ(catalog.at(100).number(), 2U);
  EXPECT_EQ(catalog.at(199).number(), 2U);
  EXPECT_EQ(catalog.at(200).number(), 3U);
}

TEST(Catalog, TheNewestVersionThatHasBegunWinsWhateverBeganLast) {
  // Version 3 begins before version 2 does: 2 never comes into force.
  const Catalog catalog = catalog_of({{300, 300}, {200, 200}});
  EXPECT_EQ(catalog.at(199).number(), 1U);
  EXPECT_EQ(catalog.at(200).number(), 3U);
  EXPECT_EQ(catalog.at(400).number(), 3U);
}

TEST(Catalog, LiveEventsSeeAVersionThatLooksBackOnlyFromItsPublicationOn) {
  const Catalog catalog = catalog_of({{50, 1000}});
  EXPECT_EQ(catalog.at(60).number(), 1U);
  EXPECT_EQ(catalog.at(999).number(), 1U);
  EXPECT_EQ(catalog.at(1000).number(), 2U);
}

TEST(Catalog, BackfillsOpenedAfterAVersionThatLooksBackSeeIt) {
  const Catalog catalog = catalog_of({{50, 1000}});
  EXPECT_EQ(catalog.at(49, {2}).number(), 1U);
  EXPECT_EQ(catalog.at(50, {2}).number(), 2U);
}

TEST(Catalog, BackfillsOpenedBeforeItDoNot) {
  const Catalog catalog = catalog_of({{100, 100}, {50, 1000}});
  EXPECT_EQ(catalog.at(60, {2}).number(), 1U);
  EXPECT_EQ(catalog.at(999, {2}).number(), 2U);
  EXPECT_EQ(catalog.at(1000, {2}).number(), 3U);
  EXPECT_EQ(catalog.at(60, {3}).number(), 3U);
}

TEST(Catalog, KeepsTheVersionsOfThoseBefore) {
  const Catalog one = catalog_of({});
  const Catalog two(one, version(2, 100, 100));
  EXPECT_EQ(&one.at(0), &two.at(0));
  EXPECT_EQ(two.version(2)->number(), 2U);
  EXPECT_EQ(two.version(3), nullptr);
  EXPECT_EQ(two.versions().size(), 2U);
}

// --- CatalogSchema -------------------------------------------------------------------------------

struct TxPlan {
  std::string tx;
};
struct OtherPlan {};

std::shared_ptr<const TxPlan> compile_tx(const WagerVoided& document, const Zones&, Problems& bad) {
  if (document.voids_tx_id() == "throw") throw std::runtime_error("a bug");
  if (document.voids_tx_id().empty()) bad.add("voids_tx_id", "is empty; allowed: a text");
  return std::make_shared<const TxPlan>(TxPlan{document.voids_tx_id()});
}

CatalogDocument document(std::string name, const google::protobuf::Message& message) {
  CatalogDocument out;
  out.name = std::move(name);
  std::shared_ptr<google::protobuf::Message> copy(message.New());
  copy->CopyFrom(message);
  out.message = std::move(copy);
  return out;
}

CatalogDocument void_of(const std::string& tx) {
  WagerVoided message;
  message.set_voids_tx_id(tx);
  return document("program", message);
}

struct Schema : ::testing::Test {
  std::shared_ptr<const CatalogVersion> compile(std::vector<CatalogDocument> documents,
                                                const CatalogVersion* before = nullptr) {
    problems.clear();
    return schema->compile(CatalogTerms(), std::move(documents), zones, before, problems);
  }
  UtcZones zones;
  Result<CatalogSchema> schema = CatalogSchema::make(
      {settings_spec<WagerVoided, TxPlan>("program", &compile_tx),
       settings_spec<WagerVoided>("program"), settings_spec<WagerSettled>("games")});
  std::vector<DocumentProblem> problems;
};

TEST_F(Schema, MakesThePlansOfEveryDocument) {
  const auto made = compile({void_of("7")});
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(static_cast<const TxPlan*>(made->plan(plan_id<TxPlan>()))->tx, "7");
  EXPECT_EQ(made->plan(plan_id<OtherPlan>()), nullptr);
  EXPECT_NE(made->find(*WagerVoided::descriptor()), nullptr);
  EXPECT_EQ(made->find(*WagerSettled::descriptor()), nullptr);
}

TEST_F(Schema, ReportsWhatACompileFunctionRefuses) {
  EXPECT_EQ(compile({void_of("")}), nullptr);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].document, "program");
  EXPECT_EQ(problems[0].problem.path, "voids_tx_id");
}

TEST_F(Schema, SurvivesACompileFunctionThatThrows) {
  EXPECT_EQ(compile({void_of("throw")}), nullptr);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].problem.message, "cannot be worked out: a bug");
}

TEST_F(Schema, TakesThePlanOfADocumentThatDidNotChange) {
  const auto first = compile({void_of("7")});
  const auto same = compile({void_of("7")}, first.get());
  const auto other = compile({void_of("8")}, first.get());
  EXPECT_EQ(same->plan(plan_id<TxPlan>()), first->plan(plan_id<TxPlan>()));
  EXPECT_EQ(static_cast<const TxPlan*>(other->plan(plan_id<TxPlan>()))->tx, "8");
}

TEST_F(Schema, ReadsADocumentFromItsBytesAndKeepsOneThatNobodyDeclares) {
  const auto first = compile({void_of("7")});
  CatalogDocument stored = first->documents()[0];
  stored.message = nullptr;
  CatalogDocument stranger;
  stranger.name = "cashback";
  stranger.type = "laurel.actors.cashback.Settings";
  stranger.bytes = "bytes";
  const auto made = compile({stored, stranger});
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(static_cast<const TxPlan*>(made->plan(plan_id<TxPlan>()))->tx, "7");
  EXPECT_EQ(made->document("cashback")->bytes, "bytes");
  stored.bytes = "\xff";
  EXPECT_EQ(compile({stored}), nullptr);
}

TEST_F(Schema, RefusesDeclarationsThatContradictEachOther) {
  EXPECT_FALSE(
      CatalogSchema::make({settings_spec<WagerVoided>("a"), settings_spec<WagerSettled>("a")})
          .ok());
  EXPECT_FALSE(
      CatalogSchema::make({settings_spec<WagerVoided>("a"), settings_spec<WagerVoided>("b")}).ok());
}

}  // namespace
}  // namespace laurel::runtime
