#include "input_proofs.h"

#include <algorithm>
#include <string>
#include <utility>

#include "input_partition.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Result;

constexpr Milliseconds kSilence{1000};  // in less nobody deletes a topic, makes and fills it
constexpr Milliseconds kEvery{10'000};
constexpr Milliseconds kOverdue{20'000};  // nothing is handed on then
constexpr Milliseconds kRoundWithin{2000};
constexpr Milliseconds kProofWithin{1000};
constexpr Milliseconds kAgain{1000};
constexpr Milliseconds kAgainMost{4000};

}  // namespace

void InputProof::read(const InputPosition& position, Time now) {
  if (anchor && now - heard > kSilence) held = true;
  heard = now;
  known = position;
  if (!anchor) anchor = position;
  if (!unproved_since) unproved_since = now;
}

void InputProof::proved(Time now) {
  anchor = known;
  heard = now;
  held = false;
  unproved_since.reset();
  again = Time();
  pause = Milliseconds(0);
}

bool InputProofs::round(std::vector<InputPartition>& inputs) {
  const auto began = ports_.now();
  while (began >= next_round_ && !ports_.stopped()) {
    const auto left = std::chrono::duration_cast<Milliseconds>(began + kRoundWithin - ports_.now());
    InputPartition* const next = left.count() > 0 ? pick(inputs) : nullptr;
    if (next == nullptr) break;
    if (prove(*next, std::min(left, kProofWithin))) continue;
    // The others of that broker would fail, too, and nothing is read meanwhile.
    next_round_ = ports_.now() + kAgain;
    break;
  }
  bool changed = false;
  const auto now = ports_.now();
  const std::lock_guard lock(mutex_);
  for (InputPartition& each : inputs) {
    InputProof& proof = each.proof;
    if (proof.unproved_since && now - *proof.unproved_since > kOverdue) proof.held = true;
    if (proof.held) each.put_back();
    changed = changed || each.assigned != each.to_read();
  }
  return changed;
}

// Who was not asked in vain before who was, who waits longest first; what is held before what is
// due.
InputPartition* InputProofs::pick(std::vector<InputPartition>& inputs) const {
  const auto now = ports_.now();
  InputPartition* out = nullptr;
  const auto before = [](const InputProof& a, const InputProof& b) {
    return std::pair(a.again, !a.held) < std::pair(b.again, !b.held);
  };
  for (InputPartition& each : inputs) {
    const InputProof& proof = each.proof;
    const bool due = proof.unproved_since && now - *proof.unproved_since >= kEvery;
    if (each.halted || !proof.anchor || !(proof.held || due) || now < proof.again) continue;
    if (out == nullptr || before(proof, out->proof)) out = &each;
  }
  return out;
}

// False: nothing is known now.
bool InputProofs::prove(InputPartition& input, Milliseconds within) {
  const Result<Found> found = look(input, within);
  const auto now = ports_.now();
  const std::lock_guard lock(mutex_);
  if (!found.ok()) {
    base_.say_of_many(true, found.error().message);
    if (found.error().code == runtime::ErrorCode::kConfigInvalid) {
      base_.trouble(input.about(), found.error().message);
      input.in_trouble = true;
    }
    input.proof.held = true;
    input.proof.pause = std::clamp(input.proof.pause * 2, kAgain, kAgainMost);
    input.proof.again = now + input.proof.pause;
    return false;
  }
  if (*found == Found::kOther) {
    halt_made_anew(base_, input);
  } else {
    input.proof.proved(now);
  }
  return true;
}

Result<InputProofs::Found> InputProofs::look(const InputPartition& input,
                                             Milliseconds within) const {
  const InputProof& proof = input.proof;
  Result<Found> found = ports_.look(input, *proof.anchor, within);
  if (!found.ok() || *found != Found::kGone || proof.known->next == proof.anchor->next) {
    return found;
  }
  return ports_.look(input, *proof.known, within);
}

}  // namespace laurel::adapters::kafka
