#include "cluster_identity.h"

#include <optional>

#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/disk/wire.h"
#include "link.h"
#include "topics.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kIdentityRecord = "identity";
constexpr std::uint16_t kPartitionsDefault = 16;
constexpr Milliseconds kAskForId{100};
constexpr Milliseconds kAskWithin{2000};

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back("0123456789abcdef"[byte >> 4]);
    out.push_back("0123456789abcdef"[byte & 0xf]);
  }
  return out;
}

std::string encode(const ClusterIdentity& identity) {
  std::string out;
  Writer writer(out);
  writer.u8(kFormat);
  writer.u16(identity.partitions);
  writer.bytes(identity.uuid);
  writer.bytes(identity.secret);
  return out;
}

std::optional<ClusterIdentity> decode(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.u8() != kFormat) return std::nullopt;
  ClusterIdentity out;
  out.partitions = reader.u16();
  out.uuid = reader.bytes();
  out.secret = reader.bytes();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return out;
}

Result<std::optional<ClusterIdentity>> read_identity(const ClientBase& base, Client& asker,
                                                     LogReaders& readers,
                                                     const Deadline& deadline) {
  const std::string topic = topic_name(base, kControlTopic);
  const auto offsets = offsets_of(asker, topic, 0, deadline);
  if (!offsets.ok()) return offsets.error();
  std::optional<ClusterIdentity> found;
  bool readable = true;
  const Status status = readers.read(topic, 0, offsets->first, offsets->second, deadline,
                                     [&](const LogRecord& record) {
                                       if (record.key != kIdentityRecord) return true;
                                       found = decode(record.value.value_or(""));
                                       readable = found.has_value();
                                       return false;
                                     });
  if (!status.ok()) return status.error();
  if (!readable) {
    return Error{ErrorCode::kDataDirForeign,
                 "the identity in topic " + topic + " cannot be read: it is of a newer version"};
  }
  return found;
}

Result<std::string> kafka_cluster(Client& asker, const Deadline& deadline) {
  for (;;) {
    // A client that is asked for nothing connects after a second; one that is not answered is asked
    // again.
    ask_for_topics(asker, deadline.within(kAskWithin));
    // It looks, and then waits for a change: one that comes in between is missed.
    char* const id = rd_kafka_clusterid(asker.get(), deadline.left_ms(kAskForId));
    if (id != nullptr) {
      std::string out(id);
      rd_kafka_mem_free(asker.get(), id);
      return out;
    }
    if (deadline.passed()) return unavailable("asking for its id", RD_KAFKA_RESP_ERR__TIMED_OUT);
  }
}

}  // namespace

Result<std::int64_t> append(const ClientBase& base, const std::string& topic, std::string_view key,
                            std::string_view value, const Deadline& deadline) {
  auto client = Client::make(RD_KAFKA_PRODUCER, base,
                             {{"enable.idempotence", "true"},
                              {"linger.ms", "0"},
                              {"message.timeout.ms", std::to_string(deadline.left_ms())},
                              {"message.max.bytes", "2000000"}},
                             RD_KAFKA_EVENT_DR);
  if (!client.ok()) return client.error();
  rd_kafka_t* const producer = (*client)->get();
  const TopicHandle handle = known_topic(**client, topic, deadline);
  const Queue events(rd_kafka_queue_get_main(producer));
  static const char kNothing = '\0';
  if (rd_kafka_produce(handle.get(), 0, RD_KAFKA_MSG_F_COPY,
                       const_cast<char*>(value.empty() ? &kNothing : value.data()), value.size(),
                       key.data(), key.size(), nullptr) != 0) {
    return unavailable("writing to " + topic, rd_kafka_last_error());
  }
  for (;;) {
    const Event event(rd_kafka_queue_poll(events.get(), deadline.left_ms(Milliseconds(100))));
    if (event != nullptr && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) {
      const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get());
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return refused_or_away("writing to " + topic, message->err, {"Write", "topic", topic});
      }
      return std::int64_t{message->offset};
    }
    if (event == nullptr && deadline.passed()) {
      return unavailable("writing to " + topic, RD_KAFKA_RESP_ERR__TIMED_OUT);
    }
  }
}

Result<ClusterIdentity> find_identity(const ClientBase& base, Client& asker, LogReaders& readers,
                                      const Deadline& deadline) {
  auto kafka = kafka_cluster(asker, deadline);
  if (!kafka.ok()) return kafka.error();
  if (Status status = make_topics(base, asker, {control_topic()}, 1, deadline); !status.ok()) {
    return status.error();
  }
  auto found = read_identity(base, asker, readers, deadline);
  if (!found.ok()) return found.error();
  if (!*found) {
    if (!base.options.create) {
      return Error{ErrorCode::kNotFound, "there is no Laurel cluster " + base.options.cluster +
                                             " at " + base.options.bootstrap};
    }
    ClusterIdentity fresh;
    fresh.partitions = base.options.partitions == 0 ? kPartitionsDefault : base.options.partitions;
    fresh.uuid = hex(system_random(16));
    fresh.secret = system_random(32);
    const auto written =
        append(base, topic_name(base, kControlTopic), kIdentityRecord, encode(fresh), deadline);
    if (!written.ok()) return written.error();
    found = read_identity(base, asker, readers, deadline);
    if (!found.ok()) return found.error();
    LAUREL_ASSERT(found->has_value());
  }
  ClusterIdentity identity = std::move(**found);
  identity.kafka = std::move(*kafka);
  if (base.options.partitions != 0 && base.options.partitions != identity.partitions) {
    return Error{ErrorCode::kConfigInvalid,
                 "partitions is " + std::to_string(base.options.partitions) + ", but cluster " +
                     base.options.cluster + " was made with " +
                     std::to_string(identity.partitions) + "; their number cannot change"};
  }
  return identity;
}

Status check_folder(const std::string& data_dir, const ClusterIdentity& identity) {
  const std::string path = data_dir + "/CLUSTER";
  const std::string wanted =
      "laurel snapshots\nformat 1\ncluster " + identity.uuid + "\nkafka " + identity.kafka + "\n";
  const std::optional<std::string> known = read_file(path);
  if (!known) {
    if (exists(data_dir + "/IDENTITY")) {
      return Error{ErrorCode::kDataDirForeign,
                   data_dir + " is a data directory of the embedded engine; use another folder"};
    }
    return write_file_durably(path, wanted);
  }
  if (*known == wanted) return {};
  return Error{ErrorCode::kDataDirForeign,
               data_dir + " holds snapshots of another cluster:\n" + *known + "this one is\n" +
                   wanted + "use another folder; this one can be removed if that cluster is gone"};
}

}  // namespace laurel::adapters::kafka
