/// BoardCheck: one version of one run's board, read whole in pages and checked row by row.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "arguments.h"
#include "board_order.h"
#include "verify_report.h"

namespace laurel::console {

/// What many rows amount to, in any order: to compare without keeping them.
struct RowSum {
  std::uint64_t rows = 0;
  std::uint64_t sum = 0;
  void add(const std::string& run, const std::string& player, const std::string& score,
           const std::string& reached);
  bool operator==(const RowSum&) const = default;
};

/// SHA-256, 32 bytes.
std::string sha256(const std::string& bytes);

class BoardCheck {
 public:
  BoardCheck(HttpClient& client, std::string run, Report& report)
      : client_(client), run_(std::move(run)), report_(report) {}

  /// Reads the newest version with ranks of that style; checks order, places and ranks.
  void read(const std::string& style);
  /// Then compares what was read with what the chain of its changes gives. REQUIRES: of that
  /// version.
  void compare(const BoardOrder& order);

  const RowSum& rows() const { return rows_; }
  /// Empty: the run is final.
  const std::string& version() const { return version_; }

 private:
  struct Place {
    std::string player, score, reached;
    std::int64_t units = 0;
    std::uint64_t tie = 0;
  };
  void head(const boost::json::value& page);
  void row(const boost::json::value& entry, const std::string& style);
  void end_group(const std::string& style);
  std::optional<bool> before(const Place& a, const Place& b) const;
  Place place_of(const boost::json::value& entry) const;
  void each_page(const std::string& options,
                 const std::function<void(const boost::json::value& page)>& page);

  HttpClient& client_;
  const std::string run_;
  Report& report_;
  RowSum rows_;
  std::vector<std::uint64_t> in_order_;  // 8 bytes of what each row holds
  std::string version_;
  bool low_ = false;
  std::string members_;
  std::uint64_t position_ = 0;     // of the last row, from 1
  std::uint64_t group_first_ = 0;  // position of the first with the same result
  std::uint64_t groups_ = 0;
  std::uint64_t group_rank_ = 0;  // as the node says
  std::optional<Place> last_;
};

}  // namespace laurel::console
