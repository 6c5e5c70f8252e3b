/// Watermark: how far the live input of one partition has come, in event time.
///
/// All events dated before it have been handled; one dated earlier is late. Each input that is read
/// on has come to the largest event time handled of it, or to when all that was appended to it was
/// durable, whichever is later; the least of all inputs holds, less lateness (DESIGN.md section 5):
/// a run waits for the wagers of an input that is slower than others. Without inputs it goes by the
/// clock, and while events wait by the largest of those that were handled. An event time counts up
/// to its record's own time + skew: one dated 2099 harms only itself.
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

  /// `input`: empty for what is of none. `event_time`: counted_time().
  void handled(std::string_view input, TimeUs event_time) {
    TimeUs& largest = streams_[place_of(input)].largest;
    largest = std::max(largest, event_time);
  }
  /// `waiting`: events wait that were handed in.
  void advance(TimeUs clock, bool waiting, const InputTimes& times) {
    if (times.unknown) return;
    TimeUs reached = clock;
    if (!times.inputs.empty()) {
      reached = std::min(least_of(times.inputs), clock + skew_us_);
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
  TimeUs least_of(const std::vector<InputTimes::Input>& inputs) const {
    TimeUs least = std::numeric_limits<TimeUs>::max();
    auto stream = streams_.begin();
    for (const InputTimes::Input& input : inputs) {
      while (stream != streams_.end() && stream->input < input.name) ++stream;
      const bool any = stream != streams_.end() && stream->input == input.name;
      const TimeUs known = input.come_to_us > 0 ? input.come_to_us : kNever;
      least = std::min(least, any ? std::max(stream->largest, known) : known);
    }
    return least;
  }

  std::int64_t lateness_us_;
  std::int64_t skew_us_;
  std::vector<Stream> streams_;  // ascending
  std::size_t at_ = 0;
  TimeUs value_ = kNever;
};

}  // namespace laurel::runtime::internal
