/// Producer: the transactions of one partition, one at a time.
///
/// Why        A stable transactional id per partition: whoever makes a Producer of it fences
/// whoever
///            had one, and the broker ends what that one left open.
/// Lifecycle  make(), then begin(), add()..., finish(), again and again. After kFenced or kUnknown
/// it
///            must not be used any more.
/// Threads    One at a time.
/// Source     librdkafka 2.0.2; docs/adr/0012-kafka-transactions.md says what of it is avoided.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.h"

namespace laurel::adapters::kafka {

class Producer {
 public:
  enum class End {
    kCommitted,
    kTooLarge,  ///< nothing happened: the broker takes no record of that size
    kFenced,    ///< nothing happened by this object; another one has the id, or the broker gave up
    kUnknown,   ///< may have happened
  };

  /// Waits until whatever the owner before left open is ended. `topics`: those it will write.
  /// Errors: kConfigInvalid, kUnavailable.
  static runtime::Result<std::unique_ptr<Producer>> make(const ClientBase& base,
                                                         const std::string& transactional_id,
                                                         const std::vector<std::string>& topics,
                                                         const Deadline& deadline);

  /// As add() takes it. Valid as long as this.
  rd_kafka_topic_t* topic(const std::string& name);

  /// `bytes`: what owns the values that will be added. It is kept until the next begin(), or until
  /// the client is gone: some time after this.
  void begin(std::vector<std::shared_ptr<const void>> bytes);
  /// The bytes of `value` are not copied: see begin(). Nothing: the key is deleted. `headers` are
  /// taken.
  void add(rd_kafka_topic_t* topic, int partition, std::string_view key,
           std::optional<std::string_view> value, rd_kafka_headers_t* headers = nullptr);
  /// Records without headers, one after the other; the same of their values. Quicker, and sent as
  /// few requests: a topic's partition is asked into the transaction when all of them are there.
  void add(rd_kafka_topic_t* topic, int partition, std::vector<rd_kafka_message_t>& records);
  /// One of them.
  static rd_kafka_message_t record(std::string_view key, std::optional<std::string_view> value);
  /// How many were added.
  std::size_t count() const { return offsets_.size(); }
  /// Waits until all that was added is acknowledged. False: finish() will not commit it.
  bool acknowledged(const Deadline& deadline);
  /// Commits when all is well so far.
  End finish(const Deadline& deadline);
  /// The right that is missing, when that is why finish() did not commit. kConfigInvalid.
  const std::optional<runtime::Error>& refusal() const { return refusal_; }
  /// Of what was added, in that order. After kCommitted.
  const std::vector<std::int64_t>& offsets() const { return offsets_; }
  std::size_t bytes() const { return bytes_; }
  /// A connection broke while the last transaction was ended. The end may have been asked for
  /// twice, and the first request may still be on its way: it would end the next transaction too
  /// soon, in its middle. A producer made anew has a higher epoch, and a broker refuses what comes
  /// late.
  bool disturbed() const { return disturbed_; }

 private:
  Producer(const ClientBase& base, std::string id) : base_(base), id_(std::move(id)) {}
  static runtime::Result<std::unique_ptr<Client>> client_of(const ClientBase& base,
                                                            const std::string& id,
                                                            const Deadline& deadline);
  /// Comes back with the acknowledgement of what is added after `more` others.
  void* index(std::size_t more = 0) const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    return reinterpret_cast<void*>(offsets_.size() + more);
  }
  void added(const rd_kafka_message_t& record);
  bool again(const rd_kafka_topic_t* topic, rd_kafka_resp_err_t code);
  void drain(int wait_ms);
  void drain_all();
  void failed(rd_kafka_resp_err_t code, std::string_view doing);
  rd_kafka_resp_err_t cause_of(rd_kafka_resp_err_t code) const;
  End abort(const Deadline& deadline);

  const ClientBase& base_;
  const std::string id_;
  std::unique_ptr<Client> client_;
  Queue events_;
  std::vector<std::pair<std::string, TopicHandle>> topics_;
  std::vector<std::int64_t> offsets_;
  std::size_t unacknowledged_ = 0;
  std::size_t bytes_ = 0;
  std::int64_t began_ms_ = 0;  ///< since 1970: of records added one by one
  std::optional<End> failure_;
  std::optional<runtime::Error> refusal_;
  bool disturbed_ = false;
};

}  // namespace laurel::adapters::kafka
