#include <utility>

#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/audit.pb.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/topics.h"
#include "partition_impl.h"

namespace laurel::runtime {

using namespace internal;

void PartitionImpl::act(AdminAction action, std::function<void(bool)> done) {
  Work work;
  work.order = std::make_shared<QueuedOrder>(QueuedOrder{std::move(action), std::move(done)});
  orders_.push_back(std::move(work));
}

void PartitionImpl::handle_action(Work work, const AdminAction& action) {
  StoredAudit head;
  const auto stored = layers_.read(Space::kStaged, kAuditKey);
  if (failed()) return orders_.push_front(std::move(work));
  if (stored && (!head.ParseFromString(*stored) || head.format() != 1)) {
    return layers_.fail({ErrorCode::kStoreFailed, "the end of the audit records cannot be read"});
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
  layers_.open.put(Space::kStaged, std::string(kAuditKey), head.SerializeAsString());
  layers_.open.emit(
      {kTopicAudit, action.target, std::string(kAuditType), record.SerializeAsString(), now_us_});
  for (const auto& [input, position] : action.positions) {
    layers_.open.positions[input] = position;
  }
  layers_.open.handled.push_back({std::move(work), {}});
}

}  // namespace laurel::runtime
