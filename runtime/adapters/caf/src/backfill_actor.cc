#include "backfill_actor.h"

#include <algorithm>

#include "shell.h"

namespace laurel::adapters::internal {

using runtime::Backfill;
using runtime::Error;
using runtime::ErrorCode;

namespace {

constexpr std::size_t kWaitingMax = 1000;

const Backfill* find(const std::vector<Backfill>& all, std::uint64_t id) {
  const auto at = std::find_if(all.begin(), all.end(),
                               [id](const Backfill& each) { return each.terms.id == id; });
  return at == all.end() ? nullptr : &*at;
}

Error no_such(std::uint64_t id) {
  return {ErrorCode::kNotFound, "there is no backfill " + std::to_string(id) +
                                    "; `laurel backfill list` shows those there are"};
}

}  // namespace

BackfillActor::BackfillActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                             std::vector<caf::actor> partitions)
    : caf::event_based_actor(config),
      shared_(std::move(shared)),
      partitions_(std::move(partitions)),
      unfinished_(runtime::unfinished_orders(shared_->backfills())) {}

caf::behavior BackfillActor::make_behavior() {
  survive_strangers(*this);
  next();
  return {
      [this](const BackfillRequestPtr& request) { take(request); },
      [this](const OrderDone& outcome) { done(outcome); },
  };
}

void BackfillActor::take(const BackfillRequestPtr& request) {
  if (waiting_.size() >= kWaitingMax) {
    request->answer(Error{ErrorCode::kOverloaded, "too many requests about backfills are waiting"});
    return;
  }
  waiting_.push_back(request);
  next();
}

void BackfillActor::next() {
  while (!running_) {
    if (!unfinished_.empty()) {
      give(std::move(unfinished_.back()), nullptr);
      unfinished_.pop_back();
    } else if (!waiting_.empty()) {
      const BackfillRequestPtr request = std::move(waiting_.front());
      waiting_.pop_front();
      begin(*request);
    } else {
      return;
    }
  }
}

void BackfillActor::begin(BackfillRequest& request) {
  if (request.kind == BackfillRequest::Kind::kOpen) {
    open(request);
  } else {
    finish(request);
  }
}

void BackfillActor::open(BackfillRequest& request) {
  const auto all = shared_->backfills();
  std::size_t held = 0;
  std::uint64_t last = 0;
  for (const Backfill& each : all) {
    last = std::max(last, each.terms.id);
    held += each.held() ? 1 : 0;
    if (each.state != Backfill::State::kOpen || each.terms.source != request.terms.source) continue;
    if (each.terms.sorted == request.terms.sorted) return request.answer(each);
    return request.answer(Error{ErrorCode::kInvalidInput,
                                "backfill " + std::to_string(each.terms.id) + " of \"" +
                                    each.terms.source + "\" is open, and is " +
                                    (each.terms.sorted ? "" : "not ") + "sorted: close it first"});
  }
  if (held >= runtime::kBackfillsOpenMax) {
    return request.answer(Error{
        ErrorCode::kOverloaded,
        std::to_string(held) + " backfills are open or being applied, which is the limit: wait, or "
                               "close or drop one; `laurel backfill list` shows them"});
  }
  request.terms.id = last + 1;
  give({request.terms, runtime::BackfillState::kOpen}, std::move(request.answer));
}

void BackfillActor::finish(BackfillRequest& request) {
  const auto all = shared_->backfills();
  const Backfill* known = find(all, request.terms.id);
  if (known == nullptr) return request.answer(no_such(request.terms.id));
  const bool drop = request.kind == BackfillRequest::Kind::kDrop;
  if (known->state == Backfill::State::kOpen && !(drop && known->terms.sorted)) {
    return give(
        {known->terms, drop ? runtime::BackfillState::kDropped : runtime::BackfillState::kClosed,
         std::move(request.by), std::move(request.reason)},
        std::move(request.answer));
  }
  const bool dropped =
      known->state == Backfill::State::kDropping || known->state == Backfill::State::kDropped;
  if (drop == dropped) return request.answer(*known);  // done before
  std::string why = "backfill " + std::to_string(known->terms.id) + " is " + name_of(known->state);
  if (known->state == Backfill::State::kOpen) why += " and sorted: what came is applied; close it";
  request.answer(Error{ErrorCode::kInvalidInput,
                       why + (drop ? ", so it cannot be dropped" : ", so it cannot be closed")});
}

void BackfillActor::give(runtime::BackfillOrder order, BackfillAnswer answer) {
  const auto message = std::make_shared<const OrderToAll>(OrderToAll{++number_, order});
  running_ = Running{std::move(order), std::move(answer), partitions_.size(), true};
  const caf::actor self = caf::actor_cast<caf::actor>(this);
  for (const caf::actor& partition : partitions_)
    caf::anon_send(partition, OrderPtr(message), self);
}

void BackfillActor::done(const OrderDone& done) {
  if (!running_ || done.number != number_) return;
  running_->durable = running_->durable && done.durable;
  if (--running_->left > 0) return;
  const Running ended = std::move(*running_);
  running_.reset();
  if (ended.answer) {
    const auto all = shared_->backfills();
    const Backfill* now = find(all, ended.order.terms.id);
    if (!ended.durable || now == nullptr) {
      ended.answer(Error{ErrorCode::kOutcomeUnknown,
                         "it is not known whether that was done: ask again, or do it again"});
    } else {
      ended.answer(*now);
    }
  }
  next();
}

}  // namespace laurel::adapters::internal
