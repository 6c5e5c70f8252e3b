/// The identity of a Laurel cluster, the first record of its control topic; and the local folder's
/// memory of which one it belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log_reader.h"

namespace laurel::adapters::kafka {

struct ClusterIdentity {
  std::uint16_t partitions = 0;
  std::string uuid;    ///< 32 hexadecimal digits
  std::string secret;  ///< 32 bytes
  std::string kafka;   ///< id of the Kafka cluster
};

/// Appends a record outside of any transaction; its offset once all replicas have it. Errors:
/// kUnavailable: it may be in the log all the same.
runtime::Result<std::int64_t> append(const ClientBase& base, const std::string& topic,
                                     std::string_view key, std::string_view value,
                                     const Deadline& deadline);

/// Reads it, or makes it when `base.options.create` says so: of several nodes that do at once the
/// first wins. Errors: kNotFound, kConfigInvalid (another number of partitions), kUnavailable.
runtime::Result<ClusterIdentity> find_identity(const ClientBase& base, Client& asker,
                                               LogReaders& readers, const Deadline& deadline);

/// Notes in an empty folder whose it is, and refuses the folder of another cluster.
/// Errors: kDataDirForeign, kStoreFailed.
runtime::Status check_folder(const std::string& data_dir, const ClusterIdentity& identity);

}  // namespace laurel::adapters::kafka
