#include "backfills.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "patience.h"

namespace laurel::console {

namespace json = boost::json;

namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kPath = "/v1/backfills";
constexpr std::size_t kFedMax = 20;  // closed by others while one ingest runs
constexpr auto kAskAgain = std::chrono::milliseconds(200);

std::uint64_t number(const json::value& object, std::string_view member) {
  return std::strtoull(text_of(object, member).c_str(), nullptr, 10);
}

bool over(const json::value& backfill) {
  const std::string state = text_of(backfill, "state");
  return state != "open" && state != "applying" && state != "dropping";
}

void draw(const json::value& backfill, bool last) {
  const auto staged = number(backfill, "staged"), applied = number(backfill, "applied");
  const double done = staged > 0 ? static_cast<double>(applied) / static_cast<double>(staged) : 1;
  const auto filled = static_cast<int>(done * 30);
  std::fprintf(stderr, "\r\x1b[K%llu of %llu applied  [%.*s%*s] %3.0f %%%s",
               static_cast<unsigned long long>(applied), static_cast<unsigned long long>(staged),
               filled, "==============================", 30 - filled, "", done * 100,
               last ? "\n" : "");
  std::fflush(stderr);
}

// By id, else the open one of that source, else the last one of it.
std::string id_of(HttpClient& client, const std::string& which) {
  const auto list = fetch(client, kPath);
  std::string found;
  bool open = false;
  for (const auto& each : list.at("backfills").as_array()) {
    if (text_of(each, "id") == which) return which;
    if (text_of(each, "source") != which || open) continue;
    found = text_of(each, "id");
    open = text_of(each, "state") == "open";
  }
  if (found.empty()) {
    throw Failure{kFailed, "there is no backfill \"" + which +
                               "\"; `laurel backfill list` shows their ids and names"};
  }
  return found;
}

std::string admin_body(const std::string& by, const std::string& reason) {
  return json::serialize(json::object{{"by", who(by)}, {"reason", reason}});
}

}  // namespace

void Counts::add(const json::value& reply) {
  accepted += number(reply, "accepted");
  duplicate += number(reply, "duplicate");
  conflict += number(reply, "conflict");
  rejected += number(reply, "rejected");
  staged += number(reply, "staged");
}

FedBackfill::FedBackfill(HttpClient& client, std::string source, bool sorted, unsigned retry_s)
    : client_(client), source_(std::move(source)), sorted_(sorted), retry_s_(retry_s) {}

const std::string& FedBackfill::id() {
  if (!open_.empty()) return open_;
  const std::string body = json::serialize(json::object{{"source", source_}, {"sorted", sorted_}});
  open_ = text_of(ask_patiently(retry_s_, [&] { return client_.post(kPath, body, kJson); }), "id");
  if (std::find(fed_.begin(), fed_.end(), open_) == fed_.end()) fed_.push_back(open_);
  return open_;
}

void FedBackfill::closed_by_others() {
  if (fed_.size() >= kFedMax) {
    throw Failure{kFailed, "the backfill \"" + source_ +
                               "\" is closed again and again by somebody else: use a name of your "
                               "own (--backfill), or --leave-open there"};
  }
  open_.clear();
}

void FedBackfill::close() {
  if (open_.empty()) return;
  ask_patiently(retry_s_, [&] {
    return client_.post(std::string(kPath) + "/" + open_ + ":close",
                        admin_body({}, "laurel ingest"), kJson);
  });
  open_.clear();
}

std::string FedBackfill::left_open() const {
  if (open_.empty()) return {};
  return "\n  backfill " + open_ + " of " + source_ +
         " is left open: run the same command again, or `laurel backfill close` or `drop` it";
}

json::value FedBackfill::applied(const std::string& id, bool show) {
  const std::string target = std::string(kPath) + "/" + id;
  for (auto pause = std::chrono::milliseconds(5);;
       pause = std::min<decltype(pause)>(pause * 2, kAskAgain)) {
    auto now = ask_patiently(retry_s_, [&] { return client_.get(target); });
    const bool last = over(now);
    if (show) draw(now, last);
    if (last) return now;
    std::this_thread::sleep_for(pause);
  }
}

Counts FedBackfill::wait(bool show, std::vector<json::value>& rejections) {
  Counts counts;
  for (const std::string& id : fed_) {
    const auto done = applied(id, show && isatty(2) == 1);
    counts.add(done);
    for (const auto& each : done.at("rejections").as_array()) rejections.push_back(each);
  }
  counts.staged = 0;
  return counts;
}

int list_backfills(HttpClient& client, const Common& common) {
  const auto list = fetch(client, kPath);
  if (!common.json) {
    std::printf("%6s %-9s %10s %10s %10s %10s %9s %9s  %s\n", "id", "state", "staged", "applied",
                "accepted", "duplicate", "conflict", "rejected", "source");
  }
  for (const auto& each : list.at("backfills").as_array()) {
    if (common.json) {
      std::printf("%s\n", json::serialize(each).c_str());
      continue;
    }
    std::printf("%6s %-9s %10s %10s %10s %10s %9s %9s  %s\n", text_of(each, "id").c_str(),
                text_of(each, "state").c_str(), text_of(each, "staged").c_str(),
                text_of(each, "applied").c_str(), text_of(each, "accepted").c_str(),
                text_of(each, "duplicate").c_str(), text_of(each, "conflict").c_str(),
                text_of(each, "rejected").c_str(), text_of(each, "source").c_str());
  }
  return kOk;
}

int finish_backfill(HttpClient& client, const Common& common, const BackfillArguments& arguments) {
  const std::string target = std::string(kPath) + "/" + id_of(client, arguments.which);
  auto now = parse_reply(client.post(target + (arguments.drop ? ":drop" : ":close"),
                                     admin_body(arguments.by, arguments.reason), kJson));
  while (arguments.wait && !over(now)) {
    std::this_thread::sleep_for(kAskAgain);
    now = fetch(client, target);
  }
  if (common.json) {
    std::printf("%s\n", json::serialize(now).c_str());
  } else {
    std::printf("backfill %s of %s: %s, %s of %s applied\n", text_of(now, "id").c_str(),
                text_of(now, "source").c_str(), text_of(now, "state").c_str(),
                text_of(now, "applied").c_str(), text_of(now, "staged").c_str());
  }
  return kOk;
}

}  // namespace laurel::console
