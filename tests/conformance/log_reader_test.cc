// One reader of many logs, one after the other.
#include "log_reader.h"

#include <gtest/gtest.h>

#include <memory>

#include "conformance/engine_driver.h"
#include "conformance/kafka_fixture.h"

namespace laurel::testing {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

TEST(LogReader, ReadsOneLogAfterTheOther) {
  constexpr int kPartitions = 4, kReads = 40;
  const KafkaFixture fixture;
  const adapters::KafkaOptions options = fixture.options();
  {
    auto engine = adapters::open_kafka(options);
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    for (runtime::PartitionId partition = 0; partition < kPartitions; ++partition) {
      EngineDriver owner(**engine, partition);
      owner.take_over();
      runtime::Commit commit = owner.next();
      commit.rows = {put("key", "value")};
      ASSERT_EQ(owner.commit(std::move(commit)), runtime::Outcome::kDurable);
    }
  }
  const adapters::kafka::ClientBase base(options);
  auto reader = adapters::kafka::LogReader::make(base);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  for (int i = 0; i < kReads; ++i) {
    int records = 0;
    const auto status = (*reader)->read(options.cluster + ".changelog", i % kPartitions, 0, 1,
                                        adapters::kafka::Deadline(30s),
                                        [&](const adapters::kafka::LogRecord& record) {
                                          EXPECT_EQ(record.offset, 0);
                                          ++records;
                                          return true;
                                        });
    EXPECT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(records, 1);
  }
}

}  // namespace
}  // namespace laurel::testing
