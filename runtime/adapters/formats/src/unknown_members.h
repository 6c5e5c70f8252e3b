/// UnknownMembers: what no field is for, kept as it came: the members of a JSON object.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "json.h"

namespace laurel::adapters::formats {

class UnknownMembers {
 public:
  bool empty() const { return members_.empty(); }
  /// `{"name":value,...}`
  std::string text() const { return '{' + members_ + '}'; }

  /// Checks the value to its last byte. `depth`: of its container.
  bool keep(std::string_view name, ondemand::value& value, int depth, Reject& reject) {
    if (!begin(name, reject)) return false;
    if (!walk_value(value, depth, &members_, reject)) return reject.in(name);
    return true;
  }
  bool keep(std::string_view name, const UnknownMembers& inner, Reject& reject) {
    return inner.empty() || keep_json(name, inner.text(), reject);
  }
  /// REQUIRES: valid JSON.
  bool keep_json(std::string_view name, std::string_view value, Reject& reject) {
    if (!begin(name, reject)) return false;
    members_ += value;
    return true;
  }

 private:
  bool begin(std::string_view name, Reject& reject) {
    if (!names_.emplace(name).second) return reject_twice(name, reject);
    if (!members_.empty()) members_.push_back(',');
    append_json_text(members_, name);
    members_.push_back(':');
    return true;
  }

  std::string members_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace laurel::adapters::formats
