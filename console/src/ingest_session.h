/// IngestSession: chunks of one file's records, sent to a node until they are answered.
///
/// Why        A node forgets its sessions when it starts again, and a backfill may be closed by
///            somebody else. Sending a chunk twice is safe: the node knows what it has.
/// Errors     Failure kNoNode: nobody answered for `retry_s`. kFailed: the node refuses.
#pragma once

#include <string>

#include "backfills.h"

namespace laurel::console {

class IngestSession {
 public:
  struct Chunk {
    std::string body;
    std::uint64_t line = 1;         ///< of its first record
    std::uint64_t last_length = 0;  ///< of the last line, when it was cut
  };

  /// `backfill`: whose events they are; nullptr: live.
  IngestSession(HttpClient& client, boost::json::object description, FedBackfill* backfill,
                unsigned retry_s);
  boost::json::value send(const Chunk& chunk);

 private:
  void open();
  std::string target(const Chunk& chunk);

  HttpClient& client_;
  boost::json::object description_;
  FedBackfill* backfill_;
  unsigned retry_s_;
  std::string id_;
};

}  // namespace laurel::console
