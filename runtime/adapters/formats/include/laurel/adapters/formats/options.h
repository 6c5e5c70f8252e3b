/// DecoderOptions: what a decoder needs to know beside the event types.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace laurel::adapters::formats {

/// An event may be dated at most this far after now.
inline constexpr std::int64_t kFutureUsMax = 24LL * 3600 * 1'000'000;
/// Objects and arrays in each other, the event itself included.
inline constexpr int kDepthMax = 32;
/// A part of a natural key, in bytes.
inline constexpr std::size_t kKeyPartBytesMax = 256;
/// Minor units of the most divided asset.
inline constexpr std::uint32_t kScaleMax = 38;

struct DecoderOptions {
  /// Wall clock, microseconds since 1970. Any thread. Not set: no event is too far in the future.
  std::function<std::int64_t()> now_us;
  /// The asset registry: id -> scale. An asset that is not in it may come with any scale.
  std::map<std::string, std::uint32_t, std::less<>> asset_scales;
  /// Amount fields that may not be below zero, by name, in any event type.
  std::vector<std::string> non_negative = {"stake_total", "win_total", "jackpot_win", "amount"};
};

}  // namespace laurel::adapters::formats
