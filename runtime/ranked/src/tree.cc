#include "laurel/ranked/tree.h"

#include <array>
#include <mutex>
#include <utility>

#include "check.h"
#include "state.h"

namespace laurel::ranked {

using internal::Version;

RankedTree::RankedTree(Options options) : state_(std::make_unique<State>(options)) {}
RankedTree::~RankedTree() = default;
RankedTree::RankedTree(RankedTree&&) noexcept = default;
RankedTree& RankedTree::operator=(RankedTree&&) noexcept = default;

Applied RankedTree::apply(std::span<const Change> changes, std::span<std::uint64_t> positions) {
  RANKED_CHECK(positions.empty() || positions.size() == changes.size());
  return state_->apply(changes, positions);
}

bool RankedTree::insert(const Row& row) {
  const Change change{row.member, row.tie, std::nullopt, row.key};
  return apply({&change, 1}).changed == 1;
}

bool RankedTree::erase(const Row& row) {
  const Change change{row.member, row.tie, row.key, std::nullopt};
  return apply({&change, 1}).changed == 1;
}

bool RankedTree::replace(const Row& row, const SortKey& after) {
  const Change change{row.member, row.tie, row.key, after};
  return apply({&change, 1}).changed == 1;
}

std::optional<Row> RankedTree::find(std::string_view member) const {
  Row out;
  find({&member, 1}, {&out, 1});
  if (out.member.empty()) return std::nullopt;
  return out;
}

void RankedTree::find(std::span<const std::string_view> members, std::span<Row> out) const {
  RANKED_CHECK(state_->index && members.size() == out.size());
  const internal::MemberIndex& index = *state_->index;
  const internal::Records& records = state_->store->records();
  constexpr std::size_t kTogether = 16;
  std::array<std::uint64_t, kTogether> hashes;
  for (std::size_t begin = 0; begin < members.size(); begin += kTogether) {
    const std::size_t many = std::min(kTogether, members.size() - begin);
    for (std::size_t i = 0; i < many; ++i) {
      hashes[i] = index.hash(members[begin + i]);
      index.prefetch_bucket(hashes[i]);
    }
    for (std::size_t i = 0; i < many; ++i) index.prefetch_record(hashes[i]);
    for (std::size_t i = 0; i < many; ++i) {
      const auto ref = index.find(members[begin + i], hashes[i]);
      out[begin + i] =
          ref ? Row{records.member(*ref), records.tie(*ref), records.key(*ref)} : Row{};
    }
  }
}

RankedView RankedTree::seal(std::uint64_t commit) {
  State& state = *state_;
  RANKED_CHECK(!state.sealed);
  state.store->reclaim();
  Version version;
  version.generation = state.generation++;
  version.commit = commit;
  version.root = state.root;
  version.size = state.size;
  state.sealed = std::make_shared<internal::Pin>(state.store, state.store->add(std::move(version)));
  state.sealed_undo.swap(state.open_undo);
  state.open_undo.clear();
  return sealed();
}

void RankedTree::settle(std::uint64_t commit) {
  State& state = *state_;
  RANKED_CHECK(state.sealed && state.sealed->version->commit == commit);
  state.sealed_undo.clear();
  {
    const std::lock_guard guard(state.mutex);
    state.committed.swap(state.sealed);
  }
  state.sealed.reset();  // what was committed before: now kept only by its readers
  state.store->reclaim();
}

void RankedTree::abort() { state_->abort(); }

RankedView RankedTree::open() const { return state_->open_view(); }

RankedView RankedTree::State::open_view() const {
  return RankedView({nullptr, root, size, newest().commit, lens()});
}

RankedView RankedTree::sealed() const {
  const Version& version = state_->newest();
  return RankedView({nullptr, version.root, version.size, version.commit, state_->lens()});
}

RankedView RankedTree::committed() const {
  std::shared_ptr<const internal::Pin> pin;
  {
    const std::lock_guard guard(state_->mutex);
    pin = state_->committed;
  }
  const Version& version = *pin->version;
  return RankedView({pin, version.root, version.size, version.commit, state_->lens()});
}

void RankedTree::reclaim() { state_->store->reclaim(); }

std::size_t RankedTree::memory() const { return state_->memory(); }

std::size_t RankedTree::versions() const {
  return state_->store->versions() - (state_->sealed ? 1 : 0);
}

}  // namespace laurel::ranked
