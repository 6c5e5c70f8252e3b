#include "laurel/runtime/catalog_record.h"

#include "laurel/runtime/catalog.pb.h"

namespace laurel::runtime {
namespace {
constexpr std::uint32_t kFormat = 1;
}

std::string encode_catalog_record(const CatalogVersion& version) {
  const CatalogTerms& terms = version.terms();
  CatalogRecord record;
  record.set_format(kFormat);
  record.set_published_us(terms.published_us);
  record.set_effective_from_us(terms.effective_from_us);
  record.set_live_from_us(terms.live_from_us);
  record.set_history(terms.history);
  record.set_note(terms.note);
  record.set_hash(terms.hash);
  record.set_by(terms.by);
  for (const CatalogDocument& document : version.documents()) {
    auto& stored = *record.add_documents();
    stored.set_name(document.name);
    stored.set_type(document.type);
    stored.set_message(document.bytes);
    stored.set_toml(document.toml);
  }
  return record.SerializeAsString();
}

Result<StoredCatalogVersion> decode_catalog_record(std::uint64_t number, std::string_view bytes) {
  CatalogRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      record.format() != kFormat || record.live_from_us() < record.effective_from_us()) {
    return Error{ErrorCode::kStoreFailed,
                 "version " + std::to_string(number) +
                     " of the stored catalog cannot be read: it is damaged, or of a later format"};
  }
  StoredCatalogVersion out;
  out.terms = {number,
               record.published_us(),
               record.effective_from_us(),
               record.live_from_us(),
               record.history(),
               record.note(),
               record.hash(),
               record.by()};
  for (const auto& stored : record.documents()) {
    CatalogDocument document;
    document.name = stored.name();
    document.type = stored.type();
    document.bytes = stored.message();
    document.toml = stored.toml();
    out.documents.push_back(std::move(document));
  }
  return out;
}

}  // namespace laurel::runtime
