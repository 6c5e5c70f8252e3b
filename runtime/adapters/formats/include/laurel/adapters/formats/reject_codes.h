/// Why a record was not taken: stable codes, described in docs/guide/dead-letters.md.
#pragma once

namespace laurel::adapters::formats::reject {

inline constexpr char kMalformedJson[] = "malformed-json";
inline constexpr char kMalformedCsv[] = "malformed-csv";
inline constexpr char kBadBase64[] = "bad-base64";
inline constexpr char kMalformedProtobuf[] = "malformed-protobuf";
inline constexpr char kWrongColumns[] = "wrong-columns";
inline constexpr char kWrongType[] = "wrong-type";
inline constexpr char kMissingField[] = "missing-field";
inline constexpr char kUnknownEventType[] = "unknown-event-type";
inline constexpr char kBadPlayerId[] = "bad-player-id";
inline constexpr char kInvalidUtf8[] = "invalid-utf8";
inline constexpr char kNulByte[] = "nul-byte";
inline constexpr char kTooDeep[] = "too-deep";
inline constexpr char kEventTooLarge[] = "event-too-large";
inline constexpr char kLineTooLong[] = "line-too-long";
inline constexpr char kBadTime[] = "bad-time";
inline constexpr char kFarFuture[] = "far-future";
inline constexpr char kBadAmount[] = "bad-amount";
inline constexpr char kAmountOutOfRange[] = "amount-out-of-range";
inline constexpr char kNegativeAmount[] = "negative-amount";
inline constexpr char kBadAsset[] = "bad-asset";
inline constexpr char kScaleMismatch[] = "scale-mismatch";
inline constexpr char kBadNaturalKey[] = "bad-natural-key";

}  // namespace laurel::adapters::formats::reject
