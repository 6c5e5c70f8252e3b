#include "data_dir.h"

#include <charconv>
#include <map>

#include "laurel/adapters/disk/checksum.h"
#include "laurel/adapters/disk/directory.h"

namespace laurel::adapters::internal {
namespace {

using runtime::Error;
using runtime::ErrorCode;

constexpr std::string_view kIdentityTitle = "laurel data directory";
constexpr std::size_t kSecretBytes = 32;

std::string hex(std::uint64_t value, int digits) {
  std::string out;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out.push_back("0123456789abcdef"[(value >> shift) & 0xf]);
  }
  return out;
}

template <class Number>
bool parse(std::string_view text, Number& out, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

IdentityFile identity_file_of(const Identity& identity) {
  return {identity.format, identity.partitions, identity.uuid, crc32c(identity.secret)};
}

std::string encode_identity_file(const IdentityFile& identity) {
  std::string out = std::string(kIdentityTitle) + "\n" + "format " +
                    std::to_string(identity.format) + "\n" + "node " + identity.uuid + "\n" +
                    "partitions " + std::to_string(identity.partitions) + "\n" + "secret-check " +
                    hex(identity.secret_check, 8) + "\n";
  return out + "check " + hex(crc32c(out), 8) + "\n";
}

runtime::Result<IdentityFile> decode_identity_file(std::string_view bytes,
                                                   const std::string& path) {
  const auto foreign = [&path](const std::string& why) {
    return Error{ErrorCode::kDataDirForeign, path + ": " + why};
  };
  std::string_view rest = bytes;
  std::map<std::string_view, std::string_view> fields;
  std::string_view covered;
  bool first = true;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return foreign("its last line is cut");
    const std::string_view line = rest.substr(0, end);
    if (first && line != kIdentityTitle) return foreign("this is no data directory of Laurel");
    const auto space = line.find(' ');
    if (!first && space == std::string_view::npos) return foreign("a line of it has no value");
    if (!first) fields[line.substr(0, space)] = line.substr(space + 1);
    if (!first && line.starts_with("check ")) {
      covered = bytes.substr(0, static_cast<std::size_t>(line.data() - bytes.data()));
    }
    first = false;
    rest.remove_prefix(end + 1);
  }
  IdentityFile identity;
  // The format comes first: what a newer one looks like is not known here.
  if (!parse(fields["format"], identity.format, 10)) return foreign("it names no format");
  if (identity.format > kFormatVersion) {
    return foreign("its format is " + std::to_string(identity.format) +
                   ", this version reads up to " + std::to_string(kFormatVersion) +
                   "; run the version that wrote it, or a newer one");
  }
  std::uint32_t check = 0;
  if (!parse(fields["check"], check, 16) || check != crc32c(covered)) {
    return foreign(
        "it was changed or is damaged (its checksum is wrong); restore it from a backup");
  }
  identity.uuid = fields["node"];
  if (!parse(fields["partitions"], identity.partitions, 10) ||
      !parse(fields["secret-check"], identity.secret_check, 16)) {
    return foreign("a field of it is malformed");
  }
  return identity;
}

Identity make_identity(std::uint16_t partitions) {
  Identity identity;
  identity.partitions = partitions;
  identity.secret = system_random(kSecretBytes);
  std::string bytes = system_random(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) identity.uuid.push_back('-');
    identity.uuid += hex(static_cast<unsigned char>(bytes[i]), 2);
  }
  return identity;
}

}  // namespace laurel::adapters::internal
