#include "inputs.h"

namespace laurel::console {

namespace json = boost::json;

namespace {

void print(const json::value& input, const Common& common) {
  if (common.json) {
    std::printf("%s\n", json::serialize(input).c_str());
    return;
  }
  const bool halted = input.at("halted").as_bool();
  std::printf("%-32s %9lld %14s %14s %10s  %s\n", text_of(input, "topic").c_str(),
              static_cast<long long>(input.at("partition").as_int64()),
              text_of(input, "next").c_str(), text_of(input, "end").c_str(),
              text_of(input, "lag").c_str(),
              halted ? ("HALTED: " + text_of(input, "why")).c_str() : "");
}

}  // namespace

int list_inputs(HttpClient& client, const Common& common) {
  const auto list = fetch(client, "/v1/inputs");
  if (!common.json) {
    std::printf("%-32s %9s %14s %14s %10s\n", "topic", "partition", "next", "end", "lag");
  }
  for (const auto& each : list.at("inputs").as_array()) print(each, common);
  return kOk;
}

int accept_loss(HttpClient& client, const Common& common, const InputArguments& arguments) {
  const std::string body =
      json::serialize(json::object{{"by", who(arguments.by)}, {"reason", arguments.reason}});
  const auto input =
      parse_reply(client.post("/v1/inputs/" + url_encode(arguments.topic) + "/" +
                                  std::to_string(arguments.partition) + ":accept-loss",
                              body, "application/json"));
  if (common.json) {
    std::printf("%s\n", json::serialize(input).c_str());
  } else {
    std::printf(
        "accepted, and written down in the topic audit: %s/%u is read from its first record\n",
        arguments.topic.c_str(), arguments.partition);
  }
  return kOk;
}

}  // namespace laurel::console
