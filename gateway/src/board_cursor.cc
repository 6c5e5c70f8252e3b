#include "board_cursor.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>

#include "text.h"

namespace laurel::gateway::internal {

namespace {

constexpr std::size_t kSignatureBytes = 16;
// The secret signs other things too: this says what it signs here.
constexpr std::string_view kPurpose = "laurel board cursor 1\n";

std::string signature_of(std::string_view bytes, std::string_view secret) {
  const std::string text = std::string(kPurpose) + std::string(bytes);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
           &size) == nullptr) {
    return {};
  }
  return {reinterpret_cast<const char*>(digest), kSignatureBytes};
}

// Numbers end with a space; the texts come last, the first with its length.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}
  template <class Number>
  Number number() {
    Number value{};
    const auto end = std::min(rest_.find(' '), rest_.size());
    const auto read = std::from_chars(rest_.data(), rest_.data() + end, value);
    good_ = good_ && read.ec == std::errc() && read.ptr == rest_.data() + end;
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return value;
  }
  std::string text(std::size_t size) {
    good_ = good_ && size <= rest_.size();
    if (!good_) return {};
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  std::size_t left() const { return rest_.size(); }
  bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string cursor_text(const BoardCursor& cursor, std::string_view secret) {
  std::string bytes = std::to_string(cursor.pinned ? 1 : 0) + " " + std::to_string(cursor.version);
  for (const std::int64_t column : cursor.key.columns) bytes += " " + std::to_string(column);
  bytes += " " + std::to_string(cursor.key.time) + " " +
           std::to_string(static_cast<std::uint64_t>(cursor.tie)) + " " +
           std::to_string(cursor.run.size()) + " " + cursor.run + cursor.member;
  return base64url(signature_of(bytes, secret) + bytes);
}

std::optional<BoardCursor> parse_cursor(std::string_view text, std::string_view secret) {
  const auto signed_bytes = from_base64url(text);
  if (!signed_bytes || signed_bytes->size() < kSignatureBytes) return std::nullopt;
  const std::string_view bytes = std::string_view(*signed_bytes).substr(kSignatureBytes);
  const std::string expected = signature_of(bytes, secret);
  if (expected.size() != kSignatureBytes ||
      CRYPTO_memcmp(expected.data(), signed_bytes->data(), kSignatureBytes) != 0) {
    return std::nullopt;
  }
  Reader reader(bytes);
  BoardCursor out;
  out.pinned = reader.number<int>() == 1;
  out.version = reader.number<std::uint64_t>();
  for (std::int64_t& column : out.key.columns) column = reader.number<std::int64_t>();
  out.key.time = reader.number<std::int64_t>();
  out.tie = Tie{reader.number<std::uint64_t>()};
  out.run = reader.text(reader.number<std::size_t>());
  out.member = reader.text(reader.left());
  if (!reader.good()) return std::nullopt;
  return out;
}

std::uint64_t behind(const ranked::RankedView& view, const BoardCursor& cursor) {
  std::uint64_t from = view.count_better(cursor.key);
  std::uint64_t to = from + view.count_ties(cursor.key);
  while (from < to) {
    const std::uint64_t middle = from + (to - from) / 2;
    const ranked::RankedRow row = view.at(middle);
    const bool before = row.tie < cursor.tie ||
                        (row.tie == cursor.tie && row.member <= std::string_view(cursor.member));
    if (before) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

}  // namespace laurel::gateway::internal
