/// NodeApi: what a node offers to its edge (HTTP). The gateway knows the node only through this.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/runtime/backfill.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/catalog_schema.h"
#include "laurel/runtime/engine.h"
#include "laurel/runtime/event.h"
#include "laurel/runtime/inputs.h"
#include "laurel/runtime/queries.h"

namespace laurel::runtime {

struct PartitionStatus {
  PartitionId partition = 0;
  Epoch epoch = 0;
  CommitNumber last_commit = 0;
  std::uint64_t queued_events = 0;  ///< handed in, not yet durable (the lag)
  std::uint64_t activations = 0;
  std::uint64_t activation_bytes = 0;
  std::uint64_t board_bytes = 0;  ///< of ranked tables
  std::string state;              ///< starting, running, stopped, failed
};

struct NodeStatus {
  std::string version;
  std::string engine;
  std::string data_dir;
  std::string state;  ///< starting, running, draining, failed
  std::string failure;
  std::vector<std::string> troubles;  ///< it goes on, and a person has to put something right
  std::uint64_t catalog_version = 0;
  std::int64_t uptime_ms = 0;
  std::uint64_t accepted = 0, duplicates = 0, conflicts = 0, rejected = 0;  ///< since start
  std::uint64_t commits = 0, turns = 0;
  double committed_ms_p50 = 0, committed_ms_p99 = 0;  ///< received -> durable, last 10 s
  std::vector<PartitionStatus> partitions;
};

/// A version of the catalog that somebody wants to be in force.
struct CatalogPublication {
  std::map<std::string, std::string> files;  ///< NAME.toml -> text: all of them
  std::optional<TimeUs> effective_from;      ///< nothing: as soon as may be; history: for ever
  bool history = false;
  std::string note;
  std::string by;  ///< who publishes it, as they call themselves
  bool validate_only = false;
};

struct CatalogAnswer {
  /// What it is, or would be; the newest one when it says the same. Null when there are problems.
  std::shared_ptr<const CatalogVersion> version;
  bool created = false;
  std::vector<std::uint64_t> supersedes;  ///< they were to begin later, and never will
  std::vector<CatalogProblem> problems;   ///< any: refused
};

/// Called once, on any thread.
using BackfillAnswer = std::function<void(Result<Backfill>)>;

class NodeApi {
 public:
  virtual ~NodeApi() = default;
  /// Takes the submission or refuses it: kOverloaded (the credits are used up; retry later),
  /// kUnavailable (starting or draining). After it was taken, `done` is called exactly once, on any
  /// thread, once every record's result is durable; when the node fails meanwhile, with results
  /// left at kPending, which means: unknown, send again.
  virtual Status submit(std::shared_ptr<Submission> submission,
                        std::shared_ptr<const Decoder> decoder) = 0;
  /// CloudEvents in JSON or protobuf, by the encoding of the record, which is one event.
  virtual std::shared_ptr<const Decoder> cloud_events_decoder() const = 0;
  /// `format`: csv or ndjson; `mapping`: TOML text; `header`: the CSV header line, else empty.
  /// kInvalidInput with line, key and what is allowed.
  virtual Result<std::shared_ptr<const Decoder>> mapped_decoder(std::string_view format,
                                                                std::string_view mapping,
                                                                std::string_view header) const = 0;
  /// Opens one for that source, or gives the one that is open. kOverloaded: as many are open or
  /// being applied as may be.
  virtual void open_backfill(std::string source, bool sorted, BackfillAnswer answer) = 0;
  /// Closes or drops it, durably in all partitions, with a record in `audit`; what is so already is
  /// answered as it is.
  virtual void finish_backfill(BackfillEnd end, BackfillAnswer answer) = 0;
  /// By id: all that are open or being applied, and the last ones that were finished or dropped.
  virtual std::vector<Backfill> backfills() const = 0;
  /// Topics that are read; none with the engine embedded.
  virtual std::vector<InputStatus> inputs() const = 0;
  /// Durable, with a record in `audit`, when it is answered. kNotFound: there is no such input;
  /// kInvalidInput: it is not halted; kUnavailable: unknown, look at inputs().
  virtual void accept_input_loss(InputLoss loss, InputAnswer answer) = 0;
  /// `done(true)`, once, on any thread, when all that was durable in the partition's inbox now is
  /// handled, and a commit that it seals afterwards is durable: then reads see what was durable
  /// anywhere when this was called. `done(false)`: it cannot be known. The node's end may leave it
  /// uncalled.
  virtual void barrier(PartitionId partition, std::function<void(bool)> done) = 0;
  virtual const Queries& queries() const = 0;
  virtual const Engine& engine() const = 0;
  virtual NodeStatus status() const = 0;
  virtual std::shared_ptr<const Catalog> catalog() const = 0;
  /// Durable, and seen by all that is submitted afterwards, when it returns. Blocks on the disk.
  virtual Result<CatalogAnswer> publish_catalog(const CatalogPublication& publication) = 0;
  /// JSON Schema of a document; kNotFound names what there is.
  virtual Result<std::string> catalog_schema(std::string_view document) const = 0;
  /// Prometheus text format.
  virtual std::string metrics_text() const = 0;
};

}  // namespace laurel::runtime
