/// GroupOffsets: how far inputs are handled, as offsets of the cluster's group: for tools that show
/// the lag. Nobody reads them back.
///
/// Threads    One.
#pragma once

#include <vector>

#include "input_partition.h"

namespace laurel::adapters::kafka {

class GroupOffsets {
 public:
  GroupOffsets(const ClientBase& base, Client& consumer)
      : base_(base), consumer_(consumer), answers_(rd_kafka_queue_new(consumer.get())) {}
  /// `durable`: the positions of all partitions. Does not wait for the answer.
  void write(const std::vector<InputPartition>& inputs,
             const std::vector<runtime::Positions>& durable);
  void hear();
  /// Of an answer that came otherwise.
  void say(rd_kafka_resp_err_t code);

 private:
  const ClientBase& base_;
  Client& consumer_;
  const Queue answers_;
  bool refused_ = false;  ///< they are not written any more
};

}  // namespace laurel::adapters::kafka
