#include "laurel/adapters/formats/mapped_decoder.h"

#include <algorithm>
#include <map>

#include "csv_row.h"
#include "event_builder.h"
#include "json.h"
#include "mapping_plan.h"

namespace laurel::adapters::formats {
namespace {

using ::laurel::formats::Mapping;
using runtime::Error;
using runtime::ErrorCode;

Error invalid(std::string message) { return {ErrorCode::kInvalidInput, std::move(message)}; }

// The columns of a plan in the rows of a CSV file.
class CsvShape {
 public:
  std::string compile(const std::vector<std::string>& columns, std::string_view header) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (header.substr(0, 3) == kByteOrderMark) header.remove_prefix(3);
    while (!header.empty() && (header.back() == '\n' || header.back() == '\r')) {
      header.remove_suffix(1);
    }
    if (header.empty()) return "header: the CSV file has no header line";
    if (header.size() > contract::kEventBytesMax) return "header: is too long";
    if (!simdjson::validate_utf8(header)) return "header: is not UTF-8";
    std::vector<std::string_view> names;
    Reject reject;
    if (!split_csv_row(header, names, reject)) return "header: " + reject.detail;
    width_ = names.size();
    std::string known;
    for (const auto name : names) known += (known.empty() ? "" : ", ") + std::string(name);
    std::string errors;
    for (const std::string& column : columns) {
      const auto at = std::find(names.begin(), names.end(), column);
      if (at == names.end()) {
        errors += (errors.empty() ? "" : "\n") + std::string("mapping: there is no column ") +
                  in_quotes(column) + "; allowed: " + known;
      } else if (std::find(at + 1, names.end(), column) != names.end()) {
        errors += (errors.empty() ? "" : "\n") + std::string("header: the column ") +
                  in_quotes(column) + " is there twice";
      }
      at_.push_back(static_cast<std::size_t>(at - names.begin()));
    }
    return errors;
  }

  bool read(std::string_view record, Cells& cells, Reject& reject) const {
    if (record.find('\0') != std::string_view::npos) {
      return reject.set(reject::kNulByte, "the row holds a NUL byte");
    }
    if (!simdjson::validate_utf8(record)) {
      return reject.set(reject::kInvalidUtf8, "the row is not UTF-8");
    }
    thread_local std::vector<std::string_view> row;
    if (!split_csv_row(record, row, reject)) return false;
    if (row.size() != width_) {
      return reject.set(
          reject::kWrongColumns,
          "has " + std::to_string(row.size()) + " cells; the header has " + std::to_string(width_));
    }
    for (std::size_t i = 0; i < at_.size(); ++i) cells[i] = row[at_[i]];
    return true;
  }

 private:
  std::vector<std::size_t> at_;
  std::size_t width_ = 0;
};

// The columns of a plan as members of JSON objects: a tree of their names.
class JsonShape {
 public:
  std::string compile(const std::vector<std::string>& columns) {
    nodes_.resize(1);
    std::string errors;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::size_t node = 0;
      std::string_view rest = columns[i];
      for (bool more = true; more;) {
        const auto dot = rest.find('.');
        more = dot != std::string_view::npos;
        auto [at, added] = nodes_[node].members.emplace(rest.substr(0, dot), nodes_.size());
        node = at->second;
        if (added) nodes_.emplace_back();
        if (more) rest.remove_prefix(dot + 1);
      }
      nodes_[node].column = i;
    }
    for (const auto& node : nodes_) {
      if (node.column != kNone && !node.members.empty()) {
        errors += (errors.empty() ? "" : "\n") + std::string("mapping: ") +
                  in_quotes(columns[node.column]) + " is a value and an object";
      }
    }
    return errors;
  }

  bool read(std::string_view record, Cells& cells, Reject& reject) const {
    ondemand::document document;
    ondemand::object root;
    return open_object(record, document, root, reject) &&
           read_object(root, nodes_[0], 1, cells, reject) && check_at_end(document, reject);
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  struct Node {
    std::map<std::string, std::size_t, std::less<>> members;
    std::size_t column = kNone;
  };

  bool read_object(ondemand::object& object, const Node& node, int depth, Cells& cells,
                   Reject& reject) const {
    for (auto member : object) {
      ondemand::field field;
      if (const auto error = std::move(member).get(field)) return reject_json(error, reject);
      std::string_view key;
      if (!read_key(field, key, reject)) return false;
      const auto at = node.members.find(key);
      const bool ok = at == node.members.end()
                          ? walk_value(field.value(), depth, nullptr, reject)
                          : read_member(field.value(), nodes_[at->second], depth, cells, reject);
      if (!ok) return reject.in(key);
    }
    return true;
  }

  bool read_member(ondemand::value& value, const Node& node, int depth, Cells& cells,
                   Reject& reject) const {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return reject_json(error, reject);
    if (node.column == kNone) {
      if (type != ondemand::json_type::object) return walk_value(value, depth, nullptr, reject);
      if (depth + 1 > kDepthMax) return reject_json(simdjson::DEPTH_ERROR, reject);
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) return reject_json(error, reject);
      return read_object(object, node, depth + 1, cells, reject);
    }
    std::string_view& cell = cells[node.column];
    if (cell.data() != nullptr) {
      return reject.set(reject::kMalformedJson, "is there twice");
    }
    switch (type) {
      case ondemand::json_type::string:
        if (!read_text(value, cell, reject)) return false;
        return true;
      case ondemand::json_type::array:
      case ondemand::json_type::object:
        return reject_type("a text, a number, true, false or null", reject);
      default:
        break;
    }
    const std::string_view token = scalar_token(value);
    if (token == "null") return true;
    if (token != "true" && token != "false" && !is_number(token)) {
      return reject.set(reject::kMalformedJson, in_quotes(token) + " is no value of JSON");
    }
    cell = token;
    return true;
  }

  std::vector<Node> nodes_;
};

template <class Shape>
class MappedDecoder : public runtime::Decoder {
 public:
  MappedDecoder(const std::vector<runtime::EventType>& types, DecoderOptions options)
      : options_(std::move(options)), schemas_(types, options_) {}

  /// What is wrong with the mapping; empty: nothing.
  std::string compile(const Mapping& mapping) {
    const EventSchema* schema = schemas_.find(mapping.type());
    if (schema == nullptr) {
      return "mapping: type: " + in_quotes(mapping.type()) +
             " is not known; allowed: " + schemas_.type_names();
    }
    return plan_.compile(mapping, *schema, options_);
  }
  const std::vector<std::string>& columns() const { return plan_.columns(); }
  Shape& shape() { return shape_; }

  void decode(const runtime::RawRecord& record, google::protobuf::Arena& arena,
              runtime::Event& event) const override {
    if (reject_size(record, event)) return;
    auto* envelope = google::protobuf::Arena::CreateMessage<contract::Envelope>(&arena);
    Reject reject;
    thread_local Cells cells;
    cells.assign(plan_.columns().size(), {});
    if (!shape_.read(record.bytes, cells, reject) ||
        !plan_.make_event(cells, arena, *envelope, event, reject)) {
      set_rejected(reject, envelope, event);
    }
  }

 private:
  DecoderOptions options_;
  SchemaSet schemas_;
  MappingPlan plan_;
  Shape shape_;
};

}  // namespace

runtime::Result<std::shared_ptr<const runtime::Decoder>> make_mapped_decoder(
    std::string_view format, const Mapping& mapping, std::string_view header,
    const std::vector<runtime::EventType>& types, DecoderOptions options) {
  std::string errors;
  if (format == "csv") {
    auto decoder = std::make_shared<MappedDecoder<CsvShape>>(types, std::move(options));
    errors = decoder->compile(mapping);
    const std::string shape = decoder->shape().compile(decoder->columns(), header);
    if (!shape.empty()) errors += (errors.empty() ? "" : "\n") + shape;
    if (!errors.empty()) return invalid(std::move(errors));
    return std::shared_ptr<const runtime::Decoder>(std::move(decoder));
  }
  if (format == "ndjson") {
    auto decoder = std::make_shared<MappedDecoder<JsonShape>>(types, std::move(options));
    errors = decoder->compile(mapping);
    const std::string shape = decoder->shape().compile(decoder->columns());
    if (!shape.empty()) errors += (errors.empty() ? "" : "\n") + shape;
    if (!errors.empty()) return invalid(std::move(errors));
    return std::shared_ptr<const runtime::Decoder>(std::move(decoder));
  }
  return invalid("format: " + in_quotes(format) + " is not known; allowed: csv, ndjson");
}

}  // namespace laurel::adapters::formats
