#include "laurel/testkit/testkit.h"

#include <algorithm>
#include <exception>
#include <limits>

#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/contract/options.pb.h"
#include "laurel/runtime/errors.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/topics.h"
#include "laurel/testkit/utc_zones.h"

namespace laurel {

namespace {

// Kind and parts, told apart as in the journal.
std::string journal_name(const google::protobuf::Descriptor& event_type,
                         const std::vector<std::string_view>& parts) {
  std::string name = event_type.full_name() + '\0';
  for (const std::string_view part : parts) runtime::append_key_part(name, part);
  return name;
}

}  // namespace

// Effects go to copies; they replace the kit's when the turn was good.
class TestKit::KitTurn final : public Turn {
 public:
  explicit KitTurn(TestKit& kit)
      : kit_(kit), rows(kit.rows_), logs(kit.logs_), sent(kit.sent_), emitted(kit.emitted_) {
    cause_.event_id = kit.event_id_;
    cause_.event_type = "test";
    cause_.subject = kit.subject_.empty() ? kit.id_.key : kit.subject_;
    cause_.source = "urn:test";
    cause_.catalog_version = kit.catalog_version_;
  }

  const ActorId& self() const override { return kit_.id_; }
  const Cause& cause() const override { return cause_; }
  TimeUs now() const override { return kit_.now_; }
  TimeUs watermark() const override { return kit_.watermark_; }
  std::uint64_t random() override { return ++kit_.random_ * 0x9e3779b97f4a7c15ULL; }
  Digest sha256(std::initializer_list<std::string_view> parts) const override {
    return adapters::OpenSslHasher().sha256(parts);
  }
  using Turn::document;
  const google::protobuf::Message* document(
      const google::protobuf::Descriptor& type) const override {
    const auto it = kit_.documents_.find(type.full_name());
    return it == kit_.documents_.end() ? nullptr : it->second.get();
  }
  using Turn::plan;
  const void* plan(PlanId id) const override {
    const auto it = kit_.plans_.find(id);
    return it == kit_.plans_.end() ? nullptr : it->second.get();
  }
  DatedPlan plan_at(PlanId id, TimeUs) const override {
    return {plan(id), std::numeric_limits<TimeUs>::min(), kit_.catalog_version_};
  }
  using Turn::scratch;
  google::protobuf::Message& scratch(const google::protobuf::Message& prototype) override {
    auto& message = kit_.scratch_[prototype.GetDescriptor()];
    message.reset(prototype.New());
    return *message;
  }
  bool get(std::string_view table, std::string_view key, google::protobuf::Message& row) override {
    const auto it = rows.find({std::string(table), std::string(key)});
    return it != rows.end() && row.ParseFromString(it->second);
  }
  void put(std::string_view table, std::string_view key,
           const google::protobuf::Message& row) override {
    rows[{std::string(table), std::string(key)}] = row.SerializeAsString();
  }
  void erase(std::string_view table, std::string_view key) override {
    rows.erase({std::string(table), std::string(key)});
  }
  void scan(std::string_view table, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& row) override {
    for (auto it = rows.lower_bound({std::string(table), std::string(from)});
         it != rows.end() && it->first.first == table; ++it) {
      if (!row(it->first.second, it->second)) return;
    }
  }
  std::uint64_t append(std::string_view table, const google::protobuf::Message& row) override {
    auto& log = logs[std::string(table)];
    log.push_back(row.SerializeAsString());
    return log.size();
  }
  bool read_log(std::string_view table, std::uint64_t sequence,
                google::protobuf::Message& row) override {
    const auto& log = logs[std::string(table)];
    return sequence >= 1 && sequence <= log.size() && row.ParseFromString(log[sequence - 1]);
  }
  bool rank_get(std::string_view table, std::string_view member, SortKey* key,
                google::protobuf::Message* row) override {
    const auto it = ranked.find({std::string(table), std::string(member)});
    if (it == ranked.end()) return false;
    if (key != nullptr) *key = it->second.key;
    return row == nullptr || row->ParseFromString(it->second.row);
  }
  void rank_put(std::string_view table, std::string_view member, const SortKey& key,
                const google::protobuf::Message& row) override {
    ranked[{std::string(table), std::string(member)}] = {key, row.SerializeAsString()};
  }
  void rank_erase(std::string_view table, std::string_view member) override {
    ranked.erase({std::string(table), std::string(member)});
  }
  std::uint64_t rank_size(std::string_view table) override { return kit_.places(table).size(); }
  void rank_walk(
      std::string_view table, std::uint64_t from,
      const std::function<bool(std::uint64_t, std::string_view, const SortKey&)>& place) override {
    const auto places = kit_.places(table);
    for (std::uint64_t at = from; at < places.size(); ++at) {
      if (!place(at, places[at].member, places[at].key)) return;
    }
  }
  void send(const ActorId& to, const google::protobuf::Message& message) override {
    sent.push_back({to, copy_of(message)});
  }
  void send_latest(const ActorId& to, const google::protobuf::Message& message) override {
    for (Sent& each : sent) {
      if (each.latest && each.to == to &&
          each.message->GetDescriptor() == message.GetDescriptor()) {
        each.message = copy_of(message);
        return;
      }
    }
    sent.push_back({to, copy_of(message), true});
  }
  void again(const google::protobuf::Message& step) override {
    sent.push_back({self(), copy_of(step)});
  }
  void set_timer(const Timer& timer, const google::protobuf::Message& message) override {
    timers[std::string(timer.name)] = {timer.clock, timer.at, timer.window_from, copy_of(message)};
  }
  void cancel_timer(std::string_view name) override { timers.erase(std::string(name)); }
  void remember(const google::protobuf::Message& note) override {
    if (!handles_event_) return reject("no-event", "remember() belongs to the turn of an event");
    note_ = note.SerializeAsString();
  }
  bool recall(const google::protobuf::Descriptor& event_type,
              std::initializer_list<std::string_view> natural_key, google::protobuf::Message* event,
              google::protobuf::Message* note) override {
    const auto it =
        kit_.journal_.find(journal_name(event_type, {natural_key.begin(), natural_key.end()}));
    if (it == kit_.journal_.end()) return false;
    if (event != nullptr && !event->ParseFromString(it->second.first)) return false;
    return note == nullptr || note->ParseFromString(it->second.second);
  }
  void emit(std::string_view topic, std::string_view key,
            const google::protobuf::Message& record) override {
    if (runtime::actor_topic(topic) == nullptr) {
      return reject("undeclared-topic",
                    std::string(topic) + " is not a topic that actors write to");
    }
    emitted.push_back({std::string(topic), std::string(key), record.SerializeAsString()});
  }
  void emit_latest(std::string_view topic, std::string_view key,
                   const google::protobuf::Message& record) override {
    for (Emitted& each : emitted) {
      if (each.topic == topic && each.key == key) {
        each.bytes = record.SerializeAsString();
        return;
      }
    }
    emit(topic, key, record);
  }
  void decline() override { declined = true; }
  void reject(std::string_view code, std::string detail) override {
    if (!kit_.reject_code_.empty()) return;
    kit_.reject_code_ = code;
    kit_.reject_detail_ = std::move(detail);
  }

  void handles_event(const google::protobuf::Message& event) {
    handles_event_ = event.GetDescriptor()->options().HasExtension(contract::event);
  }
  void keep(const google::protobuf::Message& message) {
    kit_.timers_ = std::move(timers);
    kit_.ranked_ = std::move(ranked);
    if (handles_event_) {
      kit_.journal_[kit_.journal_name_of(message)] = {message.SerializeAsString(), note_};
    }
    kit_.rows_ = std::move(rows);
    kit_.logs_ = std::move(logs);
    kit_.sent_ = std::move(sent);
    kit_.emitted_ = std::move(emitted);
  }

  bool declined = false;

 private:
  static std::shared_ptr<google::protobuf::Message> copy_of(
      const google::protobuf::Message& message) {
    std::shared_ptr<google::protobuf::Message> copy(message.New());
    copy->CopyFrom(message);
    return copy;
  }

  TestKit& kit_;
  Cause cause_;
  bool handles_event_ = false;
  std::string note_;
  std::map<std::string, SetTimer> timers = kit_.timers_;
  std::map<std::pair<std::string, std::string>, Ranked> ranked = kit_.ranked_;
  std::map<std::pair<std::string, std::string>, std::string> rows;
  std::map<std::string, std::vector<std::string>> logs;
  std::vector<Sent> sent;
  std::vector<Emitted> emitted;
};

TestKit::TestKit(ActorType type, std::string key)
    : type_(std::move(type)), id_{type_.name, std::move(key)}, actor_(type_.make()) {}
TestKit::~TestKit() = default;

std::string TestKit::document(const google::protobuf::Message& document) {
  std::shared_ptr<google::protobuf::Message> copy(document.New());
  copy->CopyFrom(document);
  static const UtcZones utc;
  std::string wrong;
  std::map<PlanId, std::shared_ptr<const void>> plans = plans_;
  for (const SettingsSpec& spec : type_.settings) {
    if (!spec.compile || spec.message->GetDescriptor() != document.GetDescriptor()) continue;
    Problems problems;
    plans[spec.plan] = spec.compile(*copy, zones_ != nullptr ? *zones_ : utc, problems);
    for (const Problem& problem : problems.all()) {
      wrong += (wrong.empty() ? "" : "\n") + problem.path + ": " + problem.message;
    }
  }
  if (!wrong.empty()) return wrong;
  plans_ = std::move(plans);
  documents_[document.GetDescriptor()->full_name()] = std::move(copy);
  return {};
}

void TestKit::cause(std::string event_id, std::uint64_t catalog_version) {
  event_id_ = std::move(event_id);
  catalog_version_ = catalog_version;
}

bool TestKit::when(const google::protobuf::Message& message) {
  const HandlerSpec* handler = nullptr;
  for (const HandlerSpec& each : type_.handlers) {
    if (each.message->GetDescriptor() == message.GetDescriptor()) handler = &each;
  }
  LAUREL_ASSERT(handler != nullptr);  // the actor type takes or handles this message
  reject_code_.clear();
  reject_detail_.clear();
  const std::string before = actor_->root().SerializeAsString();
  KitTurn turn(*this);
  turn.handles_event(message);
  try {
    handler->invoke(*actor_, message, turn);
  } catch (const std::exception& error) {
    turn.reject("actor-threw", error.what());
  }
  declined_ = turn.declined;
  if (!reject_code_.empty() || declined_) {
    actor_->root().ParseFromString(before);
    return false;
  }
  turn.keep(message);
  return true;
}

// The natural key as the event's options declare it: `source`, `subject`, or a text field.
std::string TestKit::journal_name_of(const google::protobuf::Message& event) const {
  const auto& type = *event.GetDescriptor();
  std::vector<std::string> parts;
  for (const std::string& path : type.options().GetExtension(contract::event).natural_key()) {
    if (path == "source") {
      parts.emplace_back("urn:test");
    } else if (path == "subject") {
      parts.push_back(subject_.empty() ? id_.key : subject_);
    } else {
      const auto* field = type.FindFieldByName(path.substr(path.find('.') + 1));
      LAUREL_ASSERT(field != nullptr);
      parts.push_back(event.GetReflection()->GetString(event, field));
    }
  }
  return journal_name(type, {parts.begin(), parts.end()});
}

std::vector<TestKit::Place> TestKit::places(std::string_view table) const {
  std::vector<Place> out;
  for (const auto& [name, row] : ranked_) {
    if (name.first == table) out.push_back({name.second, row.key});
  }
  const auto tie = [this](const Place& place) {
    return tie_of(adapters::OpenSslHasher().sha256({id_.key, "|", place.member}));
  };
  std::sort(out.begin(), out.end(), [&](const Place& a, const Place& b) {
    return a.key != b.key ? a.key < b.key : tie(a) < tie(b);
  });
  return out;
}

void TestKit::read_log_row(const std::string& table, std::size_t index,
                           google::protobuf::Message& row) const {
  const std::vector<std::string>& rows = logs_.at(table);
  row.ParseFromString(rows.at(index));
  const std::unique_ptr<google::protobuf::Message> before(row.New());
  if (index > 0) before->ParseFromString(rows[index - 1]);
  for (const TableSpec& spec : type_.tables) {
    if (spec.name != table || !spec.restore) continue;
    spec.restore(row, index > 0 ? before.get() : nullptr,
                 [](auto parts) { return adapters::OpenSslHasher().sha256(parts); });
  }
}

const google::protobuf::Message& TestKit::root_message() const { return actor_->root(); }

}  // namespace laurel
