#include "runs.h"

#include <algorithm>
#include <limits>
#include <ranges>
#include <set>

#include "laurel/api/settings.h"

namespace laurel::gateway::internal {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;

namespace {

constexpr TimeUs kDayUs = TimeUs{86'400} * 1'000'000;
constexpr int kAroundNowMax = 20;

const rules::TournamentsPlan* plan_of(const runtime::CatalogVersion& version) {
  return static_cast<const rules::TournamentsPlan*>(
      version.plan(plan_id<rules::TournamentsPlan>()));
}

std::string state_by_clock(const contract::RunTerms& terms, TimeUs now) {
  if (now < terms.start_us()) return "upcoming";
  return now < terms.end_us() + terms.grace_us() ? "open" : "final";
}

// RUN_STATE_OPEN -> open
std::string short_name(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::uint64_t number_in(const Message& root, const char* name) {
  const auto* field = root.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_UINT64) {
    return 0;
  }
  return root.GetReflection()->GetUInt64(root, field);
}

// The root of a tournament, by reflection: its state, terms and counts.
void read_root(const Message& root, Run& run) {
  const auto* state = root.GetDescriptor()->FindFieldByName("state");
  if (state != nullptr && state->enum_type() != nullptr) {
    run.state = short_name(root.GetReflection()->GetEnum(root, state)->name(), "RUN_STATE_");
  }
  const auto* terms = root.GetDescriptor()->FindFieldByName("run");
  if (terms != nullptr && terms->message_type() == contract::RunTerms::descriptor()) {
    run.terms =
        static_cast<const contract::RunTerms&>(root.GetReflection()->GetMessage(root, terms));
  }
  run.members = number_in(root, "members");
  run.late = number_in(root, "late");
}

Error no_tournament(std::string_view tournament) {
  return {ErrorCode::kNotFound, "no version of the catalog has a tournament \"" +
                                    std::string(tournament) + "\"; GET /v1/tournaments lists them"};
}

}  // namespace

std::vector<Definition> Runs::definitions() const {
  std::vector<Definition> out;
  const runtime::CatalogVersion& version = catalog_.at(now_);
  if (const auto* plan = plan_of(version)) {
    for (const auto& each : plan->all()) out.push_back({&each, version.number()});
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.plan->id < b.plan->id; });
  return out;
}

std::optional<Definition> Runs::definition(std::string_view tournament) const {
  const auto in = [&](const runtime::CatalogVersion& version) -> std::optional<Definition> {
    const auto* plan = plan_of(version);
    const auto* found = plan == nullptr ? nullptr : plan->find(tournament);
    if (found == nullptr) return std::nullopt;
    return Definition{found, version.number()};
  };
  if (auto found = in(catalog_.at(now_))) return found;
  const auto versions = catalog_.versions();
  for (const auto& version : std::views::reverse(versions)) {
    if (auto found = in(*version)) return found;
  }
  return std::nullopt;
}

void Runs::between(std::string_view tournament, TimeUs from, TimeUs to, const Each& each) const {
  // Between two of these times one version is in force.
  std::set<TimeUs> begins{from};
  for (const auto& version : catalog_.versions()) {
    const TimeUs at = version->terms().live_from_us;
    if (at > from && at < to) begins.insert(at);
  }
  bool more = true;
  for (auto it = begins.begin(); more && it != begins.end(); ++it) {
    const TimeUs until = std::next(it) == begins.end() ? to : *std::next(it);
    const runtime::CatalogVersion& version = catalog_.at(*it);
    const auto* plan = plan_of(version);
    const auto* found = plan == nullptr ? nullptr : plan->find(tournament);
    if (found == nullptr) continue;
    found->schedule.runs_between(*it, until, [&](const rules::RunWindow& window) {
      if (window.start < *it || window.start >= until) return true;
      more = each(found->terms(window, version.number()));
      return more;
    });
  }
}

TimeUs Runs::begins(std::string_view tournament) const {
  TimeUs first = std::numeric_limits<TimeUs>::max();
  for (const auto& version : catalog_.versions()) {
    const auto* plan = plan_of(*version);
    const auto* found = plan == nullptr ? nullptr : plan->find(tournament);
    if (found != nullptr) first = std::min(first, found->schedule.begins());
  }
  return first;
}

std::optional<contract::RunTerms> Runs::last_of(
    std::string_view tournament, TimeUs time,
    const std::function<bool(const contract::RunTerms&)>& good) const {
  // Most runs are short: look a day back, then further.
  std::optional<contract::RunTerms> last;
  const TimeUs first = begins(tournament);
  for (TimeUs back = kDayUs; first <= time && !last; back *= 8) {
    const TimeUs from = std::max(first, time - back);
    between(tournament, from, time + 1, [&](const contract::RunTerms& terms) {
      if (good(terms)) last = terms;
      return true;
    });
    if (from == first) break;
  }
  return last;
}

std::optional<contract::RunTerms> Runs::last_before(std::string_view tournament,
                                                    TimeUs time) const {
  return last_of(tournament, time,
                 [time](const contract::RunTerms& terms) { return terms.end_us() <= time; });
}

std::optional<contract::RunTerms> Runs::at(std::string_view tournament, TimeUs time) const {
  const auto found = last_of(tournament, time, [](const contract::RunTerms&) { return true; });
  return found && time < found->end_us() ? found : std::nullopt;
}

std::optional<contract::RunTerms> Runs::first_from(std::string_view tournament, TimeUs time) const {
  // A tournament may begin long after now: from there.
  if (const auto found = definition(tournament)) {
    time = std::max(time, found->plan->schedule.begins());
  }
  std::optional<contract::RunTerms> first;
  for (TimeUs ahead = kDayUs; !first && ahead <= rules::kRunMaxUs * 8; ahead *= 8) {
    between(tournament, time, time + ahead, [&](const contract::RunTerms& terms) {
      first = terms;
      return false;
    });
  }
  return first;
}

std::vector<contract::RunTerms> Runs::around_now(const rules::TournamentPlan& plan) const {
  std::vector<contract::RunTerms> out;
  if (auto last = last_before(plan.id, now_ - plan.grace_us)) {
    out.push_back(*last);
  }
  const TimeUs since =
      out.empty() ? now_ - plan.grace_us - rules::kRunMaxUs : out.front().start_us() + 1;
  between(plan.id, since, now_ + 1, [&](const contract::RunTerms& terms) {
    out.push_back(terms);
    return out.size() < kAroundNowMax;
  });
  if (auto next = first_from(plan.id, now_ + 1)) out.push_back(*next);
  return out;
}

Result<Run> Runs::with_state(std::string_view tournament, const contract::RunTerms& terms) const {
  Run run;
  run.tournament = tournament;
  run.id = rules::run_id(tournament, terms.start_us());
  run.terms = terms;
  run.state = state_by_clock(terms, now_);
  if (run.state == "upcoming") return run;
  const auto actor = reads_.actor("tournament", run.id);
  if (!actor && actor.error().code != ErrorCode::kNotFound) return actor.error();
  if (actor && actor->root) {
    run.has_actor = true;
    read_root(*actor->root, run);
  }
  return run;
}

Result<Run> Runs::find(std::string_view id) const {
  const auto name = rules::parse_run_id(id);
  if (!name) {
    return Error{ErrorCode::kInvalidInput, "\"" + std::string(id.substr(0, 160)) +
                                               "\" is no run; a run is TOURNAMENT@START, such as "
                                               "weekly@2026-02-16T18:00Z"};
  }
  const auto actor = reads_.actor("tournament", id);
  if (!actor && actor.error().code != ErrorCode::kNotFound) return actor.error();
  if (actor && actor->root) {
    Run run;
    run.id = id;
    run.tournament = name->tournament;
    run.has_actor = true;
    read_root(*actor->root, run);
    return run;
  }
  // Backfills see versions that look back; live events do not.
  for (const std::uint64_t known : {std::uint64_t{0}, catalog_.newest().number()}) {
    const runtime::CatalogVersion& version = catalog_.at(name->start, {known});
    const auto* plan = plan_of(version);
    const auto* found = plan == nullptr ? nullptr : plan->find(name->tournament);
    const auto window = found == nullptr ? std::nullopt : found->schedule.run_at(name->start);
    if (window && window->start == name->start) {
      return with_state(name->tournament, found->terms(*window, version.number()));
    }
  }
  if (!definition(name->tournament)) return no_tournament(name->tournament);
  return Error{ErrorCode::kNotFound, "no run of \"" + name->tournament + "\" starts at " +
                                         std::string(id.substr(id.find('@') + 1)) +
                                         "; GET /v1/tournaments/" + name->tournament +
                                         "/runs lists them"};
}

Result<Run> Runs::find(std::string_view tournament, std::string_view which) const {
  if (which == "current" || which == "last" || which == "next") {
    if (!definition(tournament)) return no_tournament(tournament);
    std::optional<contract::RunTerms> terms;
    if (which == "next") {
      terms = first_from(tournament, now_ + 1);
    } else if (which == "last") {
      terms = last_before(tournament, now_);
    } else {
      terms = at(tournament, now_);
    }
    if (!terms) {
      return Error{ErrorCode::kNotFound, "\"" + std::string(tournament) + "\" has no " +
                                             std::string(which) + " run at this time"};
    }
    return with_state(tournament, *terms);
  }
  const bool whole = which.find('@') != std::string_view::npos;
  const std::string id =
      whole ? std::string(which) : std::string(tournament) + "@" + std::string(which);
  const auto name = rules::parse_run_id(id);
  if (name && name->tournament != tournament) {
    return Error{ErrorCode::kNotFound, id + " is no run of \"" + std::string(tournament) + "\""};
  }
  return find(id);
}

}  // namespace laurel::gateway::internal
