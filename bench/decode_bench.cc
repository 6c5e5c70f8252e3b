// What one event costs to decode: text to message, keys and canonical bytes.
#include <benchmark/benchmark.h>

#include "laurel/adapters/formats/cloud_events_decoder.h"
#include "laurel/adapters/formats/mapped_decoder.h"
#include "laurel/runtime/registry.h"

namespace laurel::adapters::formats {
namespace {

// 400 bytes, as a slot game sends them.
constexpr std::string_view kEvent =
    R"({"specversion":"1.0","id":"0194f3a2-7c11-7d3e-9a55-3f0c2b1d7e88","source":"urn:laurel:op1:slots",)"
    R"("type":"laurel.wager.settled.v1","subject":"p-0123456789abcdef","time":"2026-02-16T18:00:00.123456Z",)"
    R"("data":{"tx_id":"0194f3a2-7c11","stake_total":{"units":"100","asset":"EUR","scale":2},)"
    R"("win_total":{"units":"250","asset":"EUR","scale":2},"outcome":"win","round_id":"r-81","game_id":"g-17",)"
    R"("currency":"EUR"}})";

DecoderOptions options() {
  DecoderOptions out;
  out.now_us = [] { return std::int64_t{1771264800'000'000}; };
  out.asset_scales = {{"BIT", 2}, {"BTC", 8}, {"EUR", 2}, {"JPY", 0}, {"PTS", 0}};
  return out;
}

void run(benchmark::State& state, const runtime::Decoder& decoder, std::string_view bytes) {
  // As in a node: one arena for the events of a submission.
  constexpr int kEvents = 500;
  for (auto _ : state) {
    google::protobuf::Arena arena;
    for (int i = 0; i < kEvents; ++i) {
      runtime::Event event;
      decoder.decode({bytes, 1, bytes.size(), false}, arena, event);
      if (!event.reject_code.empty()) return state.SkipWithError(event.reject_detail.c_str());
      benchmark::DoNotOptimize(event.canonical.data());
    }
  }
  const auto events = state.iterations() * kEvents;
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
  state.SetBytesProcessed(static_cast<std::int64_t>(events * static_cast<int>(bytes.size())));
  state.counters["s_per_event"] = benchmark::Counter(
      static_cast<double>(events), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_CloudEvent(benchmark::State& state) {
  run(state, *make_cloud_events_decoder(runtime::contract_event_types(), options()), kEvent);
}
BENCHMARK(BM_CloudEvent);

void mapped(benchmark::State& state, std::string_view format, std::string_view row) {
  ::laurel::formats::Mapping mapping;
  mapping.set_type("laurel.wager.settled.v1");
  mapping.mutable_id()->set_column("Id");
  mapping.mutable_source()->set_constant("urn:x");
  mapping.mutable_subject()->set_column("User");
  mapping.mutable_time()->set_column("At");
  auto& data = *mapping.mutable_data();
  data["tx_id"].set_column("Id");
  data["round_id"].set_column("Round");
  for (const char* name : {"stake_total", "win_total"}) {
    data[name].set_asset("BIT");
    data[name].set_scale(2);
  }
  data["stake_total"].set_column("Bet");
  data["win_total"].add_sum("Bet");
  data["win_total"].add_sum("Profit");
  const auto decoder =
      make_mapped_decoder(format, mapping, format == "csv" ? "Id,Round,User,Bet,Profit,At" : "",
                          runtime::contract_event_types(), options());
  if (!decoder) return state.SkipWithError(decoder.error().message.c_str());
  run(state, **decoder, row);
}

void BM_CsvRow(benchmark::State& state) {
  mapped(state, "csv", "18571114,3392695,p3060,5000,9.00E+03,2021-11-28T07:48:51Z");
}
BENCHMARK(BM_CsvRow);

void BM_QuotedCsvRow(benchmark::State& state) {
  mapped(state, "csv", R"("18571114","3392695","p3060","5000","9.00E+03","2021-11-28T07:48:51Z")");
}
BENCHMARK(BM_QuotedCsvRow);

void BM_NdjsonRow(benchmark::State& state) {
  mapped(state, "ndjson",
         R"({"Id":18571114,"Round":3392695,"User":"p3060","Bet":5000,"Profit":9000,)"
         R"("At":"2021-11-28T07:48:51Z"})");
}
BENCHMARK(BM_NdjsonRow);

}  // namespace
}  // namespace laurel::adapters::formats

BENCHMARK_MAIN();
