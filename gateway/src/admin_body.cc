#include "admin_body.h"

#include <boost/json.hpp>

#include "laurel/contract/limits.h"

namespace laurel::gateway::internal {
namespace {
constexpr std::size_t kReasonBytesMax = 1000;
}  // namespace

std::string read_admin_body(const std::string& body, bool required, AdminBody& out) {
  namespace json = boost::json;
  constexpr const char* kWanted = "the body is a JSON object with by and reason, both texts";
  if (body.empty() && !required) return {};
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) return kWanted;
  for (const auto& member : parsed.get_object()) {
    const bool by = member.key() == "by";
    if ((!by && member.key() != "reason") || !member.value().is_string()) return kWanted;
    (by ? out.by : out.reason) = std::string(member.value().get_string());
  }
  if (required && parsed.get_object().size() != 2) return kWanted;
  const auto fits = [required](const std::string& text, std::size_t bytes_max) {
    return text.size() <= bytes_max && !(required && text.empty());
  };
  if (!fits(out.by, contract::kByBytesMax)) return "by has 1 to 100 bytes";
  if (!fits(out.reason, kReasonBytesMax)) return "reason has 1 to 1000 bytes";
  return {};
}

}  // namespace laurel::gateway::internal
