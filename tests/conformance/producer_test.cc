// Producers that are fenced in the middle of a transaction, as when a node takes over from one that
// works.
#include "producer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "conformance/kafka_fixture.h"

namespace laurel::testing {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using adapters::kafka::ClientBase;
using adapters::kafka::Deadline;
using adapters::kafka::Producer;

constexpr int kRecords = 120;

class FencedProducers {
 public:
  FencedProducers(const ClientBase& base, int partitions, const std::string& id)
      : base_(base),
        topic_(base.options.cluster + ".changelog"),
        partitions_(partitions),
        id_(id) {}

  // One begins a transaction, the next one takes its id meanwhile, and it ends as it is.
  void run(int rounds) {
    std::minstd_rand random(static_cast<unsigned>(std::hash<std::string>{}(id_)));
    std::unique_ptr<Producer> owner = make();
    for (int i = 0; i < rounds && owner != nullptr; ++i) {
      std::unique_ptr<Producer> next;
      const auto late = std::chrono::microseconds(random() % 20'000);
      std::thread taking_over([&] {
        std::this_thread::sleep_for(late);
        next = make();
      });
      std::this_thread::sleep_for(late);
      owner->begin({});
      for (int k = 0; k < kRecords; ++k) {
        owner->add(owner->topic(topic_), k % partitions_, "key", kValue);
      }
      const Producer::End end = owner->finish(Deadline(30s));
      EXPECT_NE(end, Producer::End::kTooLarge);
      fenced += end == Producer::End::kCommitted ? 0 : 1;
      owner.reset();
      taking_over.join();
      owner = std::move(next);
    }
    EXPECT_NE(owner, nullptr);
  }

  int fenced = 0;

 private:
  static constexpr std::string_view kValue = "value";

  std::unique_ptr<Producer> make() {
    auto made = Producer::make(base_, id_, {topic_}, Deadline(30s));
    if (!made.ok()) return nullptr;
    return std::move(*made);
  }

  const ClientBase& base_;
  const std::string topic_;
  const int partitions_;
  const std::string id_;
};

// librdkafka 2.0.2 frees a text twice when a request is refused after the end has begun: the heap
// finds out, now and then, when a thread ends.
TEST(Producer, ThatIsFencedEndsWhateverItHasUnderWay) {
  constexpr int kIds = 4, kRounds = 60;
  const KafkaFixture fixture;
  adapters::KafkaOptions options = fixture.options();
  options.partitions = 16;
  ASSERT_TRUE(adapters::open_kafka(options).ok());  // makes the topics
  const ClientBase base(options);
  std::vector<FencedProducers> all;
  for (int i = 0; i < kIds; ++i) {
    all.emplace_back(base, options.partitions, options.cluster + "." + std::to_string(i));
  }
  std::vector<std::thread> threads;
  for (FencedProducers& each : all) threads.emplace_back([&each] { each.run(kRounds); });
  for (std::thread& each : threads) each.join();
  int fenced = 0;
  for (const FencedProducers& each : all) fenced += each.fenced;
  EXPECT_GT(fenced, kIds * kRounds / 10);
}

}  // namespace
}  // namespace laurel::testing
