#include "laurel/runtime/engine.h"

#include <charconv>

namespace laurel::runtime {
namespace {
constexpr std::string_view kInboxPrefix = "inbox/";
}  // namespace

std::uint64_t commit_bytes(const Commit& commit) {
  std::uint64_t bytes = 0;
  for (const Row& row : commit.rows) bytes += row.key.size() + (row.value ? row.value->size() : 0);
  for (const Output& record : commit.outputs) {
    bytes += record.key.size() + record.type.size() + record.value.size();
  }
  for (const InboxRecord& record : commit.inbox) bytes += record.value.size();
  return bytes;
}

std::string inbox_input(PartitionId source) {
  return std::string(kInboxPrefix) + std::to_string(source);
}

std::optional<PartitionId> inbox_source(std::string_view input) {
  if (!input.starts_with(kInboxPrefix)) return std::nullopt;
  input.remove_prefix(kInboxPrefix.size());
  PartitionId source = 0;
  const auto end = std::from_chars(input.data(), input.data() + input.size(), source);
  if (end.ec != std::errc() || end.ptr != input.data() + input.size()) return std::nullopt;
  return source;
}

}  // namespace laurel::runtime
