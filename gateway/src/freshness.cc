#include "freshness.h"

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "problem.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace {

constexpr std::uint64_t kStaleMsMax = 86'400'000;
constexpr std::chrono::milliseconds kRecheck{5};

Reply not_yet(const std::string& why) {
  return problem(Problem{503, runtime::name_of(runtime::ErrorCode::kUnavailable), why});
}

/// One read that waits. Whoever sets `over` answers.
struct Wait : std::enable_shared_from_this<Wait> {
  runtime::NodeApi& node;
  Scheduler scheduler;
  Position reached;  ///< every commit of it has to be durable first
  std::vector<runtime::PartitionId> first;
  runtime::PartitionId partition;
  bool barrier = false;  ///< through `partition`
  Respond respond;
  std::function<void(const Respond&)> read;
  std::atomic<bool> over{false};
  std::atomic<std::size_t> left{0};

  Wait(runtime::NodeApi& of, Scheduler by, runtime::PartitionId at)
      : node(of), scheduler(std::move(by)), partition(at) {}

  void start() {
    scheduler.after(kFreshWait, [self = shared_from_this()] {
      self->refuse("what has to be seen is not durable yet; ask again");
    });
    recheck();
  }
  void refuse(const std::string& why) {
    if (over.exchange(true)) return;
    read = nullptr;
    std::exchange(respond, nullptr)(not_yet(why));
  }

 private:
  void recheck() {
    if (over) return;
    for (const auto& [id, commit] : reached.commits) {
      const auto view = node.engine().view(id);
      if (!view) return refuse(view.error().message);
      if ((*view)->commit() >= commit) continue;
      return scheduler.after(kRecheck, [self = shared_from_this()] { self->recheck(); });
    }
    left = first.size();
    if (first.empty()) return last();
    for (const runtime::PartitionId id : first) {
      pass(id, [self = shared_from_this()] {
        if (self->left.fetch_sub(1) == 1) self->last();
      });
    }
  }
  void last() {
    if (!barrier) return finish();
    pass(partition, [self = shared_from_this()] { self->finish(); });
  }
  void pass(runtime::PartitionId id, std::function<void()> then) {
    // `done` runs on a partition's thread: it only hands over.
    node.barrier(id, [self = shared_from_this(), then = std::move(then)](bool durable) {
      self->scheduler.post([self, durable, then] {
        if (!durable) return self->refuse("this node cannot tell how far it is; ask again");
        then();
      });
    });
  }
  void finish() {
    if (over.exchange(true)) return;
    // The timer keeps this object: not what it was for.
    const auto answer = std::exchange(respond, nullptr);
    std::exchange(read, nullptr)(answer);
  }
};

}  // namespace

std::string read_freshness(const Target& target, std::uint16_t partitions, Freshness& freshness) {
  const auto consistency = target.query.find("consistency");
  const auto stale = target.query.find("max_stale_ms");
  if (consistency != target.query.end()) {
    if (consistency->second == "strong") {
      freshness.consistency = Freshness::Consistency::kStrong;
    } else if (consistency->second == "bounded") {
      freshness.consistency = Freshness::Consistency::kBounded;
    } else if (consistency->second != "committed") {
      return "consistency is \"" + consistency->second +
             "\"; allowed: committed, bounded (with max_stale_ms), strong";
    }
  }
  const bool bounded = freshness.consistency == Freshness::Consistency::kBounded;
  if (bounded != (stale != target.query.end())) {
    return "consistency=bounded and max_stale_ms go together";
  }
  if (bounded) {
    const auto number = parse_u64(stale->second);
    if (!number || *number > kStaleMsMax) {
      return "max_stale_ms is \"" + stale->second + "\"; expected is a number up to 86400000";
    }
    freshness.stale_ms_max = *number;
  }
  if (const auto least = target.query.find("min_position"); least != target.query.end()) {
    freshness.min_position = parse_position(least->second, partitions);
    if (!freshness.min_position) return "min_position is no position that this API gave";
  }
  return {};
}

void when_fresh(runtime::NodeApi& node, const Scheduler& scheduler, const Freshness& freshness,
                runtime::PartitionId partition, Respond respond,
                std::function<void(const Respond&)> read) {
  if (freshness.consistency == Freshness::Consistency::kBounded) {
    // What is durable here is never behind while the node runs; one that has failed cannot tell.
    const std::string state = node.status().state;
    if (state == "failed")
      return respond(not_yet("the node has failed: how old its state is, is not known"));
  }
  const auto wait = std::make_shared<Wait>(node, scheduler, partition);
  wait->barrier = freshness.consistency == Freshness::Consistency::kStrong;
  if (freshness.min_position) {
    wait->reached = *freshness.min_position;
    for (const auto& [id, commit] : wait->reached.commits) {
      const bool own = id == partition;
      if (own && wait->reached.kind == Position::Kind::kBoard) continue;
      if (!own) wait->first.push_back(id);
      wait->barrier = true;
    }
  }
  if (!wait->barrier && wait->reached.commits.empty()) return read(respond);
  wait->respond = std::move(respond);
  wait->read = std::move(read);
  wait->start();
}

}  // namespace laurel::gateway::internal
