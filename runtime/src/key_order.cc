#include "key_order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "laurel/runtime/errors.h"

namespace laurel::runtime::internal {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::ptrdiff_t kFew = 24;

std::uint64_t middle_of(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

}  // namespace

void KeyOrder::add(std::string_view key, std::uint32_t at) {
  LAUREL_ASSERT(key.size() <= UINT32_MAX);
  Key& added = keys_.emplace_back();
  added.data = key.data();
  added.size = static_cast<std::uint32_t>(key.size());
  added.at = at;
}

// As a number that orders as its bytes do; behind the end of the key are zeros.
std::uint64_t KeyOrder::word_of(const Key& key, std::size_t depth) {
  std::array<char, kWord> bytes{};
  const std::string_view rest = key.from(depth);
  if (rest.size() >= kWord) {
    std::memcpy(bytes.data(), rest.data(), kWord);
  } else if (!rest.empty()) {
    std::memcpy(bytes.data(), rest.data(), rest.size());
  }
  const auto word = std::bit_cast<std::uint64_t>(bytes);
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

// Equal words: one key may have ended within them where the other has zeros.
bool KeyOrder::before(const Key& a, const Key& b, std::size_t depth) {
  return a.word != b.word ? a.word < b.word : a.from(depth) < b.from(depth);
}

void KeyOrder::sort_few(Key* first, Key* last, std::size_t depth) {
  for (Key* next = first + 1; next < last; ++next) {
    const Key key = *next;
    Key* to = next;
    for (; to > first && before(key, to[-1], depth); --to) *to = to[-1];
    *to = key;
  }
}

// All of the range are alike before `depth`, and have the words from there. `splits`: as many as
// are left before it is said that somebody chose the keys so that each splits off little.
void KeyOrder::sort(Key* first, Key* last, std::size_t depth, int splits) {
  while (last - first > kFew) {
    if (splits-- == 0) {
      return std::sort(first, last,
                       [depth](const Key& a, const Key& b) { return before(a, b, depth); });
    }
    const std::uint64_t middle =
        middle_of(first->word, first[(last - first) / 2].word, last[-1].word);
    Key *lower = first, *upper = last;
    for (Key* at = first; at < upper;) {
      if (at->word < middle) {
        std::swap(*lower++, *at++);
      } else if (at->word > middle) {
        std::swap(*at, *--upper);
      } else {
        ++at;
      }
    }
    sort(first, lower, depth, splits);
    sort(upper, last, depth, splits);
    // Those between are alike for a word more; whichever has ended within it comes first.
    first = std::partition(lower, upper,
                           [end = depth + kWord](const Key& key) { return key.size <= end; });
    std::sort(lower, first, [](const Key& a, const Key& b) { return a.size < b.size; });
    last = upper;
    depth += kWord;
    ++splits;  // that was none
    for (Key* at = first; at < last; ++at) at->word = word_of(*at, depth);
  }
  if (last - first > 1) sort_few(first, last, depth);
}

void KeyOrder::sort() { sort(4 * static_cast<int>(std::bit_width(keys_.size()))); }

void KeyOrder::sort(int splits) {
  for (Key& key : keys_) key.word = word_of(key, 0);
  sort(keys_.data(), keys_.data() + keys_.size(), 0, splits);
}

}  // namespace laurel::runtime::internal
