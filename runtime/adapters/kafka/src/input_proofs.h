/// InputProofs: whether the partitions of inputs are still of the topics that were read.
///
///     proved ──▶ read, read, read, ... ──▶ is the anchor still in its place? ──▶ proved
///        └ the last one read is the anchor     yes: all of it is of one topic
///
/// Why        A topic that was deleted and made anew has the same name and other records under the
///            same offsets; the client does not tell. The last record that was read proves nothing,
///            as it may be of the new topic already: what was read before the last proof does.
/// Lifecycle  What comes after a silence is not handed on before a proof. While records come there
///            is one now and then. What cannot be proved is put back, and not read until it is.
/// Threads    One.
/// Limits     A round takes two seconds, one proof in it one; who was not reached is first in the
///            next. After one that met a broker that is away there is none for a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "client.h"
#include "input_record.h"

namespace laurel::adapters::kafka {

struct InputPartition;

/// Of one partition.
struct InputProof {
  using Time = std::chrono::steady_clock::time_point;

  std::optional<InputPosition> known;   ///< the last record that was read
  std::optional<InputPosition> anchor;  ///< `known` as of the last proof, or the first one ever
  Time heard = std::chrono::steady_clock::now();
  bool held = false;                   ///< what is collected may not be handed on before a proof
  std::optional<Time> unproved_since;  ///< when the first record since the last proof was read
  Time again;                          ///< not before it: the last one could not be made
  Milliseconds pause{0};               ///< the last one, of those that grow while none can be made

  /// One was read.
  void read(const InputPosition& position, Time now);
  /// The anchor was in its place after all of it was read.
  void proved(Time now);
};

class InputProofs {
 public:
  enum class Found : std::uint8_t {
    kSame,
    kOther,  ///< another record, or the topic does not go that far
    kGone,   ///< by age, or superseded: nothing is known
  };
  struct Ports {
    /// What is in that record's place now. kUnavailable: who has it is away.
    std::function<runtime::Result<Found>(const InputPartition&, const InputPosition&, Milliseconds)>
        look;
    std::function<InputProof::Time()> now;
    std::function<bool()> stopped;
  };
  /// `mutex`: partitions are changed under it only; it is not held while somebody is asked.
  InputProofs(const ClientBase& base, std::mutex& mutex, Ports ports)
      : base_(base), mutex_(mutex), ports_(std::move(ports)) {}

  /// Proves those that have to be: halts those that are others, and puts back what is held and was
  /// not proved. Whether those that are to be read are others than those that are.
  bool round(std::vector<InputPartition>& inputs);

 private:
  InputPartition* pick(std::vector<InputPartition>& inputs) const;
  bool prove(InputPartition& input, Milliseconds within);
  runtime::Result<Found> look(const InputPartition& input, Milliseconds within) const;

  const ClientBase& base_;
  std::mutex& mutex_;
  const Ports ports_;
  InputProof::Time next_round_;
};

}  // namespace laurel::adapters::kafka
