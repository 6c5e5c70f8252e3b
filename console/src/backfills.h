/// Backfills from the outside: the one that `laurel ingest` feeds, and the verbs about them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arguments.h"

namespace laurel::console {

struct Counts {
  std::uint64_t accepted = 0, duplicate = 0, conflict = 0, rejected = 0, staged = 0;
  std::uint64_t all() const { return accepted + duplicate + conflict + rejected + staged; }
  void add(const boost::json::value& reply);
};

/// The backfill of a source that an ingest feeds. When somebody else closes it meanwhile, the rest
/// goes into the next one.
class FedBackfill {
 public:
  FedBackfill(HttpClient& client, std::string source, bool sorted, unsigned retry_s);
  /// Of the open one; opened when there is none.
  const std::string& id();
  /// The node says that it is no longer open.
  void closed_by_others();
  /// Closes the open one. Nothing when none was opened.
  void close();
  /// What to tell when the ingest ends without a close; empty when there is none to be closed.
  std::string left_open() const;
  /// Waits until all that were fed are applied, showing progress on a terminal; their counts, and
  /// what was refused when it was applied.
  Counts wait(bool show, std::vector<boost::json::value>& rejections);

 private:
  boost::json::value applied(const std::string& id, bool show);

  HttpClient& client_;
  const std::string source_;
  const bool sorted_;
  const unsigned retry_s_;
  std::string open_;
  std::vector<std::string> fed_;
};

struct BackfillArguments {
  std::string which;  ///< id or source
  bool drop = false;
  bool wait = false;
  std::string by, reason;
};

int list_backfills(HttpClient& client, const Common& common);
int finish_backfill(HttpClient& client, const Common& common, const BackfillArguments& arguments);

}  // namespace laurel::console
