// The headers of records beside rfc3339(), one after the other.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "laurel/contract/rfc3339.h"
#include "output_topics.h"

namespace laurel::adapters::kafka {
namespace {

using Headers = Owned<rd_kafka_headers_t, rd_kafka_headers_destroy>;

std::map<std::string, std::string> all_of(const Headers& headers) {
  std::map<std::string, std::string> out;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t at = 0; rd_kafka_header_get_all(headers.get(), at, &name, &value, &size) ==
                           RD_KAFKA_RESP_ERR_NO_ERROR;
       ++at) {
    EXPECT_TRUE(out.emplace(name, std::string(static_cast<const char*>(value), size)).second)
        << name;
  }
  return out;
}

TEST(RecordHeaders, TellNumbersAndTimesOfOneAfterTheOther) {
  KafkaOptions options;
  options.cluster = "malta";
  const ClientBase base(options);
  RecordHeaders headers(base, "ledger", 3, 98);
  constexpr std::int64_t kSecond = 1'000'000;
  constexpr std::int64_t kTime = 1'767'225'600 * kSecond;  // 2026-01-01
  constexpr std::int64_t kYear10000 = 253'402'300'800 * kSecond;
  std::uint64_t number = 98;
  for (const std::int64_t us :
       {kTime, kTime + 1, kTime + 999'999, kTime + 123'456, kTime + kSecond, kTime + 59 * kSecond,
        kTime, std::int64_t{0}, std::int64_t{7}, std::int64_t{-1}, std::int64_t{-2}, kTime + 5,
        kYear10000, kYear10000 + 1, kYear10000 - 1}) {
    const auto found = all_of(Headers(headers.next({"ledger", "p-1", "a.type", "value", us})));
    EXPECT_EQ(found.at("ce_id"), "ledger/3/" + std::to_string(number++));
    EXPECT_EQ(found.at("ce_source"), "urn:laurel:malta");
    EXPECT_EQ(found.at("ce_type"), "a.type");
    EXPECT_EQ(found.at("ce_specversion"), "1.0");
    EXPECT_EQ(found.at("content-type"), "application/protobuf");
    const auto time = contract::rfc3339(us);
    EXPECT_EQ(found.contains("ce_time"), time.has_value()) << us;
    if (time) {
      EXPECT_EQ(found.at("ce_time"), *time);
    }
  }
}

}  // namespace
}  // namespace laurel::adapters::kafka
