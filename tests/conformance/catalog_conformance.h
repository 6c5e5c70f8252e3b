/// The catalog's log as every engine keeps it: numbered, in order, durable, beside the commits.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "conformance/engine_conformance.h"

namespace laurel::testing {

template <class Fixture>
class CatalogConformance : public EngineConformance<Fixture> {};

TYPED_TEST_SUITE_P(CatalogConformance);

TYPED_TEST_P(CatalogConformance, CatalogRecordsAreNumberedAndKeepTheirOrderAndBytes) {
  EXPECT_THAT(*this->engine_->read_catalog(1), IsEmpty());
  const std::string bytes("\0\xff", 2);
  for (std::uint64_t number = 1; number <= 20; ++number) {
    const auto appended = this->engine_->append_catalog(bytes + std::to_string(number));
    ASSERT_TRUE(appended.ok()) << appended.error().message;
    EXPECT_EQ(*appended, number);
  }
  const auto all = this->engine_->read_catalog(1);
  ASSERT_TRUE(all.ok()) << all.error().message;
  ASSERT_EQ(all->size(), 20U);
  for (std::size_t i = 0; i < all->size(); ++i) EXPECT_EQ((*all)[i], bytes + std::to_string(i + 1));
  EXPECT_THAT(*this->engine_->read_catalog(20), ElementsAre(bytes + "20"));
  EXPECT_THAT(*this->engine_->read_catalog(21), IsEmpty());
  EXPECT_EQ(this->engine_->read_catalog(0)->size(), 20U);
}

TYPED_TEST_P(CatalogConformance, CatalogRecordsSurviveARestartAndACrash) {
  ASSERT_EQ(*this->engine_->append_catalog("one"), 1U);
  this->restart();
  EXPECT_EQ(*this->engine_->append_catalog("two"), 2U);
  this->crash();
  EXPECT_THAT(*this->engine_->read_catalog(1), ElementsAre("one", "two"));
  EXPECT_EQ(*this->engine_->append_catalog(""), 3U);
  EXPECT_THAT(*this->engine_->read_catalog(3), ElementsAre(""));
}

TYPED_TEST_P(CatalogConformance, CatalogRecordsAndCommitsLeaveEachOtherAlone) {
  auto owner = this->owner(0);
  ASSERT_EQ(owner.commit({put("a", "1")}), runtime::Outcome::kDurable);
  ASSERT_EQ(*this->engine_->append_catalog("one"), 1U);
  ASSERT_EQ(owner.commit({put("a", "2")}), runtime::Outcome::kDurable);
  EXPECT_EQ(owner.get("a"), "2");
  this->crash();
  EXPECT_EQ(this->owner(0).number(), 2U);
  EXPECT_THAT(*this->engine_->read_catalog(1), ElementsAre("one"));
}

TYPED_TEST_P(CatalogConformance, RecordsAppendedAtOnceGetNumbersOfTheirOwn) {
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> sum = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, &sum] {
      for (int j = 0; j < 5; ++j) sum += *this->engine_->append_catalog("x");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 210U);  // 1 + 2 + ... + 20
  EXPECT_EQ(this->engine_->read_catalog(1)->size(), 20U);
}

TYPED_TEST_P(CatalogConformance, AfterCloseTheCatalogIsUnavailable) {
  this->engine_->close();
  const auto appended = this->engine_->append_catalog("one");
  ASSERT_FALSE(appended.ok());
  EXPECT_EQ(appended.error().code, runtime::ErrorCode::kUnavailable);
  EXPECT_FALSE(this->engine_->read_catalog(1).ok());
}

REGISTER_TYPED_TEST_SUITE_P(CatalogConformance, CatalogRecordsAreNumberedAndKeepTheirOrderAndBytes,
                            CatalogRecordsSurviveARestartAndACrash,
                            CatalogRecordsAndCommitsLeaveEachOtherAlone,
                            RecordsAppendedAtOnceGetNumbersOfTheirOwn,
                            AfterCloseTheCatalogIsUnavailable);

}  // namespace laurel::testing
