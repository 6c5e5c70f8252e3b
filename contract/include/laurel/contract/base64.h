/// Bytes as text, RFC 4648: with + and /, padded, and for URLs with - and _, without padding.
///
/// Why        Events, dead letters, positions and cursors have it; no library is needed for it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace laurel::contract {

namespace internal {

inline constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
inline constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> base64_values(std::string_view alphabet) {
  std::array<std::uint8_t, 256> out{};
  for (std::uint8_t& value : out) value = kNoDigit;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    out[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return out;
}

inline std::string encode_base64(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<std::uint8_t>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      if (j <= count) {
        out.push_back(alphabet[group >> (18 - 6 * j) & 63U]);
      } else if (padded) {
        out.push_back('=');
      }
    }
  }
  return out;
}

inline std::optional<std::string> decode_base64(std::string_view digits,
                                                const std::array<std::uint8_t, 256>& values) {
  if (digits.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : digits) {
    const std::uint8_t value = values[static_cast<std::uint8_t>(c)];
    if (value == kNoDigit) return std::nullopt;
    bits = (bits << 6 | value) & 0xFFFFFU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(static_cast<std::uint8_t>(bits >> count & 0xFFU)));
    }
  }
  return out;
}

}  // namespace internal

inline std::string base64(std::string_view bytes) {
  return internal::encode_base64(bytes, internal::kBase64, true);
}
/// Nothing: a character that is none of it, spaces included, or padding that is missing or not at
/// the end.
inline std::optional<std::string> from_base64(std::string_view text) {
  static constexpr auto kValues = internal::base64_values(internal::kBase64);
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return internal::decode_base64(text.substr(0, text.size() - padding), kValues);
}

inline std::string base64url(std::string_view bytes) {
  return internal::encode_base64(bytes, internal::kBase64Url, false);
}
inline std::optional<std::string> from_base64url(std::string_view text) {
  static constexpr auto kValues = internal::base64_values(internal::kBase64Url);
  return internal::decode_base64(text, kValues);
}

}  // namespace laurel::contract
