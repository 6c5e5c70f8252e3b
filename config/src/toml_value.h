/// ValueReader: one table of TOML into one message; collects what is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "laurel/config/toml_reader.h"
#include "laurel/contract/amount.pb.h"
#include "laurel/contract/int128.h"
#include "toml_parser.h"

namespace laurel::config {

class ValueReader {
 public:
  void read_table(const toml::table& table, const std::string& path,
                  google::protobuf::Message& out);
  void fail(const toml::source_region& where, const std::string& key, std::string_view what);
  /// In the order of the file. Empty: nothing was wrong.
  std::vector<TomlProblem> problems() const;

 private:
  using Field = google::protobuf::FieldDescriptor;

  void read_field(const toml::node& node, const std::string& path, const Field& field,
                  google::protobuf::Message& out);
  void read_map(const toml::node& node, const std::string& path, const Field& field,
                google::protobuf::Message& out);
  /// Sets, or adds when the field is repeated.
  void read_value(const toml::node& node, const std::string& path, const Field& field,
                  google::protobuf::Message& out);
  void read_integer(const toml::node& node, const std::string& path, const Field& field,
                    google::protobuf::Message& out);
  void read_text(const toml::node& node, const std::string& path, const Field& field,
                 google::protobuf::Message& out);
  void read_enum(const toml::node& node, const std::string& path, const Field& field,
                 google::protobuf::Message& out);
  void read_message(const toml::node& node, const std::string& path, const Field& field,
                    google::protobuf::Message& out);
  void read_amount(const toml::table& table, const std::string& path, contract::Amount& out);
  void wrong_kind(const toml::node& node, const std::string& path, std::string_view wanted);

  std::vector<TomlProblem> problems_;
  std::size_t more_ = 0;
};

}  // namespace laurel::config
