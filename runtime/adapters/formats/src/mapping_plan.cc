#include "mapping_plan.h"

#include <algorithm>
#include <limits>

#include "amount_text.h"
#include "decimal.h"
#include "event_builder.h"
#include "laurel/contract/rfc3339.h"

namespace laurel::adapters::formats {
namespace {

using ::laurel::formats::Mapping;
using FieldFrom = ::laurel::formats::Field;
using google::protobuf::Message;

bool is_time(const Target& target) {
  return target.kind == TargetKind::kTime || target.kind == TargetKind::kRecordedTime;
}

bool is_amount(const Target& target) {
  return target.field != nullptr && target.field->kind == FieldKind::kAmount;
}

bool is_integer(const Target& target) {
  if (target.kind == TargetKind::kSequence) return true;
  if (target.field == nullptr) return false;
  const FieldKind kind = target.field->kind;
  return kind == FieldKind::kInt32 || kind == FieldKind::kUint32 || kind == FieldKind::kInt64 ||
         kind == FieldKind::kUint64;
}

bool is_na(const Target& target, std::string_view cell) {
  return cell.empty() || std::find(target.na.begin(), target.na.end(), cell) != target.na.end();
}

bool reject_decimal(DecimalStatus status, std::string_view text, bool is_amount_target,
                    Reject& reject) {
  switch (status) {
    case DecimalStatus::kMalformed:
      return reject.set(is_amount_target ? reject::kBadAmount : reject::kWrongType,
                        in_quotes(text) + " is no decimal number");
    case DecimalStatus::kNotExact:
      return reject.set(is_amount_target ? reject::kBadAmount : reject::kWrongType,
                        in_quotes(text) + " has more decimals than allowed");
    default:
      return reject.set(is_amount_target ? reject::kAmountOutOfRange : reject::kWrongType,
                        in_quotes(text) + " exceeds 128 bits");
  }
}

bool parse_flag(std::string_view text, bool& flag, Reject& reject) {
  flag = text == "true" || text == "TRUE" || text == "True" || text == "1";
  if (flag || text == "false" || text == "FALSE" || text == "False" || text == "0") return true;
  return reject.set(reject::kWrongType,
                    in_quotes(text) + " is not allowed; allowed: true, false, 1, 0");
}

bool parse_time(const Target& target, std::string_view text, std::int64_t& us, Reject& reject) {
  std::optional<std::int64_t> parsed;
  if (target.time_format == FieldFrom::TIME_FORMAT_RFC3339) {
    parsed = contract::parse_rfc3339(text);
  } else {
    const std::uint32_t scale = target.time_format == FieldFrom::TIME_FORMAT_UNIX_S    ? 6
                                : target.time_format == FieldFrom::TIME_FORMAT_UNIX_MS ? 3
                                                                                       : 0;
    Decimal decimal;
    Int128 units = 0;
    if (parse_decimal(text, decimal) == DecimalStatus::kOk &&
        to_units(decimal, scale, units) == DecimalStatus::kOk && units >= contract::kTimeUsMin &&
        units <= contract::kTimeUsMax) {
      parsed = static_cast<std::int64_t>(units);
    }
  }
  if (!parsed || !contract::is_valid_time(*parsed)) {
    return reject.set(reject::kBadTime, in_quotes(text) + " is no time of 1970 to 2199");
  }
  us = *parsed;
  return true;
}

}  // namespace

void MappingPlan::fail(const std::string& name, const std::string& what) {
  errors_ += (errors_.empty() ? "" : "\n") + std::string("mapping: ") + name + ": " + what;
}

std::size_t MappingPlan::column(const std::string& name) {
  const auto at = std::find(columns_.begin(), columns_.end(), name);
  if (at != columns_.end()) return static_cast<std::size_t>(at - columns_.begin());
  columns_.push_back(name);
  return columns_.size() - 1;
}

void MappingPlan::check_kind(const Target& target, FieldFrom::Kind kind) {
  std::vector<FieldFrom::Kind> allowed;
  if (is_time(target)) {
    allowed = {FieldFrom::KIND_TIME};
  } else if (is_amount(target)) {
    allowed = {FieldFrom::KIND_DECIMAL_AMOUNT, FieldFrom::KIND_INTEGER};
  } else if (is_integer(target)) {
    allowed = {FieldFrom::KIND_INTEGER};
  } else if (target.field != nullptr && target.field->kind == FieldKind::kBool) {
    allowed = {FieldFrom::KIND_BOOL};
  } else {
    allowed = {FieldFrom::KIND_STRING};
  }
  if (kind == FieldFrom::KIND_UNSPECIFIED ||
      std::find(allowed.begin(), allowed.end(), kind) != allowed.end()) {
    return;
  }
  constexpr const char* kNames[] = {"", "string", "integer", "decimal_amount", "bool", "time"};
  std::string names;
  for (const auto one : allowed) names += (names.empty() ? "" : ", ") + std::string(kNames[one]);
  fail(target.name, "its kind does not fit; allowed: " + names);
}

void MappingPlan::check_amount(const Target& target) {
  if (!is_amount(target)) {
    if (!target.asset.empty() || target.scale != 0) {
      fail(target.name, "asset and scale are for amounts");
    }
    return;
  }
  if (!is_asset(target.asset)) {
    fail(target.name, target.asset.empty() ? "asset is required"
                                           : in_quotes(target.asset) +
                                                 " is no asset; allowed: [A-Z][A-Z0-9:._-]{0,31}");
  }
  if (target.scale > kScaleMax) fail(target.name, "scale is out of range; allowed: 0 to 38");
  const auto known = options_->asset_scales.find(target.asset);
  if (known != options_->asset_scales.end() && known->second != target.scale) {
    fail(target.name, "the asset " + target.asset + " has scale " + std::to_string(known->second) +
                          " in the catalog, not " + std::to_string(target.scale));
  }
}

// A text that every record may get has to fit.
void MappingPlan::check_text(const Target& target, const std::string& text) {
  contract::Envelope envelope;
  const std::unique_ptr<Message> data(schema_->prototype->New());
  Reject reject;
  if (text.find('\0') != std::string::npos) return fail(target.name, "holds a NUL");
  if (!set(target, text, envelope, *data, reject)) fail(target.name, reject.detail);
}

void MappingPlan::add(const std::string& name, TargetKind kind, const FieldFrom& from) {
  Target target;
  target.kind = kind;
  target.name = name;
  if (kind == TargetKind::kData) {
    const std::string_view field_name = std::string_view(name).substr(5);
    target.field = schema_->message->find(field_name);
    if (target.field == nullptr) {
      std::string known;
      for (const FieldSchema& field : schema_->message->fields) {
        known += (known.empty() ? "" : ", ") + field.name;
      }
      return fail(name, "there is no such field; allowed: " + known);
    }
    if (target.field->kind == FieldKind::kMessage ||
        target.field->kind == FieldKind::kUnsupported) {
      return fail(name, "cannot be mapped");
    }
  }
  const int ways = (from.column().empty() ? 0 : 1) + (from.constant().empty() ? 0 : 1) +
                   (from.sum().empty() ? 0 : 1);
  if (ways != 1) return fail(name, "has to have one of column, constant and sum");
  if (!from.column().empty()) target.columns.push_back(column(from.column()));
  for (const std::string& addend : from.sum()) target.columns.push_back(column(addend));
  target.is_sum = !from.sum().empty();
  target.constant = from.constant();
  target.na.assign(from.na().begin(), from.na().end());
  if (from.has_if_na()) target.if_na = from.if_na();
  target.asset = from.asset();
  target.scale = from.scale();
  target.time_format = from.time_format();
  target.is_units = is_amount(target) && from.kind() == FieldFrom::KIND_INTEGER;
  const std::size_t errors_before = errors_.size();
  check_kind(target, from.kind());
  check_amount(target);
  if (target.is_sum && !is_amount(target) && !is_integer(target)) {
    fail(name, "a sum is for amounts and whole numbers");
  }
  if (errors_.size() == errors_before) {
    if (!target.constant.empty()) check_text(target, target.constant);
    if (target.if_na && !target.if_na->empty()) check_text(target, *target.if_na);
  }
  targets_.push_back(std::move(target));
}

std::string MappingPlan::compile(const Mapping& mapping, const EventSchema& schema,
                                 const DecoderOptions& options) {
  schema_ = &schema;
  options_ = &options;
  const auto envelope = [&](const char* name, TargetKind kind, bool is_set, const FieldFrom& from,
                            bool required) {
    if (is_set) {
      add(name, kind, from);
    } else if (required) {
      fail(name, "is required");
    }
  };
  envelope("id", TargetKind::kId, mapping.has_id(), mapping.id(), true);
  envelope("source", TargetKind::kSource, mapping.has_source(), mapping.source(), true);
  envelope("subject", TargetKind::kSubject, mapping.has_subject(), mapping.subject(), true);
  envelope("time", TargetKind::kTime, mapping.has_time(), mapping.time(), true);
  envelope("recordedtime", TargetKind::kRecordedTime, mapping.has_recordedtime(),
           mapping.recordedtime(), false);
  envelope("sequence", TargetKind::kSequence, mapping.has_sequence(), mapping.sequence(), false);
  envelope("partitionkey", TargetKind::kPartitionKey, mapping.has_partitionkey(),
           mapping.partitionkey(), false);
  // In the order of the fields, so that the first thing wrong with a record is always the same one.
  for (const FieldSchema& field : schema.message->fields) {
    const auto from = mapping.data().find(field.name);
    if (from != mapping.data().end()) {
      add("data." + field.name, TargetKind::kData, from->second);
    } else if (field.required) {
      fail("data." + field.name, "is required");
    }
  }
  std::vector<std::string> unknown;
  for (const auto& [name, from] : mapping.data()) {
    if (schema.message->find(name) == nullptr) unknown.push_back(name);
  }
  std::sort(unknown.begin(), unknown.end());
  for (const std::string& name : unknown) {
    add("data." + name, TargetKind::kData, mapping.data().at(name));
  }
  return errors_;
}

bool MappingPlan::set_number(const Target& target, std::string_view text, Message& data,
                             contract::Envelope& envelope, Reject& reject) const {
  const bool amount = is_amount(target);
  Decimal decimal;
  Int128 units = 0;
  auto status = parse_decimal(text, decimal);
  if (status == DecimalStatus::kOk) {
    status = to_units(decimal, amount && !target.is_units ? target.scale : 0, units);
  }
  if (status != DecimalStatus::kOk) return reject_decimal(status, text, amount, reject);
  if (amount) {
    const auto& reflection = *data.GetReflection();
    Message* inner = target.field->repeated
                         ? reflection.AddMessage(&data, target.field->descriptor)
                         : reflection.MutableMessage(&data, target.field->descriptor);
    return set_amount(units, target.asset, target.scale, target.field->non_negative, *options_,
                      static_cast<contract::Amount&>(*inner), reject);
  }
  if (target.kind != TargetKind::kSequence) return set_integer(*target.field, units, data, reject);
  if (units < 0 || units > Int128{std::numeric_limits<std::uint64_t>::max()}) {
    return reject.set(reject::kWrongType, "is out of range; allowed: 0 to 2^64 - 1");
  }
  envelope.set_sequence(static_cast<std::uint64_t>(units));
  return true;
}

bool MappingPlan::set(const Target& target, std::string_view text, contract::Envelope& envelope,
                      Message& data, Reject& reject) const {
  switch (target.kind) {
    case TargetKind::kId:
      envelope.set_id(text.data(), text.size());
      return true;
    case TargetKind::kSource:
      envelope.set_source(text.data(), text.size());
      return true;
    case TargetKind::kPartitionKey:
      envelope.set_partition_key(text.data(), text.size());
      return true;
    case TargetKind::kSubject:
      if (!is_player_id(text)) {
        return reject.set(reject::kBadPlayerId,
                          in_quotes(text) + " is no player id; allowed: [A-Za-z0-9._~:-]{1,64}");
      }
      envelope.set_subject(text.data(), text.size());
      return true;
    case TargetKind::kTime:
    case TargetKind::kRecordedTime: {
      std::int64_t us = 0;
      if (!parse_time(target, text, us, reject)) return false;
      if (target.kind == TargetKind::kTime) {
        envelope.set_time_us(us);
      } else {
        envelope.set_recorded_time_us(us);
      }
      return true;
    }
    case TargetKind::kSequence:
      return set_number(target, text, data, envelope, reject);
    case TargetKind::kData:
      break;
  }
  switch (target.field->kind) {
    case FieldKind::kString:
    case FieldKind::kEnum:
      return set_text(*target.field, text, data, reject);
    case FieldKind::kBool: {
      bool flag = false;
      if (!parse_flag(text, flag, reject)) return false;
      set_bool(*target.field, flag, data);
      return true;
    }
    default:
      return set_number(target, text, data, envelope, reject);
  }
}

bool MappingPlan::apply(const Target& target, const Cells& cells, contract::Envelope& envelope,
                        Message& data, FieldSet& seen, bool& has_time, Reject& reject) const {
  const bool absent = std::any_of(target.columns.begin(), target.columns.end(),
                                  [&](std::size_t at) { return is_na(target, cells[at]); });
  if (absent && (!target.if_na || target.if_na->empty())) return true;
  if (target.kind == TargetKind::kTime) has_time = true;
  if (target.field != nullptr) insert(seen, target.field->index);
  if (absent) return set(target, *target.if_na, envelope, data, reject);
  if (target.columns.empty()) return set(target, target.constant, envelope, data, reject);
  if (!target.is_sum) return set(target, cells[target.columns.front()], envelope, data, reject);

  Decimal sum;
  for (const std::size_t at : target.columns) {
    Decimal addend;
    auto status = parse_decimal(cells[at], addend);
    if (status == DecimalStatus::kOk) status = formats::add(sum, addend, sum);
    if (status != DecimalStatus::kOk) {
      reject_decimal(status, cells[at], is_amount(target), reject);
      return reject.in(columns_[at]);
    }
  }
  return set(target, to_string(sum.mantissa) + "e" + std::to_string(sum.exponent), envelope, data,
             reject);
}

bool MappingPlan::make_event(const Cells& cells, google::protobuf::Arena& arena,
                             contract::Envelope& envelope, runtime::Event& event,
                             Reject& reject) const {
  envelope.set_type(schema_->type);
  Message* data = schema_->prototype->New(&arena);
  FieldSet seen{};
  bool has_time = false;
  for (const Target& target : targets_) {
    if (!apply(target, cells, envelope, *data, seen, has_time, reject)) {
      return reject.in(target.name);
    }
  }
  if (!check_required(*schema_->message, seen, reject)) return reject.in("data");
  return finish_event(*schema_, *options_, envelope, has_time, *data, arena, event, reject);
}

}  // namespace laurel::adapters::formats
