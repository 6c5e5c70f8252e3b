/// TestKit: one actor under test, alone: given state, when message, then effects. Virtual time.
///
///     TestKit kit(player::actor_type());
///     kit.document(program);
///     kit.when(wager);
///     EXPECT_EQ(kit.root<PlayerState>().wagers(), 1);
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "laurel/api/actor_type.h"

namespace laurel {

class TestKit {
 public:
  struct Sent {
    ActorId to;
    std::shared_ptr<google::protobuf::Message> message;
    bool latest = false;  ///< by send_latest: it replaced the one before
  };
  struct SetTimer {
    TimerClock clock = TimerClock::kEvent;
    TimeUs at = 0;
    TimeUs window_from = 0;
    std::shared_ptr<google::protobuf::Message> message;
  };
  struct Emitted {
    std::string topic;
    std::string key;
    std::string bytes;
  };

  explicit TestKit(ActorType type, std::string key = "p1");
  ~TestKit();

  /// A catalog document the actor will see, with the plans its type makes of it. What is wrong with
  /// it, one line per problem, `PATH: MESSAGE`; then the actor goes on with what it had.
  std::string document(const google::protobuf::Message& document);
  /// For compile functions; until then clocks show UTC everywhere. REQUIRES: outlives the kit.
  void zones(const Zones& zones) { zones_ = &zones; }
  /// Event time of the next messages, microseconds since 1970.
  void at(TimeUs now) { now_ = now; }
  /// What Turn::watermark() says.
  void watermark(TimeUs passed) { watermark_ = passed; }
  /// Cause::subject; the actor's key unless set.
  void subject(std::string player) { subject_ = std::move(player); }
  void cause(std::string event_id, std::uint64_t catalog_version = 1);

  /// Gives the actor a message, as one turn. False when it rejected it or threw: nothing changed.
  bool when(const google::protobuf::Message& message);
  const std::string& reject_code() const { return reject_code_; }
  /// The last message was declined: when() said false, and nothing changed.
  bool declined() const { return declined_; }
  const std::string& reject_detail() const { return reject_detail_; }

  const google::protobuf::Message& root_message() const;
  template <class State>
  const State& root() const {
    return static_cast<const State&>(root_message());
  }
  /// Rows of a log table, serialized, oldest first.
  const std::vector<std::string>& log(const std::string& table) { return logs_[table]; }
  /// One of them as it is shown: with what was left out.
  template <class Row>
  Row log_row(const std::string& table, std::size_t index) {
    Row row;
    read_log_row(table, index, row);
    return row;
  }
  template <class Row>
  std::optional<Row> row(const std::string& table, const std::string& key) {
    const auto it = rows_.find({table, key});
    if (it == rows_.end()) return std::nullopt;
    Row out;
    out.ParseFromString(it->second);
    return out;
  }
  /// Messages sent in all turns so far, again() included; one of send_latest() stands where its
  /// first was.
  const std::vector<Sent>& sent() const { return sent_; }
  /// As after a commit: nothing sent waits any more.
  void forget_sent() { sent_.clear(); }
  const std::map<std::string, SetTimer>& timers() const { return timers_; }
  struct Place {
    std::string member;
    SortKey key;
  };
  /// A ranked table's members in their order.
  std::vector<Place> places(std::string_view table) const;
  const std::vector<Emitted>& emitted() const { return emitted_; }

 private:
  class KitTurn;
  void read_log_row(const std::string& table, std::size_t index,
                    google::protobuf::Message& row) const;
  std::string journal_name_of(const google::protobuf::Message& event) const;
  ActorType type_;
  ActorId id_;
  std::unique_ptr<ActorBase> actor_;
  TimeUs now_ = 1'700'000'000'000'000;
  std::string event_id_ = "event-1";
  std::string subject_;
  TimeUs watermark_ = 0;
  std::uint64_t catalog_version_ = 1;
  std::uint64_t random_ = 0;
  std::string reject_code_, reject_detail_;
  bool declined_ = false;
  const Zones* zones_ = nullptr;
  std::map<std::string, std::shared_ptr<google::protobuf::Message>> documents_;
  std::map<PlanId, std::shared_ptr<const void>> plans_;
  std::map<const google::protobuf::Descriptor*, std::unique_ptr<google::protobuf::Message>>
      scratch_;
  std::map<std::pair<std::string, std::string>, std::string> rows_;
  std::map<std::string, std::vector<std::string>> logs_;
  struct Ranked {
    SortKey key;
    std::string row;
  };
  std::map<std::string, SetTimer> timers_;
  std::map<std::pair<std::string, std::string>, Ranked> ranked_;        // (table, member)
  std::map<std::string, std::pair<std::string, std::string>> journal_;  // event, note
  std::vector<Sent> sent_;
  std::vector<Emitted> emitted_;
};

}  // namespace laurel
