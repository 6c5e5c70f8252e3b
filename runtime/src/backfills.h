/// Backfills: a partition's parts of the backfills, as the next turn sees them and as they are
/// durable.
///
///     now ──write()──▶ in flight ──▶ durable
///      ▲                               │
///      └────────── revert() ───────────┘
///
/// Threads    The partition's; a snapshot is immutable.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "laurel/runtime/backfill.h"
#include "layers.h"

namespace laurel::runtime::internal {

class Backfills {
 public:
  /// All that is stored. A store error, or a row that cannot be read: layers.failed().
  void load(Layers& layers);

  const BackfillPart* find(std::uint64_t id) const;
  /// The part, to be changed; it is written with the open commit. REQUIRES: there is one.
  BackfillPart& change(std::uint64_t id);
  BackfillPart& add(const BackfillTerms& terms);
  /// Forgets the oldest that are through, all but kBackfillsKeptMax, unless they are listed.
  void prune(const std::vector<BackfillSpan>& listed, OpenCommit& open);
  const std::map<std::uint64_t, BackfillPart>& all() const { return now_; }

  /// The inbox was handled to its end; `quiet`: and nothing was sent to the own partition since.
  void inbox_drained(bool quiet);
  /// Something has changed since the last write.
  bool changed() const { return !dirty_.empty(); }
  /// The changed rows. REQUIRES: right before the open commit is sealed.
  void write(OpenCommit& open);
  /// What was written is durable.
  void settle();
  /// Back to what is durable.
  void revert();
  const std::shared_ptr<const BackfillParts>& durable() const { return durable_; }

 private:
  std::map<std::uint64_t, BackfillPart> now_;
  std::set<std::uint64_t> dirty_;
  std::shared_ptr<const BackfillParts> in_flight_;
  std::shared_ptr<const BackfillParts> durable_ = std::make_shared<BackfillParts>();
};

}  // namespace laurel::runtime::internal
