// The containers a C++ program would pick: Boost.MultiIndex with a ranked index, and the order
// statistics tree of libstdc++. Neither has versions; both find the member by a hash, as Redis
// does.
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ranked_index.hpp>
#include <boost/multi_index_container.hpp>
#include <cstring>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <unordered_map>
#include <utility>

#include "ranked_contender.h"

namespace laurel::bench {
namespace {

struct IdHash {
  std::size_t operator()(const MemberId& id) const {
    std::uint64_t words[2];
    std::memcpy(words, id.data(), sizeof(words));
    return (words[0] ^ (words[1] * 0x9E3779B97F4A7C15U)) * 0xD6E8FEB86659FD93U;
  }
};

// Highest score first, then by id.
struct Key {
  std::int64_t score;
  MemberId id;
  bool operator<(const Key& other) const {
    return score != other.score ? score > other.score : id < other.id;
  }
};

class MultiIndex final : public Contender {
 public:
  std::string name() const override { return "Boost.MultiIndex ranked"; }

  void load(const Members& members) override {
    members_ = &members;
    const std::size_t before = allocated_bytes();
    for (std::size_t i = 0; i < members.list.size(); ++i) {
      table_.insert({{members.list[i].score, members.id(i)}, members.id(i)});
    }
    bytes_ = allocated_bytes() - before;
  }

  std::uint64_t run(std::span<const Update> updates) override {
    auto& by_id = table_.get<1>();
    std::uint64_t sum = 0;
    for (const Update& update : updates) {
      const auto at = by_id.find(members_->id(update.member));
      by_id.modify(at, [&](Entry& entry) { entry.key.score = update.score; });
      sum += table_.get<0>().rank(table_.project<0>(at));
    }
    return sum;
  }

  std::uint64_t rank(std::uint32_t member) override {
    return table_.get<0>().rank(table_.project<0>(table_.get<1>().find(members_->id(member))));
  }
  std::size_t bytes() override { return bytes_; }

 private:
  struct Entry {
    Key key;
    MemberId id;
  };
  using Table = boost::multi_index_container<
      Entry,
      boost::multi_index::indexed_by<
          boost::multi_index::ranked_unique<boost::multi_index::member<Entry, Key, &Entry::key>>,
          boost::multi_index::hashed_unique<boost::multi_index::member<Entry, MemberId, &Entry::id>,
                                            IdHash>>>;
  Table table_;
  const Members* members_ = nullptr;
  std::size_t bytes_ = 0;
};

class PbDs final : public Contender {
 public:
  std::string name() const override { return "pb_ds order statistics + hash"; }

  void load(const Members& members) override {
    members_ = &members;
    const std::size_t before = allocated_bytes();
    for (std::size_t i = 0; i < members.list.size(); ++i) {
      tree_.insert({members.list[i].score, members.id(i)});
      scores_.emplace(members.id(i), members.list[i].score);
    }
    bytes_ = allocated_bytes() - before;
  }

  std::uint64_t run(std::span<const Update> updates) override {
    std::uint64_t sum = 0;
    for (const Update& update : updates) {
      const MemberId& id = members_->id(update.member);
      std::int64_t& score = scores_.find(id)->second;
      tree_.erase({std::exchange(score, update.score), id});
      tree_.insert({score, id});
      sum += tree_.order_of_key({score, id});
    }
    return sum;
  }

  std::uint64_t rank(std::uint32_t member) override {
    const MemberId& id = members_->id(member);
    return tree_.order_of_key({scores_.find(id)->second, id});
  }
  std::size_t bytes() override { return bytes_; }

 private:
  __gnu_pbds::tree<Key, __gnu_pbds::null_type, std::less<>, __gnu_pbds::rb_tree_tag,
                   __gnu_pbds::tree_order_statistics_node_update>
      tree_;
  std::unordered_map<MemberId, std::int64_t, IdHash> scores_;
  const Members* members_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Contender> make_multi_index() { return std::make_unique<MultiIndex>(); }
std::unique_ptr<Contender> make_pb_ds() { return std::make_unique<PbDs>(); }

}  // namespace laurel::bench
