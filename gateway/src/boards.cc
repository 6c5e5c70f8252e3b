#include "boards.h"

#include <unordered_map>
#include <utility>

#include "laurel/ranked/loader.h"
#include "laurel/runtime/keys.h"

namespace laurel::gateway::internal {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ranked::RankedRow;
using ranked::RankedView;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;

namespace {

constexpr std::string_view kTournament = "tournament";
constexpr std::string_view kBoard = "board";
constexpr std::string_view kStandings = "standings";
constexpr std::size_t kPageRows = 1000;
constexpr int kTriesMax = 3;

struct Place {
  std::uint64_t place = 0;
  std::string member;
  std::int64_t score = 0;
  std::int64_t reached = 0;
};

// A row of the standings, by reflection.
std::optional<Place> place_of(const Message& row) {
  const auto* type = row.GetDescriptor();
  const auto* reflection = row.GetReflection();
  const auto field = [&](const char* name, FieldDescriptor::CppType kind) {
    const auto* found = type->FindFieldByName(name);
    return found != nullptr && !found->is_repeated() && found->cpp_type() == kind ? found : nullptr;
  };
  const auto* place = field("place", FieldDescriptor::CPPTYPE_UINT64);
  const auto* member = field("member", FieldDescriptor::CPPTYPE_STRING);
  const auto* score = field("score", FieldDescriptor::CPPTYPE_INT64);
  const auto* reached = field("reached_us", FieldDescriptor::CPPTYPE_INT64);
  if (place == nullptr || member == nullptr || score == nullptr || reached == nullptr) {
    return std::nullopt;
  }
  return Place{reflection->GetUInt64(row, place), reflection->GetString(row, member),
               reflection->GetInt64(row, score), reflection->GetInt64(row, reached)};
}

bool low(const contract::RunTerms& terms) {
  return terms.direction() == contract::SCORE_DIRECTION_LOW;
}

}  // namespace

std::int64_t score_of(const SortKey& key, const contract::RunTerms& terms) {
  return low(terms) ? ascending(key.columns[0]) : descending(key.columns[0]);
}

void Pins::keep(std::shared_ptr<const RunBoard> board, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  pins_.remove_if([&](const Pin& pin) {
    return now - pin.used > kPinTime ||
           (pin.board->run.id == board->run.id && pin.board->version == board->version);
  });
  pins_.push_front({std::move(board), now});
  if (pins_.size() > kPinsMax) pins_.pop_back();
}

std::shared_ptr<const RunBoard> Pins::find(std::string_view run, std::uint64_t version,
                                           Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  pins_.remove_if([&](const Pin& pin) { return now - pin.used > kPinTime; });
  for (auto it = pins_.begin(); it != pins_.end(); ++it) {
    if (it->board->run.id != run || it->board->version != version) continue;
    it->used = now;
    pins_.splice(pins_.begin(), pins_, it);
    return pins_.front().board;
  }
  return nullptr;
}

/// The final standings of a run: ties are in the order of the places, which is what they say.
class Boards::Standings {
 public:
  Standings() : tree_({.columns = 1, .member_index = true}), loader_(tree_) {}

  bool add(const Place& place, const contract::RunTerms& terms) {
    SortKey key;
    key.columns[0] = low(terms) ? ascending(place.score) : descending(place.score);
    key.time = place.reached;
    return place.place == ++rows_ && loader_.add({place.member, Tie{place.place}, key});
  }
  /// False: their order is not that of their scores.
  bool finish() {
    if (loader_.finish(1) != 0) return false;
    view_ = tree_.committed();
    bool good = true;
    view_.walk(0, [&](const RankedRow& row) {
      good = static_cast<std::uint64_t>(row.tie) == row.position + 1;
      return good;
    });
    return good;
  }
  const RankedView& view() const { return view_; }
  std::vector<std::optional<RankedRow>> find(const std::vector<std::string>& members) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::optional<RankedRow>> out;
    for (const std::string& member : members) {
      out.emplace_back();
      if (const auto row = tree_.find(member)) {
        out.back() =
            RankedRow{static_cast<std::uint64_t>(row->tie) - 1, row->member, row->tie, row->key};
      }
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;  // find() of the tree is for one thread at a time
  ranked::RankedTree tree_;
  ranked::RankedLoader loader_;
  RankedView view_;
  std::uint64_t rows_ = 0;
};

runtime::PartitionId Boards::home_of(std::string_view run) const {
  return runtime::partition_of(run, partitions_);
}

Result<std::shared_ptr<const Boards::Standings>> Boards::standings(const Run& run) {
  {
    const std::lock_guard lock(mutex_);
    for (auto it = finals_.begin(); it != finals_.end(); ++it) {
      if (it->first != run.id) continue;
      finals_.splice(finals_.begin(), finals_, it);
      return finals_.front().second;
    }
  }
  auto made = std::make_shared<Standings>();
  std::string cursor;
  do {
    const auto page = reads_.table({kTournament, run.id, kStandings, cursor, kPageRows});
    if (!page) return page.error();
    for (const auto& row : page->rows) {
      const auto place = row.row ? place_of(*row.row) : std::nullopt;
      if (!place || !made->add(*place, run.terms)) {
        return Error{ErrorCode::kStoreFailed, "the standings of " + run.id + " cannot be read"};
      }
    }
    cursor = page->next;
  } while (!cursor.empty());
  if (!made->finish()) {
    return Error{ErrorCode::kStoreFailed, "the standings of " + run.id + " are out of order"};
  }
  const std::lock_guard lock(mutex_);
  finals_.emplace_front(run.id, made);
  final_members_ += made->view().size();
  while (finals_.size() > 1 && (final_members_ > kFinalMembersMax || finals_.size() > kPinsMax)) {
    final_members_ -= finals_.back().second->view().size();
    finals_.pop_back();
  }
  return std::shared_ptr<const Standings>(std::move(made));
}

// The rows in the store are of the latest commit, the view may be of one before: a member that has
// moved in between is searched in the view. One that has left is not there any more.
FindMembers Boards::finder(const std::string& run, const RankedView& view) const {
  return [this, run, view](const std::vector<std::string>& members)
             -> Result<std::vector<std::optional<RankedRow>>> {
    const auto stored = reads_.board_members(kTournament, run, kBoard, members);
    if (!stored) return stored.error();
    std::vector<std::optional<RankedRow>> out(members.size());
    std::vector<std::size_t> search;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto& place = (*stored)[i];
      const auto position =
          place ? view.position({members[i], place->tie, place->key}) : std::nullopt;
      if (position) {
        out[i] = view.at(*position);
      } else if (place) {
        search.push_back(i);
      }
    }
    if (search.empty()) return out;
    std::unordered_map<std::string_view, std::size_t> wanted;
    for (const std::size_t i : search) wanted.emplace(members[i], i);
    view.walk(0, [&](const RankedRow& row) {
      if (const auto it = wanted.find(row.member); it != wanted.end()) out[it->second] = row;
      return true;
    });
    return out;
  };
}

Result<std::shared_ptr<const RunBoard>> Boards::load(const Runs& runs, std::string_view id) {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    auto board = std::make_shared<RunBoard>();
    board->partition = home_of(id);
    board->commit = last_commit_(board->partition);
    // The table first: a run that is open afterwards was open then.
    const auto table = reads_.board(kTournament, id, kBoard);
    if (!table && table.error().code != ErrorCode::kNotFound) return table.error();
    auto run = runs.find(id);
    if (!run) return run.error();
    board->run = std::move(*run);
    if (!board->run.has_actor) {
      board->find = [](const std::vector<std::string>& members)
          -> Result<std::vector<std::optional<RankedRow>>> {
        return std::vector<std::optional<RankedRow>>(members.size());
      };
      return std::shared_ptr<const RunBoard>(std::move(board));
    }
    if (board->run.state == "final") {
      const auto finals = standings(board->run);
      if (!finals) return finals.error();
      board->view = (*finals)->view();
      board->version = kFinalVersion;
      board->find = [finals = *finals](const std::vector<std::string>& members)
          -> Result<std::vector<std::optional<RankedRow>>> { return finals->find(members); };
      return std::shared_ptr<const RunBoard>(std::move(board));
    }
    const bool whole =
        table && (board->run.state == "open" || table->board.view.size() == board->run.members);
    if (whole) {
      board->view = table->board.view;
      board->version = table->board.version;
      board->commit = table->board.commit;
      board->find = finder(board->run.id, board->view);
      board->run.members = board->view.size();
      return std::shared_ptr<const RunBoard>(std::move(board));
    }
  }
  return Error{ErrorCode::kUnavailable, std::string(id) + " is just being closed; ask again"};
}

}  // namespace laurel::gateway::internal
