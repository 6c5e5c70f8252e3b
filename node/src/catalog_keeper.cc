#include "laurel/node/catalog_keeper.h"

#include <algorithm>
#include <chrono>

#include "laurel/contract/limits.h"
#include "laurel/contract/rfc3339.h"
#include "laurel/runtime/catalog_record.h"

namespace laurel::node {
namespace {

using runtime::Catalog;
using runtime::CatalogTerms;
using runtime::CatalogVersion;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

constexpr std::size_t kNoteBytesMax = 1024;

std::string time_text(TimeUs time_us) {
  return contract::rfc3339(time_us).value_or(std::to_string(time_us) + " us");
}

// Versions that were to come into force later, and now never will.
std::vector<std::uint64_t> superseded_by(const Catalog& before, const CatalogTerms& next) {
  std::vector<std::uint64_t> out;
  for (const auto& version : before.versions()) {
    const TimeUs begins = version->terms().live_from_us;
    if (begins > next.published_us && begins >= next.live_from_us) out.push_back(version->number());
  }
  return out;
}

}  // namespace

Status check_folder(const config::CatalogReader& reader, const config::CatalogFiles& folder) {
  std::vector<runtime::CatalogProblem> problems;
  if (reader.read(folder, CatalogTerms(), nullptr, problems) != nullptr) return {};
  return Error{ErrorCode::kConfigInvalid, config::to_text(problems)};
}

CatalogKeeper::CatalogKeeper(const config::CatalogReader& reader, const runtime::Hasher& hasher,
                             runtime::Engine& engine, Options options)
    : reader_(reader), hasher_(hasher), engine_(engine), options_(std::move(options)) {}

Status CatalogKeeper::start(const config::CatalogFiles* folder) {
  const auto records = engine_.read_catalog(1);
  if (!records) return records.error();
  for (std::size_t i = 0; i < records->size(); ++i) {
    if (Status status = restore(i + 1, (*records)[i]); !status) return status;
  }
  if (!records->empty() || folder == nullptr || options_.read_only) return {};
  CatalogTerms terms;
  terms.number = 1;
  terms.published_us = options_.now_us();
  terms.hash = config::content_hash(*folder, hasher_);
  terms.note = "first start";
  std::vector<runtime::CatalogProblem> problems;
  auto version = reader_.read(*folder, std::move(terms), nullptr, problems);
  if (version == nullptr) return Error{ErrorCode::kConfigInvalid, config::to_text(problems)};
  return store(std::move(version));
}

Status CatalogKeeper::restore(std::uint64_t number, const std::string& record) {
  auto stored = runtime::decode_catalog_record(number, record);
  if (!stored) return stored.error();
  std::vector<runtime::CatalogProblem> problems;
  const CatalogPtr before = current();
  auto version =
      reader_.restore(std::move(stored->terms), stored->documents, &before->newest(), problems);
  if (version == nullptr) {
    return Error{ErrorCode::kConfigInvalid,
                 "version " + std::to_string(number) +
                     " of the stored catalog is not accepted by this build; start the build that "
                     "published it:\n" +
                     config::to_text(problems)};
  }
  const std::lock_guard lock(mutex_);
  current_ = std::make_shared<const Catalog>(*before, std::move(version));
  return {};
}

Status CatalogKeeper::store(std::shared_ptr<const CatalogVersion> version) {
  const CatalogPtr before = current();
  const auto number = engine_.append_catalog(runtime::encode_catalog_record(*version));
  if (!number) return number.error();
  if (*number != version->number()) {
    return Error{ErrorCode::kInternal, "the catalog's log gave number " + std::to_string(*number) +
                                           " to version " + std::to_string(version->number())};
  }
  const auto next = std::make_shared<const Catalog>(*before, std::move(version));
  {
    const std::lock_guard lock(mutex_);
    current_ = next;
  }
  if (adopt_) adopt_(next);
  return {};
}

CatalogKeeper::CatalogPtr CatalogKeeper::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool CatalogKeeper::differs(const config::CatalogFiles& files) const {
  return current()->newest().terms().hash != config::content_hash(files, hasher_);
}

void CatalogKeeper::set_times(const runtime::CatalogPublication& publication, CatalogTerms& terms,
                              std::vector<runtime::CatalogProblem>& problems) const {
  const CatalogTerms& last = current()->newest().terms();
  // Never before the one before it, whatever the clock does.
  terms.published_us = std::max(options_.now_us(), last.published_us + 1);
  terms.history = publication.history;
  if (terms.number == 1) return;  // in force from the beginning of time
  const TimeUs earliest = terms.published_us + options_.lead_us;
  if (publication.history) {
    terms.effective_from_us = publication.effective_from.value_or(runtime::kFromTheBeginning);
    terms.live_from_us = std::max(earliest, terms.effective_from_us);
    return;
  }
  terms.effective_from_us = terms.live_from_us = publication.effective_from.value_or(earliest);
  if (terms.effective_from_us < earliest) {
    problems.push_back({"effective_from", 0, 0, "",
                        time_text(terms.effective_from_us) + " is too early; allowed: from " +
                            time_text(earliest) + " on (catalog.lead_ms after now), or history, " +
                            "which binds only backfills opened from now on"});
  }
}

Result<runtime::CatalogAnswer> CatalogKeeper::publish(
    const runtime::CatalogPublication& publication) {
  const std::lock_guard one_at_a_time(publishing_);
  const CatalogPtr before = current();
  const config::CatalogFiles files{"", publication.files};
  runtime::CatalogAnswer answer;
  CatalogTerms terms;
  terms.number = before->newest().number() + 1;
  terms.hash = config::content_hash(files, hasher_);
  terms.note = publication.note;
  terms.by = publication.by;
  if (before->newest().number() > 0 && before->newest().terms().hash == terms.hash) {
    answer.version = before->version(before->newest().number());
    return answer;
  }
  if (publication.note.size() > kNoteBytesMax) {
    answer.problems.push_back({"note", 0, 0, "", "is too long; allowed: 1024 bytes"});
  }
  if (publication.by.size() > contract::kByBytesMax) {
    answer.problems.push_back({"by", 0, 0, "", "is too long; allowed: 100 bytes"});
  }
  set_times(publication, terms, answer.problems);
  auto version = reader_.read(files, terms, &before->newest(), answer.problems);
  if (!answer.problems.empty()) return answer;
  answer.supersedes = superseded_by(*before, terms);
  answer.version = version;
  if (publication.validate_only) return answer;
  if (options_.read_only) {
    return Error{ErrorCode::kUnavailable, "this node only answers queries"};
  }
  if (Status status = store(std::move(version)); !status) return status.error();
  answer.created = true;
  return answer;
}

}  // namespace laurel::node
