#include "verify_board.h"

#include <openssl/evp.h>

#include "tournaments.h"

namespace laurel::console {

namespace json = boost::json;

namespace {

std::uint64_t first_bytes(const std::string& digest) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    out = (out << 8U) | static_cast<unsigned char>(digest[i]);
  }
  return out;
}

// Of a row: two rows that differ have the same by chance only.
std::uint64_t content(const std::string& player, const std::string& score,
                      const std::string& reached) {
  return first_bytes(sha256(player + '\n' + score + '\n' + reached));
}

std::uint64_t u64(const json::value& object, std::string_view member) {
  return std::strtoull(text_of(object, member).c_str(), nullptr, 10);
}

}  // namespace

std::string sha256(const std::string& bytes) {
  std::string out(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
             EVP_sha256(), nullptr);
  return out;
}

void RowSum::add(const std::string& run, const std::string& player, const std::string& score,
                 const std::string& reached) {
  ++rows;
  sum += first_bytes(sha256(run + '\n' + player + '\n' + score + '\n' + reached));
}

BoardCheck::Place BoardCheck::place_of(const json::value& entry) const {
  Place out;
  out.player = text_of(entry, "player");
  out.score = text_of(entry.at("score"), "units");
  out.reached = text_of(entry, "reached");
  out.units = std::strtoll(out.score.c_str(), nullptr, 10);
  out.tie = first_bytes(sha256(run_ + "|" + out.player));
  return out;
}

// Whether a stands before b; nothing when they are one.
std::optional<bool> BoardCheck::before(const Place& a, const Place& b) const {
  if (a.units != b.units) return low_ ? a.units < b.units : a.units > b.units;
  // Times of one length and zone compare as they are written.
  if (a.reached != b.reached) return a.reached < b.reached;
  if (a.tie != b.tie) return a.tie < b.tie;
  if (a.player != b.player) return a.player < b.player;
  return std::nullopt;
}

void BoardCheck::each_page(const std::string& options,
                           const std::function<void(const json::value&)>& page) {
  std::string cursor;
  do {
    const auto reply =
        fetch(client_, run_path(run_) + "/entries?snapshot=true&limit=1000" + options +
                           (cursor.empty() ? "" : "&cursor=" + url_encode(cursor)));
    page(reply);
    cursor = text_of(reply, "next");
  } while (!cursor.empty());
}

void BoardCheck::head(const json::value& page) {
  const std::string version = text_of(page, "version");
  if (position_ > 0 && version != version_) report_.add(run_, "its pages are of two versions");
  version_ = version;
  low_ = text_of(page, "direction") == "low";
  members_ = text_of(page, "members");
}

void BoardCheck::end_group(const std::string& style) {
  if (style == "modified" && groups_ > 0 && group_rank_ != position_) {
    report_.add(run_, "rank " + std::to_string(group_rank_) + " (modified) of " + last_->player +
                          ", who is the last of equals at " + std::to_string(position_));
  }
}

void BoardCheck::row(const json::value& entry, const std::string& style) {
  const Place place = place_of(entry);
  const bool same = last_ && last_->units == place.units && last_->reached == place.reached;
  if (!same) end_group(style);
  if (last_ && before(*last_, place) != std::optional(true)) {
    report_.add(run_, place.player + " stands behind " + last_->player + ", and belongs before");
  }
  ++position_;
  const std::uint64_t rank = u64(entry, "rank");
  if (!same) {
    group_first_ = position_;
    group_rank_ = rank;
    ++groups_;
  }
  if (u64(entry, "position") != position_) {
    report_.add(run_, place.player + " is at position " + std::to_string(position_) +
                          ", and said to be at " + text_of(entry, "position"));
  }
  const std::uint64_t expected = style == "standard"   ? group_first_
                                 : style == "dense"    ? groups_
                                 : style == "modified" ? group_rank_
                                                       : position_;
  if (rank != expected) {
    report_.add(run_, place.player + " has rank " + std::to_string(rank) + " (" + style +
                          "), and should have " + std::to_string(expected));
  }
  rows_.add(run_, place.player, place.score, place.reached);
  in_order_.push_back(content(place.player, place.score, place.reached));
  last_ = place;
}

void BoardCheck::read(const std::string& style) {
  rows_ = {};
  in_order_.clear();
  position_ = group_first_ = groups_ = group_rank_ = 0;
  last_.reset();
  each_page("&rank=" + style, [&](const json::value& page) {
    head(page);
    for (const auto& entry : page.at("entries").as_array()) row(entry, style);
  });
  end_group(style);
  if (members_ != std::to_string(position_)) {
    report_.add(run_, "has " + members_ + " members, and a board of " + std::to_string(position_));
  }
}

void BoardCheck::compare(const BoardOrder& order) {
  std::size_t at = 0;
  bool same = true;
  order.walk([&](const BoardItem& item) {
    const std::int64_t score = low_ ? item.column : ~item.column;
    same = at < in_order_.size() &&
           in_order_[at] == content(item.member, std::to_string(score), item.reached);
    ++at;
    return same;
  });
  if (same && at == in_order_.size()) return;
  report_.add(run_, "its board is not what its " + std::to_string(order.version()) +
                        " changes give: they differ at position " + std::to_string(at));
}

}  // namespace laurel::console
