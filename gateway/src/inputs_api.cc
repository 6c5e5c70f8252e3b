// /v1/inputs: the topics that are read, and accepting that a halted one has lost something.
#include <boost/json.hpp>

#include "admin_body.h"
#include "problem.h"
#include "service.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using runtime::InputStatus;

namespace {

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
  AdminBody who;
  if (std::string wrong = read_admin_body(request.body, true, who); !wrong.empty()) {
    return respond(bad_request(std::move(wrong)));
  }
  loss.by = std::move(who.by);
  loss.reason = std::move(who.reason);
  node_.accept_input_loss(std::move(loss), [post = scheduler_.post,
                                            respond](const runtime::Result<InputStatus>& answer) {
    post([answer, respond] {
      respond(answer ? json_reply(input_json(*answer)) : problem(answer.error()));
    });
  });
}

}  // namespace laurel::gateway::internal
