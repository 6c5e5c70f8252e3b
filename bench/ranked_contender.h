// What is measured beside what: a table of members that is updated and asked for ranks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace laurel::bench {

using MemberId = std::array<char, 16>;

inline std::string_view view_of(const MemberId& id) { return {id.data(), id.size()}; }

// Scores are below 2^50, so that Redis, which has doubles only, holds them exactly.
struct Update {
  std::uint32_t member;
  std::int64_t score;
};

// The members of a run, the same for all.
struct Members {
  struct Member {
    MemberId id;
    std::uint64_t tie;   // of SHA-256(run | member), as the actor has it in its row
    std::int64_t score;  // at first
  };
  std::vector<Member> list;
  const MemberId& id(std::size_t member) const { return list[member].id; }
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual std::string name() const = 0;
  virtual void load(const Members& members) = 0;
  // Gives each member its new score and asks for its rank. Returns the sum of the ranks.
  virtual std::uint64_t run(std::span<const Update> updates) = 0;
  // From 0, highest score first: what all have to agree on.
  virtual std::uint64_t rank(std::uint32_t member) = 0;
  virtual std::size_t bytes() = 0;
  // CPU seconds so far of what does the work: this process, or the server (its client not counted).
  virtual double cpu_seconds();
};

inline constexpr std::size_t kUpdatesPerCommit = 2000;

enum class LaurelMode {
  kBatch,      // by member id; the ranks come with the batch
  kAsked,      // by member id; the ranks are asked of the committed version
  kRowAtHand,  // the caller has the old score; the ranks come with the batch
  kOneByOne,   // by member id; each rank is asked before the next update
};
std::unique_ptr<Contender> make_laurel(LaurelMode mode);
std::unique_ptr<Contender> make_multi_index();
std::unique_ptr<Contender> make_pb_ds();
// Starts a server in a folder of its own; throws std::runtime_error when it cannot.
std::unique_ptr<Contender> make_redis();

// Bytes that this process has allocated.
std::size_t allocated_bytes();

}  // namespace laurel::bench
