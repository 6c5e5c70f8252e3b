/// Reject: why a record is not taken. Detail is filled only on that path.
#pragma once

#include <string>
#include <string_view>

#include "laurel/adapters/formats/reject_codes.h"

namespace laurel::adapters::formats {

struct Reject {
  const char* code = nullptr;
  std::string path;  ///< data.stake_total.units; built from the inside out
  std::string detail;

  /// Sets it and returns false, for `return reject.set(...)`.
  bool set(const char* code_in, std::string detail_in) {
    code = code_in;
    detail = std::move(detail_in);
    return false;
  }
  /// Puts `name` before the path; returns false.
  bool in(std::string_view name);
  /// `path: detail`.
  std::string text() const;
};

/// Text in quotes, cut to 64 bytes at a character. REQUIRES: valid UTF-8.
std::string in_quotes(std::string_view text);

}  // namespace laurel::adapters::formats
