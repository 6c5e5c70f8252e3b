// Readers on other threads while one thread writes: meaningful under ThreadSanitizer.
#include <atomic>
#include <thread>

#include "oracle.h"

namespace laurel::ranked {
namespace {

constexpr std::uint64_t kMembers = 600;
constexpr std::uint64_t kCommits = 150;
constexpr std::uint64_t kTurns = 100;  // each member changes every so many commits

// The last commit up to `commit` that changed the member; the first one changed all.
std::uint64_t changed_at(std::uint64_t member, std::uint64_t commit) {
  const std::uint64_t back = (commit + kTurns - member % kTurns) % kTurns;
  return back < commit ? commit - back : 1;
}

SortKey key_of(std::uint64_t member, std::uint64_t commit) {
  const std::uint64_t version = changed_at(member, commit);
  return {{static_cast<std::int64_t>((member * 7919 + version * 104729) % 1000)}, 0};
}

std::string id_of(std::uint64_t member) { return "member-" + std::to_string(member); }

// A page is right when it holds exactly the keys that its commit gave its members.
void check_page(const RankedView& view) {
  const std::uint64_t commit = view.commit();
  std::uint64_t rows = 0;
  std::optional<SortKey> last;
  view.walk(0, [&](const RankedRow& row) {
    const std::uint64_t member = std::stoull(std::string(row.member.substr(7)));
    EXPECT_EQ(row.key, key_of(member, commit)) << row.member << " in commit " << commit;
    EXPECT_TRUE(!last || *last <= row.key);
    last = row.key;
    ++rows;
    return true;
  });
  EXPECT_EQ(rows, commit == 0 ? 0 : kMembers);
  for (std::uint64_t member = 0; member < rows; member += 97) {
    const std::string id = id_of(member);
    const auto position = view.position({id, Tie{member}, key_of(member, commit)});
    EXPECT_TRUE(position && view.at(*position).member == id);
  }
}

TEST(RankedReaders, SeeEachCommittedVersionWholeWhileTheNextIsWritten) {
  RankedTree tree({.member_index = true});
  // Relaxed, so that these counters order nothing that the tree has to order by itself.
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> checked{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      std::vector<RankedView> pages;
      while (!done.load(std::memory_order_relaxed)) {
        pages.push_back(tree.committed());
        check_page(pages.back());
        check_page(pages.front());
        if (pages.size() > 3) pages.erase(pages.begin() + 1);
        if (pages.back().commit() > pages.front().commit() + 20) pages.clear();
        checked.fetch_add(1, std::memory_order_relaxed);
        std::this_thread::yield();
      }
      for (const RankedView& page : pages) check_page(page);
    });
  }
  std::vector<std::string> ids;
  for (std::uint64_t member = 0; member < kMembers; ++member) ids.push_back(id_of(member));
  for (std::uint64_t commit = 1; commit <= kCommits; ++commit) {
    std::vector<Change> changes;
    for (std::uint64_t member = 0; member < kMembers; ++member) {
      if (changed_at(member, commit) != commit) continue;
      changes.push_back({ids[member], Tie{member}, {}, key_of(member, commit)});
    }
    // Also a commit that is dropped, and members that come and go.
    if (commit % 5 == 0) {
      ASSERT_TRUE(tree.insert({"gone", Tie{1}, {}}));
      tree.seal(commit);
      ASSERT_TRUE(tree.erase({ids[3], Tie{3}, {}}));
      tree.abort();
    }
    ASSERT_EQ(tree.apply(changes).rejected, 0U);
    tree.seal(commit);
    const std::uint64_t before = checked.load(std::memory_order_relaxed);
    tree.settle(commit);
    while (checked.load(std::memory_order_relaxed) < before + 2) std::this_thread::yield();
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  tree.reclaim();
  EXPECT_EQ(tree.versions(), 1U);
  check_page(tree.committed());
}

}  // namespace
}  // namespace laurel::ranked
