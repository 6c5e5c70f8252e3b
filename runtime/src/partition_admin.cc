#include <utility>

#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/audit.pb.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/topics.h"
#include "partition_impl.h"
#include "wire.h"

namespace laurel::runtime {

using namespace internal;

namespace {

// The record comes after the version, at an upgrade long after: it says when that was.
std::string in_force(const CatalogTerms& terms) {
  const auto from = [](TimeUs at) {
    return at == kFromTheBeginning ? std::string("the beginning") : std::to_string(at) + " us";
  };
  std::string out = "published at " + std::to_string(terms.published_us) + " us, in force from " +
                    from(terms.effective_from_us);
  if (terms.history) out += " for backfills opened after it, live from " + from(terms.live_from_us);
  return out;
}

}  // namespace

void PartitionImpl::act(AdminAction action, std::function<void(bool)> done) {
  orders_.emplace_back(QueuedOrder{std::move(action), std::move(done)});
}

void PartitionImpl::handle_action(Work work, const AdminAction& action) {
  if (!audit(action)) return orders_.push_front(std::move(work));
  for (const auto& [input, position] : action.positions) {
    layers_.open.positions[input] = position;
  }
  layers_.open.handled.push_back({std::move(work)});
}

// The record, in the open commit. False: the partition has failed.
bool PartitionImpl::audit(const AdminAction& action, std::uint64_t catalog_version) {
  StoredAudit head;
  const auto stored = layers_.read(Space::kStaged, kAuditKey);
  if (failed()) return false;
  if (stored && (!head.ParseFromString(*stored) || head.format() != 1)) {
    layers_.fail({ErrorCode::kStoreFailed, "the end of the audit records cannot be read"});
    return false;
  }
  contract::AuditRecord record;
  record.set_number(head.number() + 1);
  record.set_recorded_time_us(now_us_);
  record.set_action(action.action);
  record.set_target(action.target);
  record.set_by(action.by);
  record.set_reason(action.reason);
  record.set_before(action.before);
  record.set_after(action.after);
  record.set_previous_hash(head.hash());
  const Digest hash = ports_.hasher.sha256({record.SerializeAsString()});
  record.set_hash(hash.data(), hash.size());
  head.set_format(1);
  head.set_number(record.number());
  head.set_hash(record.hash());
  if (catalog_version > 0) head.set_catalog_version(catalog_version);
  OpenCommit& open = layers_.open;
  open.put_kept(Space::kStaged, kAuditKey, keep_message(open.bytes, head));
  open.emit({kTopicAudit, open.bytes.keep(action.target), kAuditType,
             keep_message(open.bytes, record), now_us_});
  return true;
}

// A version is durable in the catalog's log, which knows no partition: its record follows, once, as
// the end of the chain says how far they have come.
void PartitionImpl::audit_catalog() {
  const Catalog& catalog = turns_.catalog();
  if (id != kAuditPartition || catalog.newest().number() <= catalog_audited_) return;
  StoredAudit head;
  const auto stored = layers_.read(Space::kStaged, kAuditKey);
  // What cannot be read is told by whoever has a record to write.
  if (failed() || (stored && !head.ParseFromString(*stored))) return;
  for (const auto& version : catalog.versions()) {
    const CatalogTerms& terms = version->terms();
    if (terms.number <= head.catalog_version()) continue;
    AdminAction action;
    action.action = "catalog.publish";
    action.target = "catalog/" + std::to_string(terms.number);
    action.by = terms.by;
    action.reason = terms.note;
    action.before = "version " + std::to_string(terms.number - 1);
    action.after = in_force(terms);
    if (!audit(action, terms.number)) return;
  }
  catalog_audited_ = catalog.newest().number();
}

}  // namespace laurel::runtime
