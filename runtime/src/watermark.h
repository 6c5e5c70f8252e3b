/// Watermark: how far the live input of one partition has come, in event time.
///
/// All events dated before it have been handled; one dated earlier is late. While input waits it is
/// min(largest event time handled, clock + skew) - lateness, when there is none clock - lateness:
/// an event dated 2099 harms only itself (DESIGN.md section 5).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "laurel/api/turn.h"

namespace laurel::runtime::internal {

class Watermark {
 public:
  static constexpr TimeUs kNever = std::numeric_limits<TimeUs>::min();

  Watermark(std::int64_t lateness_us, std::int64_t skew_us)
      : lateness_us_(lateness_us), skew_us_(skew_us) {}

  void handled(TimeUs event_time) { largest_ = std::max(largest_, event_time); }
  /// `idle`: all input was handled.
  void advance(TimeUs clock, bool idle) {
    const TimeUs reached = idle ? clock : std::min(largest_, clock + skew_us_);
    if (reached > kNever + lateness_us_) value_ = std::max(value_, reached - lateness_us_);
  }
  /// Never goes back, but to a copy: what was handled since is undone.
  TimeUs value() const { return value_; }

 private:
  std::int64_t lateness_us_;
  std::int64_t skew_us_;
  TimeUs largest_ = kNever;
  TimeUs value_ = kNever;
};

}  // namespace laurel::runtime::internal
