/// CatalogKeeper: the versions of the catalog that this node knows: stored, worked out, published.
///
///   start    the engine's log ──restore──▶ versions; nothing there: the folder is version 1
///   publish  texts ──read──▶ checked version ──append──▶ log, durable ──▶ the next Catalog ──▶
///   adopt
///
/// Why        What is in the log is the truth: a file edited since then changes nothing until it is
///            published (adr/0009).
/// View       This node; the embedded engine has only one.
/// Threads    start(): one thread. The others: any thread; publications come one after the other.
/// Errors     start(): kConfigInvalid (the folder, or a stored version that this build does not
///            accept), kStoreFailed. publish(): the answer's problems; kStoreFailed.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "laurel/config/catalog_reader.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/engine.h"
#include "laurel/runtime/hasher.h"
#include "laurel/runtime/node_api.h"

namespace laurel::node {

class CatalogKeeper {
 public:
  struct Options {
    TimeUs lead_us = 60'000'000;     ///< how long before it is in force a version is published
    std::function<TimeUs()> now_us;  ///< wall clock
    bool read_only = false;
  };
  using CatalogPtr = std::shared_ptr<const runtime::Catalog>;

  /// REQUIRES: all of them outlive the keeper.
  CatalogKeeper(const config::CatalogReader& reader, const runtime::Hasher& hasher,
                runtime::Engine& engine, Options options);

  /// Restores what is stored. Nothing stored: `folder` becomes version 1, unless it is nullptr.
  runtime::Status start(const config::CatalogFiles* folder);
  /// Called with each new Catalog, before publish() answers.
  void on_new(std::function<void(const CatalogPtr&)> adopt) { adopt_ = std::move(adopt); }

  CatalogPtr current() const;
  /// Whether the newest version says something else than these files.
  bool differs(const config::CatalogFiles& files) const;
  runtime::Result<runtime::CatalogAnswer> publish(const runtime::CatalogPublication& publication);

 private:
  runtime::Status restore(std::uint64_t number, const std::string& record);
  runtime::Status store(std::shared_ptr<const runtime::CatalogVersion> version);
  /// When it begins; a problem when it may not.
  void set_times(const runtime::CatalogPublication& publication, runtime::CatalogTerms& terms,
                 std::vector<runtime::CatalogProblem>& problems) const;

  const config::CatalogReader& reader_;
  const runtime::Hasher& hasher_;
  runtime::Engine& engine_;
  const Options options_;
  std::function<void(const CatalogPtr&)> adopt_;
  std::mutex publishing_;  // one at a time; taken before mutex_
  mutable std::mutex mutex_;
  CatalogPtr current_ = std::make_shared<const runtime::Catalog>();
};

/// kConfigInvalid with all that is wrong in the folder.
runtime::Status check_folder(const config::CatalogReader& reader,
                             const config::CatalogFiles& folder);

}  // namespace laurel::node
