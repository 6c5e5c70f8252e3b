/// InputTime: up to when everything appended to an input is durable.
///
///     asked at 12:00:01, it ends at 730 ──▶ read to 730 ──▶ what was handed in so far is done
///                                                           ──▶ it has come to 12:00:01
///
/// Why        Of what a client knows by itself, that it was at the end once, nothing is taken back
///            when a broker stands still: event time would go on by the clock while wagers are
///            appended that nobody reads.
/// Threads    One at a time; what hand_in() gave may go on any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

namespace laurel::adapters::kafka {

class InputTime {
 public:
  /// Said by its broker: it ends at offset `end`, which was asked at `asked_us` (wall clock) or
  /// later. As long as an earlier answer is not reached that one counts: it is reached first.
  void ends_at(std::int64_t end, std::int64_t asked_us) {
    if (!asked_) asked_ = {end, asked_us};
  }
  /// What was read up to here is handed in: the token is given up when it is done.
  std::shared_ptr<const void> hand_in() { return handed_in_; }
  /// `read`: all before that offset was handed in. Wall clock, microseconds; 0: not known yet.
  std::int64_t come_to(std::int64_t read) {
    if (asked_ && !waits_for_ && read >= asked_->end) {
      waits_for_ = handed_in_;
      handed_in_ = std::make_shared<int>();
    }
    if (waits_for_ && waits_for_->expired()) {
      come_to_us_ = asked_->at_us;
      asked_.reset();
      waits_for_.reset();
    }
    return come_to_us_;
  }

 private:
  struct Asked {
    std::int64_t end = 0;
    std::int64_t at_us = 0;
  };
  std::optional<Asked> asked_;
  std::shared_ptr<const void> handed_in_ = std::make_shared<int>();
  std::optional<std::weak_ptr<const void>> waits_for_;
  std::int64_t come_to_us_ = 0;
};

}  // namespace laurel::adapters::kafka
