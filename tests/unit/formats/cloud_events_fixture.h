/// CloudEvents in JSON, good but for what a test changes in them, and a decoder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "decoded.h"
#include "laurel/adapters/formats/cloud_events_decoder.h"

namespace laurel::adapters::formats {

inline constexpr std::int64_t kNow = 1771264800'000'000;  // 2026-02-16T18:00:00Z

class CloudEvents : public ::testing::Test {
 protected:
  static std::shared_ptr<const runtime::Decoder> make() {
    DecoderOptions options;
    options.now_us = [] { return kNow; };
    options.asset_scales = {{"EUR", 2}, {"ETH", 18}};
    return make_cloud_events_decoder(runtime::contract_event_types(), options);
  }

  /// An event with those members of `data`, and other members of the event after it.
  static std::string event(std::string_view data, std::string_view more = "") {
    return R"({"specversion":"1.0","id":"e1","source":"urn:x","type":"laurel.wager.settled.v1",)"
           R"("subject":"p1","time":"2026-02-16T17:00:00Z","data":{)" +
           std::string(data) + "}" + std::string(more) + "}";
  }
  static std::string stake(std::string_view amount) {
    return event(R"("tx_id":"t1","stake_total":)" + std::string(amount));
  }
  static constexpr const char* kGood =
      R"("tx_id":"t1","stake_total":{"units":"100","asset":"EUR","scale":2})";
  /// A good event with one member of the envelope replaced (or, if null, left out).
  static std::string with(const std::string& name, const char* value) {
    std::string out = "{";
    const std::pair<const char*, std::string> members[] = {
        {"id", "\"e1\""},
        {"source", "\"urn:x\""},
        {"type", "\"laurel.wager.settled.v1\""},
        {"subject", "\"p1\""},
        {"time", "\"2026-02-16T17:00:00Z\""},
        {"data", std::string("{") + kGood + "}"}};
    for (const auto& [key, usual] : members) {
      if (key == name) continue;
      out += "\"" + std::string(key) + "\":" + usual + ",";
    }
    if (value != nullptr) {
      out += "\"" + name + "\":" + value;
    } else {
      out.pop_back();
    }
    return out + "}";
  }

  Decoded decode(std::string_view bytes) const { return formats::decode(*decoder_, bytes); }
  std::string code(std::string_view bytes) const { return decode(bytes).code(); }

  std::shared_ptr<const runtime::Decoder> decoder_ = make();
};

}  // namespace laurel::adapters::formats
