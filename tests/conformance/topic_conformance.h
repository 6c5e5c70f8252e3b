/// Topics as every engine keeps them: records in order of emission, without gaps, in whole commits.
#pragma once

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "conformance/engine_conformance.h"

namespace laurel::testing {

template <class Fixture>
class TopicConformance : public EngineConformance<Fixture> {};

TYPED_TEST_SUITE_P(TopicConformance);

TYPED_TEST_P(TopicConformance, TopicOffsetsHaveNoGapsAndKeepTheOrderOfEmission) {
  std::vector<std::string> expected;
  for (int half = 0; half < 2; ++half) {
    auto owner = this->owner(1);
    for (int n = 0; n < 6; ++n) {
      std::vector<runtime::Output> outputs;
      for (int i = 0; i < n % 4; ++i) {
        expected.push_back(std::to_string(expected.size()));
        outputs.push_back(output("k" + expected.back(), expected.back()));
        outputs.push_back(output("k", "other", runtime::kTopicLedger));
      }
      ASSERT_EQ(owner.commit({}, std::move(outputs)), runtime::Outcome::kDurable);
    }
    this->restart();
  }
  const auto bounds = this->engine_->topic_bounds(runtime::kTopicBalances, 1);
  ASSERT_TRUE(bounds.ok());
  EXPECT_THAT(*bounds, Pair(0U, expected.size()));
  // From each offset, in the middle of a commit too, and in pieces.
  for (std::uint64_t from = 0; from <= expected.size(); ++from) {
    for (const std::size_t records_max : {1U, 2U, 100U}) {
      const auto records = this->engine_->read_topic(runtime::kTopicBalances, 1, from, records_max);
      ASSERT_TRUE(records.ok());
      ASSERT_EQ(records->size(), std::min<std::size_t>(records_max, expected.size() - from));
      for (std::size_t i = 0; i < records->size(); ++i) {
        EXPECT_EQ((*records)[i].offset, from + i);
        EXPECT_EQ((*records)[i].record.value, expected[from + i]);
      }
    }
  }
}

TYPED_TEST_P(TopicConformance, ARecordOfATopicComesBackAsItWas) {
  auto owner = this->owner(0);
  const std::vector<runtime::Output> outputs = {
      {runtime::kTopicLedger, "k1", "type.a", "v1", 5},
      {runtime::kTopicLedger, "", "type.a", "", -7},
      {runtime::kTopicLedger, "k3", "", kept(std::string(3, '\0')), 1'771'264'800'000'000}};
  ASSERT_EQ(owner.commit({}, outputs), runtime::Outcome::kDurable);
  const auto records = this->engine_->read_topic(runtime::kTopicLedger, 0, 0, 10);
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const runtime::OutputRecord& record = (*records)[i].record;
    EXPECT_EQ(record.topic, outputs[i].topic);
    EXPECT_EQ(record.key, outputs[i].key);
    EXPECT_EQ(record.type, outputs[i].type);
    EXPECT_EQ(record.value, outputs[i].value);
    EXPECT_EQ(record.time_us, outputs[i].time_us);
  }
}

TYPED_TEST_P(TopicConformance, ATopicThatWasNeverWrittenIsEmpty) {
  const auto bounds = this->engine_->topic_bounds(runtime::kTopicDeadLetters, 0);
  ASSERT_TRUE(bounds.ok());
  EXPECT_THAT(*bounds, Pair(0U, 0U));
  EXPECT_THAT(EngineDriver(*this->engine_, 0).topic(runtime::kTopicDeadLetters), IsEmpty());
}

TYPED_TEST_P(TopicConformance, AReaderOfATopicSeesWholeCommitsOnly) {
  auto owner = this->owner(0);
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> reads = 0;
  std::atomic<bool> torn = false;
  std::thread reader([&] {
    while (!stop) {
      const auto records = this->engine_->read_topic(runtime::kTopicBalances, 0, 0, 100'000);
      if (!records.ok() || records->size() % 3 != 0) torn = true;
      ++reads;
    }
  });
  for (int n = 0; n < 50 || (reads < 5 && n < 10'000); ++n) {
    ASSERT_EQ(owner.commit({}, {output("a", "1"), output("b", "2"), output("c", "3")}),
              runtime::Outcome::kDurable);
  }
  stop = true;
  reader.join();
  EXPECT_FALSE(torn);
}

REGISTER_TYPED_TEST_SUITE_P(TopicConformance, TopicOffsetsHaveNoGapsAndKeepTheOrderOfEmission,
                            ARecordOfATopicComesBackAsItWas, ATopicThatWasNeverWrittenIsEmpty,
                            AReaderOfATopicSeesWholeCommitsOnly);

}  // namespace laurel::testing
