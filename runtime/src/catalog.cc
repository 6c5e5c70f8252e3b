#include "laurel/runtime/catalog.h"

#include <algorithm>

#include "laurel/runtime/errors.h"

namespace laurel::runtime {

CatalogVersion::CatalogVersion(CatalogTerms terms, std::vector<CatalogDocument> documents,
                               std::vector<std::pair<PlanId, std::shared_ptr<const void>>> plans)
    : terms_(std::move(terms)), documents_(std::move(documents)), plans_(std::move(plans)) {
  std::sort(documents_.begin(), documents_.end(),
            [](const CatalogDocument& a, const CatalogDocument& b) { return a.name < b.name; });
  for (const CatalogDocument& document : documents_) {
    if (document.message == nullptr) continue;
    LAUREL_ASSERT(find(*document.message->GetDescriptor()) == nullptr);
    by_type_.emplace_back(document.message->GetDescriptor(), document.message.get());
  }
}

const CatalogDocument* CatalogVersion::document(std::string_view name) const {
  for (const CatalogDocument& document : documents_) {
    if (document.name == name) return &document;
  }
  return nullptr;
}

const google::protobuf::Message* CatalogVersion::find(
    const google::protobuf::Descriptor& type) const {
  for (const auto& [known, message] : by_type_) {
    if (known == &type) return message;
  }
  return nullptr;
}

std::shared_ptr<const void> CatalogVersion::shared_plan(PlanId id) const {
  for (const auto& [known, plan] : plans_) {
    if (known == id) return plan;
  }
  return nullptr;
}

Catalog::Catalog() : spans_(1), versions_(1, std::make_shared<const CatalogVersion>()) {}

Catalog::Catalog(const Catalog& before, std::shared_ptr<const CatalogVersion> version)
    : spans_(before.spans_), versions_(before.versions_) {
  const CatalogTerms& terms = version->terms();
  LAUREL_ASSERT(terms.number == before.newest().number() + 1);
  LAUREL_ASSERT(terms.live_from_us >= terms.effective_from_us);
  if (before.newest().number() == 0) {  // the first one holds from the beginning of time
    spans_.clear();
    versions_.clear();
  }
  spans_.push_back({terms.live_from_us, terms.effective_from_us, terms.number});
  versions_.push_back(std::move(version));
}

std::shared_ptr<const CatalogVersion> Catalog::version(std::uint64_t number) const {
  const std::uint64_t first = versions_.front()->number();
  if (number == 0 || number < first || number > newest().number()) return nullptr;
  return versions_[static_cast<std::size_t>(number - first)];
}

std::vector<std::shared_ptr<const CatalogVersion>> Catalog::versions() const {
  if (newest().number() == 0) return {};
  return versions_;
}

std::shared_ptr<const Catalog> Catalog::of(
    std::vector<std::shared_ptr<const google::protobuf::Message>> documents) {
  CatalogTerms terms;
  terms.number = 1;
  std::vector<CatalogDocument> named;
  for (auto& message : documents) {
    CatalogDocument document;
    document.name = document.type = message->GetDescriptor()->full_name();
    document.bytes = message->SerializeAsString();
    document.message = std::move(message);
    named.push_back(std::move(document));
  }
  return std::make_shared<const Catalog>(
      Catalog(),
      std::make_shared<const CatalogVersion>(
          terms, std::move(named), std::vector<std::pair<PlanId, std::shared_ptr<const void>>>()));
}

}  // namespace laurel::runtime
