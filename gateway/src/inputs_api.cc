// /v1/inputs: the topics that are read, and accepting that a halted one has lost something.
#include <boost/json.hpp>

#include "problem.h"
#include "service.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using runtime::InputStatus;

namespace {

constexpr std::size_t kByBytesMax = 100;
constexpr std::size_t kReasonBytesMax = 1000;
constexpr std::uint64_t kPartitionMax = 1'000'000;

json::object input_json(const InputStatus& input) {
  json::object out = {{"topic", to_utf8(input.topic)},
                      {"partition", input.partition},
                      {"next", std::to_string(input.next)},
                      {"end", std::to_string(input.end)},
                      {"lag", std::to_string(std::max<std::int64_t>(input.end - input.next, 0))},
                      {"generation", input.generation},
                      {"halted", input.halted}};
  if (input.halted) out["why"] = to_utf8(input.why);
  return out;
}

Reply json_reply(const json::value& body) {
  return Reply{200, "application/json", json::serialize(body), {}, {}};
}

// Empty when the body is as it has to be.
std::string read_loss(const std::string& body, runtime::InputLoss& loss) {
  constexpr const char* kWanted = "the body is a JSON object with by and reason, both texts";
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object() || parsed.get_object().size() != 2) return kWanted;
  for (const auto& member : parsed.get_object()) {
    const bool by = member.key() == "by";
    if ((!by && member.key() != "reason") || !member.value().is_string()) return kWanted;
    const auto& text = member.value().get_string();
    if (text.empty() || text.size() > (by ? kByBytesMax : kReasonBytesMax)) {
      return by ? "by has 1 to 100 bytes" : "reason has 1 to 1000 bytes";
    }
    (by ? loss.by : loss.reason) = std::string(text);
  }
  return {};
}

}  // namespace

void Service::inputs(const Request& request, const Target& target, const Respond& respond) {
  if (request.method == "POST") return accept_loss(request, target, respond);
  json::array list;
  for (const InputStatus& each : node_.inputs()) list.push_back(input_json(each));
  respond(json_reply(json::object{{"inputs", std::move(list)}}));
}

void Service::accept_loss(const Request& request, const Target& target, const Respond& respond) {
  runtime::InputLoss loss;
  loss.topic = target.segments[2];
  const std::string& segment = target.segments[3];
  const auto partition = parse_u64(segment.substr(0, segment.rfind(':')));
  if (!partition || *partition > kPartitionMax) {
    return respond(not_found("there is no partition " + segment.substr(0, segment.rfind(':')) +
                             " of an input; GET /v1/inputs lists them"));
  }
  loss.partition = static_cast<int>(*partition);
  if (std::string wrong = read_loss(request.body, loss); !wrong.empty()) {
    return respond(bad_request(std::move(wrong)));
  }
  node_.accept_input_loss(std::move(loss), [post = scheduler_.post,
                                            respond](const runtime::Result<InputStatus>& answer) {
    post([answer, respond] {
      respond(answer ? json_reply(input_json(*answer)) : problem(answer.error()));
    });
  });
}

}  // namespace laurel::gateway::internal
