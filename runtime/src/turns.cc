#include "turns.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "laurel/runtime/keys.h"
#include "laurel/runtime/prefetch.h"

namespace laurel::runtime::internal {
namespace {

constexpr std::size_t kAhead = 8;
// What knows who has no row takes a 32nd of what actors may, beside it.
constexpr std::size_t kActorsShare = 32, kRootsMin = 4096;

std::size_t roots_of_groups(const PartitionOptions& options) {
  return std::max(options.activation_bytes_max / kActorsShare / FreshGroups::kRootBytes, kRootsMin);
}

// How late the order in which actors leave memory may be.
constexpr std::int64_t kGrainUs = 10'000'000;

}  // namespace

Turns::Turns(PartitionId partition, const Partition::Ports& ports,
             std::shared_ptr<const Catalog> catalog, const PartitionOptions& options,
             Layers& layers, PartitionCounters& counters)
    : partition_(partition),
      ports_(ports),
      options_(options),
      layers_(layers),
      counters_(counters),
      environment_{layers,
                   ports.hasher,
                   nullptr,
                   ports.engine.secret(),
                   options.effect_bytes_max,
                   scratch_,
                   effects_,
                   pool_,
                   activations_,
                   self_,
                   [this](Activation& activation, const TableSpec& table) {
                     return attach_board(activation, table);
                   }},
      groups_(layers, roots_of_groups(options)),
      boards_(layers, ports.boards) {
  adopt(std::move(catalog));
}

void Turns::adopt(std::shared_ptr<const Catalog> catalog) {
  environment_.catalog = std::move(catalog);
  asleep_.clear();
  const auto versions = environment_.catalog->versions();
  for (const ActorType& type : ports_.registry.types()) {
    if (type.only_with.empty()) continue;
    const bool known = std::any_of(versions.begin(), versions.end(), [&](const auto& version) {
      return version->document(type.only_with) != nullptr;
    });
    if (!known) asleep_.push_back(&type);
  }
}

bool Turns::room() const {
  return layers_.open.turns < options_.turns_max && layers_.open.weight() < options_.bytes_max;
}

Turns::End Turns::run(const Input& input) {
  Activation* activation = activate(input.type, input.key, input.root);
  ActorBase* actor = activation == nullptr ? nullptr : actors_.open(*activation);
  if (actor == nullptr) return {"unreadable-state", "the stored root cannot be read", {}, {}};
  TurnContext turn(environment_, {*activation, routing_key_of(input.type, input.key), input.origin,
                                  turns_of_work_, input.is_event});
  try {
    input.handler.invoke(*actor, input.message, turn);
  } catch (const std::exception& error) {
    turn.reject("actor-threw", error.what());
  } catch (...) {
    turn.reject("actor-threw", "an exception that is no std::exception");
  }
  ++turns_of_work_;
  ++layers_.open.turns;
  ++counters_.turns;
  if (turn.rejected() || layers_.failed()) {
    actors_.undo(*activation);
    return {turn.rejected() ? turn.reject_code() : "store-failed", turn.reject_detail(), {}, {}};
  }
  if (turn.declined()) {
    actors_.undo(*activation);
    return {{}, {}, {}, {}, true};
  }
  // Whoever is told next is in no cache of the processor: asked for while this turn is put away.
  const auto each_told = [&turn](const auto& use) {
    for (const auto& sent : turn.outgoing()) {
      if (sent->way == OutgoingMessage::Way::kDirect) use(sent->name_hash);
    }
  };
  each_told([this](std::size_t hash) { activations_.prefetch_activation(hash); });
  actors_.keep(*activation);
  turn.apply_to(layers_.open);
  each_told([this](std::size_t hash) { activations_.prefetch_texts(hash); });
  for (Board* board : turn.moved_boards()) boards_.touch(*board);
  mark_dirty(*activation);
  return {{}, {}, std::move(turn.note()), std::move(turn.outgoing())};
}

void Turns::mark_dirty(Activation& activation) {
  if (activation.dirty) return;
  activation.dirty = true;
  dirty_.push_back(&activation);
}

void Turns::deliver(Outgoing messages, const Origin& origin, std::uint32_t hops,
                    const std::function<void(const Undelivered&)>& undelivered) {
  std::uint32_t here = 0;
  for (std::size_t next = 0; next < messages.size() && !layers_.failed(); ++next) {
    const OutgoingPool::Pointer at_hand = std::move(messages[next]);  // goes back when it is done
    OutgoingMessage& message = *at_hand;
    const bool direct = message.way == OutgoingMessage::Way::kDirect;
    const auto fail = [&](std::string code, std::string detail) {
      const std::string address = message.to.type + "/" + message.to.key;
      if (detail.empty()) detail = "message to " + address;
      undelivered({std::move(code), std::move(detail), address, message.type->full_name(),
                   direct ? message.message->SerializeAsString() : message.bytes});
    };
    const ActorType* type = ports_.registry.find(message.to.type);
    const HandlerSpec* handler =
        type ? ports_.registry.message_handler(*type, message.type) : nullptr;
    if (handler == nullptr) {
      fail("no-such-handler", {});
      continue;
    }
    if (hops >= options_.hops_total_max) {
      fail("too-many-hops", {});
      continue;
    }
    const PartitionId target =
        partition_of(routing_key_of(*type, message.to.key), ports_.engine.partitions());
    const bool now = direct && target == partition_ && here < options_.hops_max && room();
    if (!now) {
      if (direct) message.message->SerializeToString(&message.bytes);
      const Outbox::Letter letter{message.to, message.type->full_name(), message.bytes, hops + 1};
      if (message.way == OutgoingMessage::Way::kLatest) {
        layers_.open.outbox.add_latest(target, {message.name, message.name_hash}, letter, origin);
      } else {
        layers_.open.outbox.add(target, letter, origin);
      }
      continue;
    }
    ++here;
    ++hops;
    const HashedName root(message.name, message.name_hash);
    End end = run({*type, *handler, message.to.key, root, *message.message, origin, false});
    if (end.code.empty()) {
      std::move(end.outgoing.begin(), end.outgoing.end(), std::back_inserter(messages));
    } else if (!layers_.failed()) {
      fail(std::move(end.code), std::move(end.detail));
    }
  }
}

void Turns::consume_timer(const ActorType& type, const std::string& key, std::string_view name,
                          std::string_view row_key) {
  layers_.open.put(Space::kTimers, row_key, std::nullopt);
  Activation* activation = activate(type, key, root_of(type, key));
  if (activation == nullptr) return;
  if (activation->more) {
    std::erase_if(activation->more->timers,
                  [&](const SetTimer& timer) { return timer.name == name; });
  }
  mark_dirty(*activation);
}

HashedName Turns::root_of(const ActorType& type, std::string_view key) {
  name_.clear();
  append_state_key(name_, type.name, key);
  return name_;
}

Activation* Turns::activate(const ActorType& type, std::string_view key, const HashedName& root) {
  Activation* activation = activations_.find(root);
  if (activation == nullptr) {
    Activation fresh;
    fresh.type = &type;
    for (const TableSpec& table : type.tables) {
      if (table.kind == TableKind::kLog) fresh.logs.push_back({table.name, 0, {}});
    }
    if (groups_.may_hold(type, key, root, now_us_)) {
      const auto stored = layers_.read(Space::kState, root);
      if (stored && !fresh.load(*stored, scratch_)) return nullptr;
    }
    fresh.name = root.text;
    fresh.bytes = fresh.memory();
    activation = &activations_.add(std::move(fresh), root.hash);
    ++counters_.activations_made;
  }
  activations_.touch(*activation, now_us_, std::min(kGrainUs, options_.idle_us_max / 8));
  return activation;
}

Board* Turns::attach_board(Activation& activation, const TableSpec& table) {
  std::uint64_t version = 0;
  Belongings& more = activation.belongings();
  for (const auto& [name, reached] : more.board_versions) {
    if (name == table.name) version = reached;
  }
  const ActorId id{activation.type->name, std::string(activation.key())};
  Board* board = boards_.get({id, table, version, durable_});
  if (board == nullptr) return nullptr;
  more.boards.push_back(board);
  activations_.resize(activation, {activation.bytes, more.board_bytes + board->memory()});
  return board;
}

void Turns::settle(CommitNumber number) {
  durable_ = number;
  boards_.settle(number);
}

void Turns::write_dirty(CommitNumber number) {
  boards_.seal(number, now_us_);
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    // Most were touched long before: their memory is asked for ahead.
    if (i + kAhead < dirty_.size()) prefetch_lines(dirty_[i + kAhead], kActivationLines);
    if (i + kAhead / 2 < dirty_.size()) {
      const Activation& soon = *dirty_[i + kAhead / 2];
      prefetch_lines(soon.root.data(), 2);
      prefetch_lines(soon.name.data(), 1);
      prefetch_lines(soon.logs.data(), 1);
    }
    Activation* activation = dirty_[i];
    const HashedName root(activation->name);
    if (activation->written_in == 0) {
      groups_.writes(*activation->type, activation->key(), root, now_us_);
    }
    activations_.resize(*activation, activation->write_to(layers_.open, scratch_, root.hash));
    activation->written_in = number;
  }
  dirty_.clear();
}

void Turns::drop_since(CommitNumber number) {
  activations_.drop_written_since(number);
  actors_.close_all();
  boards_.abort();
  boards_unswept_ = true;
  dirty_.clear();
}

void Turns::passivate(std::int64_t now_us, CommitNumber durable) {
  now_us_ = now_us;
  const std::size_t gone = activations_.passivate({
      .bytes_max = options_.activation_bytes_max,
      .board_bytes_max = options_.board_bytes_max,
      .used_since_us = now_us - options_.idle_us_max,
      .boards_used_since_us = now_us - options_.board_kept_us,
      .durable = durable,
  });
  counters_.passivations += gone;
  groups_.forget_unused_since(now_us - options_.idle_us_max);
  if (gone > 0) actors_.close_all();
  if (gone == 0 && !boards_unswept_) return;
  boards_unswept_ = false;
  boards_.sweep([this](const Board& board) {
    // The name is that of the root's row, then the table.
    const std::string& name = board.name();
    std::string root = name.substr(0, name.size() - board.spec().name.size());
    return board.touched || activations_.find(root.append(1, '\0')) != nullptr;
  });
}

}  // namespace laurel::runtime::internal
