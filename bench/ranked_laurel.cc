// Laurel's ranked table, as a partition uses it: the updates of a commit as one batch, then the
// commit, then the ranks from the committed version. And one by one, for comparison.
#include <algorithm>
#include <optional>
#include <utility>

#include "laurel/adapters/memory/huge_pages.h"
#include "laurel/ranked/loader.h"
#include "laurel/ranked/tree.h"
#include "ranked_contender.h"

namespace laurel::bench {
namespace {

class Laurel final : public Contender {
 public:
  explicit Laurel(LaurelMode mode)
      : mode_(mode),
        tree_(ranked::Options{.member_index = mode != LaurelMode::kRowAtHand,
                              .hash_seed = 7,
                              .memory = &adapters::memory::huge_pages()}) {}

  std::string name() const override {
    switch (mode_) {
      case LaurelMode::kBatch:
        return "Laurel";
      case LaurelMode::kAsked:
        return "Laurel, ranks asked after";
      case LaurelMode::kRowAtHand:
        return "Laurel, row at hand";
      case LaurelMode::kOneByOne:
        break;
    }
    return "Laurel, one by one";
  }

  void load(const Members& members) override {
    members_ = &members;
    ranked::RankedLoader loader(tree_);
    for (std::uint32_t i = 0; i < members.list.size(); ++i) {
      loader.add(row(i, members.list[i].score));
    }
    loader.finish(commit_);
    if (mode_ != LaurelMode::kRowAtHand) return;
    for (const auto& member : members.list) keys_.push_back(member.score);
  }

  std::uint64_t run(std::span<const Update> updates) override {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < updates.size(); at += kUpdatesPerCommit) {
      const auto batch = updates.subspan(at, std::min(kUpdatesPerCommit, updates.size() - at));
      sum += mode_ == LaurelMode::kOneByOne ? one_by_one(batch) : together(batch);
    }
    return sum;
  }

  std::uint64_t rank(std::uint32_t member) override {
    if (mode_ == LaurelMode::kRowAtHand) {
      return *tree_.committed().position(row(member, keys_[member]));
    }
    return *tree_.committed().position(*tree_.find(view_of(members_->id(member))));
  }

  std::size_t bytes() override { return tree_.memory(); }

 private:
  ranked::Row row(std::uint32_t member, std::int64_t score) const {
    return {view_of(members_->id(member)), Tie{members_->list[member].tie}, key(score)};
  }
  static SortKey key(std::int64_t score) { return {{descending(score)}, 0}; }

  void commit() {
    tree_.seal(++commit_);
    tree_.settle(commit_);
  }

  std::uint64_t together(std::span<const Update> batch) {
    changes_.clear();
    for (const Update& update : batch) {
      const auto& member = members_->list[update.member];
      ranked::Change change{view_of(member.id), Tie{member.tie}, std::nullopt, key(update.score)};
      if (mode_ == LaurelMode::kRowAtHand) {
        change.before = key(std::exchange(keys_[update.member], update.score));
      }
      changes_.push_back(change);
    }
    positions_.resize(batch.size());
    if (mode_ == LaurelMode::kAsked) {
      tree_.apply(changes_);
      commit();
      ids_.clear();
      for (const ranked::Change& change : changes_) ids_.push_back(change.member);
      rows_.resize(batch.size());
      tree_.find(ids_, rows_);
      tree_.committed().positions(rows_, positions_);
    } else {
      tree_.apply(changes_, positions_);
      commit();
    }
    std::uint64_t sum = 0;
    for (const std::uint64_t position : positions_) sum += position;
    return sum;
  }

  std::uint64_t one_by_one(std::span<const Update> batch) {
    std::uint64_t sum = 0;
    for (const Update& update : batch) {
      const ranked::Row after = row(update.member, update.score);
      const ranked::Change change{after.member, after.tie, std::nullopt, after.key};
      tree_.apply({&change, 1});
      sum += *tree_.open().position(*tree_.find(after.member));
    }
    commit();
    return sum;
  }

  const LaurelMode mode_;
  ranked::RankedTree tree_;
  const Members* members_ = nullptr;
  std::vector<std::int64_t> keys_;  // the scores in the rows at hand
  std::uint64_t commit_ = 1;
  std::vector<ranked::Change> changes_;
  std::vector<std::string_view> ids_;
  std::vector<ranked::Row> rows_;
  std::vector<std::uint64_t> positions_;
};

}  // namespace

std::unique_ptr<Contender> make_laurel(LaurelMode mode) { return std::make_unique<Laurel>(mode); }

}  // namespace laurel::bench
