/// MappingPlan: a Mapping checked against its event type and turned into steps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event_schema.h"
#include "laurel/contract/event.pb.h"
#include "laurel/formats/mapping.pb.h"
#include "laurel/runtime/event.h"
#include "reject.h"

namespace laurel::adapters::formats {

/// The values of one record, by column of the plan. A null one is absent.
using Cells = std::vector<std::string_view>;

enum class TargetKind : std::uint8_t {
  kId,
  kSource,
  kSubject,
  kTime,
  kRecordedTime,
  kSequence,
  kPartitionKey,
  kData
};

struct Target {
  TargetKind kind = TargetKind::kId;
  std::string name;                    ///< data.tx_id
  const FieldSchema* field = nullptr;  ///< of kData
  std::vector<std::size_t> columns;    ///< none: a constant; more than one: a sum
  std::string constant;
  std::vector<std::string> na;
  std::optional<std::string> if_na;
  bool is_sum = false;
  bool is_units = false;  ///< an amount that comes as minor units
  std::string asset;
  std::uint32_t scale = 0;
  ::laurel::formats::Field::TimeFormat time_format = ::laurel::formats::Field::TIME_FORMAT_RFC3339;
};

class MappingPlan {
 public:
  /// All that is wrong, one line each; empty when nothing is.
  std::string compile(const ::laurel::formats::Mapping& mapping, const EventSchema& schema,
                      const DecoderOptions& options);

  /// The columns that records have to have, each once: `Cells` is in this order.
  const std::vector<std::string>& columns() const { return columns_; }
  /// The event that the cells make.
  bool make_event(const Cells& cells, google::protobuf::Arena& arena, contract::Envelope& envelope,
                  runtime::Event& event, Reject& reject) const;

 private:
  void add(const std::string& name, TargetKind kind, const ::laurel::formats::Field& from);
  void check_kind(const Target& target, ::laurel::formats::Field::Kind kind);
  void check_amount(const Target& target);
  void check_text(const Target& target, const std::string& text);
  void fail(const std::string& name, const std::string& what);
  std::size_t column(const std::string& name);
  bool apply(const Target& target, const Cells& cells, contract::Envelope& envelope,
             google::protobuf::Message& data, FieldSet& seen, bool& has_time, Reject& reject) const;
  bool set(const Target& target, std::string_view text, contract::Envelope& envelope,
           google::protobuf::Message& data, Reject& reject) const;
  bool set_number(const Target& target, std::string_view text, google::protobuf::Message& data,
                  contract::Envelope& envelope, Reject& reject) const;

  const EventSchema* schema_ = nullptr;
  const DecoderOptions* options_ = nullptr;
  std::vector<Target> targets_;
  std::vector<std::string> columns_;
  std::string errors_;
};

}  // namespace laurel::adapters::formats
