/// Catalog: the reference documents that actors read, in all their versions.
///
///     version   1 ───────────────────────────────────────────▶   from the beginning of time
///               2            ├───────────────────────────────▶   from its effective_from on
///               3 (history)  :     ├─────────────────────────▶   live events
///               3 (history)  ├─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─▶   backfills opened after it
///
///     In force at an event time: the newest version, by number, that has begun by then.
///
/// Why        What was decided is not restated: a version never changes, and a live event never
/// sees
///            one that begins in its past (adr/0009).
/// View       The node's. A new version is a new Catalog that shares the versions before it.
/// Threads    Immutable: any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>

#include "laurel/api/settings.h"
#include "laurel/api/turn.h"

namespace laurel::runtime {

inline constexpr TimeUs kFromTheBeginning = std::numeric_limits<TimeUs>::min();

/// A document as it was written and as it is read.
struct CatalogDocument {
  std::string name;  ///< file name in the catalog folder, without .toml
  std::string toml;  ///< what people wrote
  std::string type;  ///< full name of its message
  /// Null: no actor type of this build declares it; `bytes` keeps it.
  std::shared_ptr<const google::protobuf::Message> message;
  std::string bytes;  ///< the message, serialized
};

/// What a version is, its content apart.
struct CatalogTerms {
  std::uint64_t number = 0;  ///< 1, 2, 3, ...; 0: nothing was ever published
  TimeUs published_us = 0;
  /// Event time from which it is in force, for backfills opened after it was published.
  TimeUs effective_from_us = kFromTheBeginning;
  /// The same for live events and older backfills; later than the above only with `history`.
  TimeUs live_from_us = kFromTheBeginning;
  bool history = false;
  std::string note;
  std::string hash;     ///< of names and texts, 32 bytes
  std::string by = {};  ///< who published it; empty: the first start did, or nobody said
};

/// One version, worked out. Immutable.
class CatalogVersion {
 public:
  CatalogVersion() = default;  ///< number 0, no documents
  CatalogVersion(CatalogTerms terms, std::vector<CatalogDocument> documents,
                 std::vector<std::pair<PlanId, std::shared_ptr<const void>>> plans);

  const CatalogTerms& terms() const { return terms_; }
  std::uint64_t number() const { return terms_.number; }
  /// By name, ascending.
  const std::vector<CatalogDocument>& documents() const { return documents_; }
  const CatalogDocument* document(std::string_view name) const;
  /// The document of that message type, or nullptr.
  const google::protobuf::Message* find(const google::protobuf::Descriptor& type) const;
  std::shared_ptr<const void> shared_plan(PlanId id) const;
  const void* plan(PlanId id) const {
    for (const auto& [known, plan] : plans_) {
      if (known == id) return plan.get();
    }
    return nullptr;
  }

 private:
  CatalogTerms terms_;
  std::vector<CatalogDocument> documents_;
  std::vector<std::pair<const google::protobuf::Descriptor*, const google::protobuf::Message*>>
      by_type_;
  std::vector<std::pair<PlanId, std::shared_ptr<const void>>> plans_;  // few: a scan is quickest
};

/// Which versions may look back for an event: none for a live stream, those known when it was
/// opened for a backfill.
struct CatalogBound {
  std::uint64_t known = 0;  ///< newest version when the backfill was opened; 0: live
};

class Catalog {
 public:
  /// Nothing was published: version 0, without documents.
  Catalog();
  /// REQUIRES: version->number() is that of the newest + 1, live_from >= effective_from.
  Catalog(const Catalog& before, std::shared_ptr<const CatalogVersion> version);

  /// The version in force at that event time.
  const CatalogVersion& at(TimeUs event_time, CatalogBound bound = {}) const {
    for (std::size_t i = spans_.size(); i-- > 1;) {
      const Span& span = spans_[i];
      const TimeUs from = span.number <= bound.known ? span.effective_from : span.live_from;
      if (from <= event_time) return *versions_[i];
    }
    return *versions_.front();
  }
  const CatalogVersion& newest() const { return *versions_.back(); }
  /// nullptr: there is no such version (0 is none).
  std::shared_ptr<const CatalogVersion> version(std::uint64_t number) const;
  /// Ascending; without version 0.
  std::vector<std::shared_ptr<const CatalogVersion>> versions() const;

  /// Version 1 of these documents, as they are: without texts and plans. For tests and tools.
  static std::shared_ptr<const Catalog> of(
      std::vector<std::shared_ptr<const google::protobuf::Message>> documents);

 private:
  struct Span {
    TimeUs live_from = kFromTheBeginning;
    TimeUs effective_from = kFromTheBeginning;
    std::uint64_t number = 0;
  };
  std::vector<Span> spans_;  // beside the versions: at() is called once per turn
  std::vector<std::shared_ptr<const CatalogVersion>> versions_;  // never empty
};

}  // namespace laurel::runtime
