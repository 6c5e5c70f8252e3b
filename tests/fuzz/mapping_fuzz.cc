// The text of a mapping, the header and the rows of a file, each after a line `---`.
#include <cstddef>
#include <cstdint>

#include "decoder_invariants.h"
#include "laurel/adapters/formats/mapped_decoder.h"
#include "laurel/adapters/formats/record_splitter.h"
#include "laurel/config/toml_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using laurel::adapters::formats::DecoderOptions;
  static const auto types = laurel::runtime::contract_event_types();
  constexpr std::string_view kCut = "\n---\n";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cut = text.find(kCut);
  if (cut == std::string_view::npos) return 0;
  laurel::formats::Mapping mapping;
  if (!laurel::config::read_toml(text.substr(0, cut), "mapping", mapping)) return 0;
  const std::string_view file = text.substr(cut + kCut.size());
  const auto line = file.find('\n');
  DecoderOptions options;
  options.asset_scales = {{"BIT", 2}};
  const auto csv = laurel::adapters::formats::make_mapped_decoder(
      "csv", mapping, file.substr(0, line), types, options);
  const auto ndjson =
      laurel::adapters::formats::make_mapped_decoder("ndjson", mapping, "", types, options);
  const auto take = [&](const laurel::runtime::RawRecord& record) {
    if (csv) laurel::fuzz::check_decoded(**csv, record.bytes);
    if (ndjson) laurel::fuzz::check_decoded(**ndjson, record.bytes);
  };
  laurel::adapters::formats::RecordSplitter splitter;
  splitter.feed(file, take);
  splitter.finish(take);
  return 0;
}
