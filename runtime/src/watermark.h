/// Watermark: how far the live input of one partition has come, in event time.
///
/// All events dated before it have been handled; one dated earlier is late. An input that is behind
/// has come to the largest event time handled of it, all others have come to the clock, and the
/// least of all holds, less lateness (DESIGN.md section 5): a run waits for the wagers of an input
/// that is slower than others. While events wait that came by HTTP it is the largest time of those,
/// no more than clock + skew: an event dated 2099 harms only itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/api/turn.h"
#include "laurel/runtime/inputs.h"

namespace laurel::runtime::internal {

class Watermark {
 public:
  static constexpr TimeUs kNever = std::numeric_limits<TimeUs>::min();

  Watermark(std::int64_t lateness_us, std::int64_t skew_us)
      : lateness_us_(lateness_us), skew_us_(skew_us) {}

  /// `input`: empty for what is of none.
  void handled(std::string_view input, TimeUs event_time) {
    TimeUs& largest = streams_[place_of(input)].largest;
    largest = std::max(largest, event_time);
  }
  /// `waiting`: events wait that were handed in. As long as an input is behind, what came by HTTP
  /// is not looked at: nobody knows whether more of it comes.
  void advance(TimeUs clock, bool waiting, const InputsBehind& behind) {
    if (behind.unknown) return;
    clock = std::min(clock, behind.as_of_us);
    TimeUs reached = clock;
    if (!behind.names.empty()) {
      reached = std::min(least_of(behind.names, clock), clock);
    } else if (waiting) {
      const bool any = !streams_.empty() && streams_.front().input.empty();
      reached = any ? std::min(streams_.front().largest, clock + skew_us_) : kNever;
    }
    if (reached > kNever + lateness_us_) value_ = std::max(value_, reached - lateness_us_);
  }
  /// Never goes back, but to a copy: what was handled since is undone.
  TimeUs value() const { return value_; }

 private:
  struct Stream {
    std::string input;
    TimeUs largest = kNever;
  };

  // Most events are of the stream of the one before.
  std::size_t place_of(std::string_view input) {
    if (at_ < streams_.size() && streams_[at_].input == input) return at_;
    const auto found = std::ranges::lower_bound(streams_, input, {}, &Stream::input);
    at_ = static_cast<std::size_t>(found - streams_.begin());
    if (found == streams_.end() || found->input != input) {
      streams_.insert(found, {std::string(input), kNever});
    }
    return at_;
  }
  // Of the inputs that are behind. One that is not has come to the clock: when a record comes of
  // it, time does not go back to the record before.
  TimeUs least_of(const std::vector<std::string>& behind, TimeUs clock) {
    TimeUs least = std::numeric_limits<TimeUs>::max();
    auto next = behind.begin();
    for (Stream& stream : streams_) {
      if (next != behind.end() && *next < stream.input) return kNever;  // nothing has come of it
      if (next != behind.end() && *next == stream.input) {
        least = std::min(least, stream.largest);
        ++next;
      } else if (!stream.input.empty()) {
        stream.largest = std::max(stream.largest, clock);
      }
    }
    return next == behind.end() ? least : kNever;
  }

  std::int64_t lateness_us_;
  std::int64_t skew_us_;
  std::vector<Stream> streams_;  // ascending
  std::size_t at_ = 0;
  TimeUs value_ = kNever;
};

}  // namespace laurel::runtime::internal
