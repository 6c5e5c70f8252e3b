/// SettingsSpec: a catalog document an actor type reads, and the plan it makes of it.
///
/// Why        A document is checked and worked out once per catalog version, not once per turn: a
///            turn finds a plan that is known to be good (adr/0009).
///
///     std::shared_ptr<const Tiers> compile(const TierTable& document, const Zones&, Problems& bad)
///     {
///       if (document.tiers_size() == 0) bad.add("tiers", "is empty; allowed: 1 to 100 tiers");
///       ...
///     }
///     describe<Player>("player").settings<TierTable, Tiers>("tiers", &compile)
///     turn.plan<Tiers>()    // the plan in force at the turn's event time
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>

#include "laurel/api/turn.h"
#include "laurel/api/zones.h"

namespace laurel {

struct Problem {
  std::string path;     ///< from the document's root, such as `tiers[2].from`; empty: all of it
  std::string message;  ///< what is wrong; allowed: ...
};

/// Problems: what a compile function found wrong in a document. Any at all: the document is
/// refused. Limits     The first kMax are kept, the others counted.
class Problems {
 public:
  static constexpr std::size_t kMax = 100;

  void add(std::string path, std::string message) {
    if (all_.size() < kMax) {
      all_.push_back({std::move(path), std::move(message)});
    } else {
      ++more_;
    }
  }
  bool empty() const { return all_.empty(); }
  const std::vector<Problem>& all() const { return all_; }
  std::size_t more() const { return more_; }

 private:
  std::vector<Problem> all_;
  std::size_t more_ = 0;
};

struct SettingsSpec {
  std::string document;  ///< file name in the catalog folder, without .toml
  const google::protobuf::Message* message = nullptr;  ///< default instance
  PlanId plan = nullptr;                               ///< nullptr: the document as it is
  /// Null exactly when `plan` is. May return nothing only after it added a problem.
  std::function<std::shared_ptr<const void>(const google::protobuf::Message&, const Zones&,
                                            Problems&)>
      compile;
};

template <class Document>
SettingsSpec settings_spec(std::string document) {
  return {std::move(document), &Document::default_instance(), nullptr, nullptr};
}

/// `compile`: a pure function `(const Document&, const Zones&, Problems&) -> shared_ptr<const
/// Plan>`.
template <class Document, class Plan, class Compile>
SettingsSpec settings_spec(std::string document, Compile compile) {
  return {
      std::move(document), &Document::default_instance(), plan_id<Plan>(),
      [compile = std::move(compile)](const google::protobuf::Message& message, const Zones& zones,
                                     Problems& problems) -> std::shared_ptr<const void> {
        std::shared_ptr<const Plan> plan =
            compile(static_cast<const Document&>(message), zones, problems);
        return plan;
      }};
}

}  // namespace laurel
