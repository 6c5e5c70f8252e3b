#include "laurel/runtime/catalog_schema.h"

#include <exception>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace laurel::runtime {
namespace {

using Plans = std::vector<std::pair<PlanId, std::shared_ptr<const void>>>;

// The same content gives the same bytes, maps too.
std::string serialized(const google::protobuf::Message& message) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    LAUREL_ASSERT(message.SerializeToCodedStream(&coded));
  }
  return out;
}

Error contradiction(const std::string& what) {
  return {ErrorCode::kConfigInvalid, "two actor types contradict each other: " + what};
}

std::shared_ptr<const void> compile_plan(const SettingsSpec& spec, const CatalogDocument& document,
                                         const Zones& zones,
                                         std::vector<DocumentProblem>& problems) {
  Problems found;
  std::shared_ptr<const void> plan;
  try {
    plan = spec.compile(*document.message, zones, found);
  } catch (const std::exception& error) {
    found.add("", std::string("cannot be worked out: ") + error.what());
  }
  if (plan == nullptr && found.empty()) found.add("", "cannot be worked out");
  for (const Problem& problem : found.all()) problems.push_back({document.name, problem});
  if (found.more() > 0) {
    problems.push_back({document.name, {"", std::to_string(found.more()) + " more problems"}});
  }
  return plan;
}

}  // namespace

Result<CatalogSchema> CatalogSchema::make(std::vector<SettingsSpec> specs) {
  CatalogSchema schema;
  std::map<std::string, std::string> by_message;
  std::map<PlanId, std::string> by_plan;
  for (SettingsSpec& spec : specs) {
    const std::string type = spec.message->GetDescriptor()->full_name();
    const auto [known, added] = schema.by_name_.emplace(spec.document, spec.message);
    if (!added && known->second->GetDescriptor() != spec.message->GetDescriptor()) {
      return contradiction(spec.document + ".toml is declared as " +
                           known->second->GetDescriptor()->full_name() + " and as " + type);
    }
    const auto message = by_message.emplace(type, spec.document);
    if (!message.second && message.first->second != spec.document) {
      return contradiction(type + " is declared as " + message.first->second + ".toml and as " +
                           spec.document + ".toml");
    }
    if (spec.plan == nullptr) continue;
    const auto plan = by_plan.emplace(spec.plan, spec.document);
    if (!plan.second && plan.first->second != spec.document) {
      return contradiction("one plan is made of " + plan.first->second + ".toml and of " +
                           spec.document + ".toml");
    }
    if (plan.second) schema.specs_.push_back(std::move(spec));
  }
  return schema;
}

const google::protobuf::Message* CatalogSchema::prototype(std::string_view document) const {
  const auto it = by_name_.find(document);
  return it == by_name_.end() ? nullptr : it->second;
}

std::vector<std::string> CatalogSchema::names() const {
  std::vector<std::string> names;
  for (const auto& [name, message] : by_name_) names.push_back(name);
  return names;
}

bool CatalogSchema::complete(CatalogDocument& document) const {
  if (document.message != nullptr) {
    document.type = document.message->GetDescriptor()->full_name();
    document.bytes = serialized(*document.message);
    return true;
  }
  const google::protobuf::Message* declared = prototype(document.name);
  if (declared == nullptr) return true;
  if (declared->GetDescriptor()->full_name() != document.type) return false;
  std::shared_ptr<google::protobuf::Message> message(declared->New());
  if (!message->ParseFromString(document.bytes)) return false;
  document.message = std::move(message);
  return true;
}

std::shared_ptr<const CatalogVersion> CatalogSchema::compile(
    CatalogTerms terms, std::vector<CatalogDocument> documents, const Zones& zones,
    const CatalogVersion* before, std::vector<DocumentProblem>& problems) const {
  const std::size_t problems_before = problems.size();
  Plans plans;
  for (CatalogDocument& document : documents) {
    if (!complete(document)) {
      problems.push_back({document.name, {"", "is no " + document.type + " of this build"}});
      continue;
    }
    if (document.message == nullptr) continue;
    const CatalogDocument* old = before != nullptr ? before->document(document.name) : nullptr;
    const bool same = old != nullptr && old->message != nullptr && old->bytes == document.bytes;
    if (same) document.message = old->message;
    for (const SettingsSpec& spec : specs_) {
      if (spec.document != document.name) continue;
      std::shared_ptr<const void> plan = same ? before->shared_plan(spec.plan) : nullptr;
      if (plan == nullptr) plan = compile_plan(spec, document, zones, problems);
      plans.emplace_back(spec.plan, std::move(plan));
    }
  }
  if (problems.size() != problems_before) return nullptr;
  return std::make_shared<const CatalogVersion>(std::move(terms), std::move(documents),
                                                std::move(plans));
}

}  // namespace laurel::runtime
