#include "ingest.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "line_reader.h"

namespace laurel::console {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kChunkRecords = 2000;
constexpr std::size_t kChunkBytes = 1024 * 1024;
constexpr std::size_t kShownRejections = 5;
constexpr unsigned kSessionsMax = 5;  // made for one chunk, before it is given up

struct Totals {
  std::uint64_t accepted = 0, duplicate = 0, conflict = 0, rejected = 0;
  std::uint64_t all() const { return accepted + duplicate + conflict + rejected; }
};

std::uint64_t number(const json::value& object, std::string_view member) {
  return std::strtoull(text_of(object, member).c_str(), nullptr, 10);
}

// A session on the node, made again when the node has forgotten it: after a restart, say. Sending a
// chunk twice is safe, the node knows what it has.
class Session {
 public:
  Session(HttpClient& client, json::object description, unsigned retry_s)
      : client_(client), description_(std::move(description)), retry_s_(retry_s) {}

  /// `last_length`: of the last line, when it was cut; otherwise 0.
  json::value send(const std::string& body, std::uint64_t line, std::uint64_t last_length) {
    const auto deadline = Clock::now() + std::chrono::seconds(retry_s_);
    unsigned forgotten = 0;
    for (auto pause = std::chrono::milliseconds(100);;
         pause = std::min(pause * 2, pause + std::chrono::milliseconds(1000))) {
      Failure failure{kNoNode, "the node is busy or stopping"};
      try {
        if (id_.empty()) open();
        const auto reply = client_.post(
            "/v1/ingest/sessions/" + id_ + "/records?line=" + std::to_string(line) +
                (last_length == 0 ? "" : "&last_length=" + std::to_string(last_length)),
            body, "text/plain");
        if (reply.status == 404) {
          id_.clear();
          if (++forgotten == 1) continue;  // after a restart, for one
          if (forgotten == kSessionsMax) throw forgets(line);
          failure = {kFailed, "the node does not know the session that it made"};
        } else if (reply.status != 503) {
          return parse_reply(reply);
        } else if (reply.retry_after_s > 0) {
          pause = std::chrono::seconds(reply.retry_after_s);
        }
      } catch (const Failure& met) {
        if (met.code != kNoNode || met.lasting) throw;
        failure = met;
      }
      if (Clock::now() + pause > deadline) {
        throw Failure{failure.code, failure.message + gave_up_at(line)};
      }
      std::this_thread::sleep_for(pause);
    }
  }

 private:
  static std::string gave_up_at(std::uint64_t line) {
    return "\n  gave up at line " + std::to_string(line) +
           "; running the same command again is safe: what is in counts once";
  }
  static Failure forgets(std::uint64_t line) {
    return {kFailed, "the node forgot " + std::to_string(kSessionsMax) +
                         " sessions in a row as soon as it had made them: are there several nodes "
                         "behind this address, or very many files sent at once?" +
                         gave_up_at(line)};
  }

  void open() {
    const auto reply =
        client_.post("/v1/ingest/sessions", json::serialize(description_), "application/json");
    if (reply.status == 503) throw Failure{kNoNode, "the node is busy or stopping"};
    id_ = text_of(parse_reply(reply), "session");
  }

  HttpClient& client_;
  json::object description_;
  unsigned retry_s_;
  std::string id_;
};

class Progress {
 public:
  Progress(const LineReader& reader, bool show) : reader_(reader), show_(show && isatty(2) == 1) {}
  void draw(std::uint64_t records, bool last) {
    const auto now = Clock::now();
    if (!show_ || (!last && now - drawn_ < std::chrono::milliseconds(200))) return;
    drawn_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const double rate = seconds > 0 ? static_cast<double>(records) / seconds : 0;
    std::fprintf(stderr, "\r\x1b[K%llu records, %.0f/s", static_cast<unsigned long long>(records),
                 rate);
    if (reader_.bytes_total() > 0) {
      const double done =
          static_cast<double>(reader_.bytes_read()) / static_cast<double>(reader_.bytes_total());
      const auto filled = static_cast<int>(done * 30);
      std::fprintf(stderr, "  [%.*s%*s] %3.0f %%, %.0f s left", filled,
                   "==============================", 30 - filled, "", done * 100,
                   done > 0 ? seconds / done * (1 - done) : 0.0);
    }
    std::fputs(last ? "\n" : "", stderr);
    std::fflush(stderr);
  }

 private:
  const LineReader& reader_;
  const bool show_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_;
};

std::string read_mapping(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    throw Failure{kFailed, "cannot read the mapping " + path};
  }
  return text.str();
}

std::string format_of(const IngestArguments& arguments) {
  if (!arguments.format.empty()) return arguments.format;
  std::string_view name = arguments.file;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv")) return "csv";
  if (name.ends_with(".ndjson") || name.ends_with(".jsonl") || name.ends_with(".json")) {
    return "ndjson";
  }
  throw Failure{kUsage, "the name of " + arguments.file +
                            " does not tell its format: add --format csv or --format ndjson"};
}

int report(const Totals& totals, const Common& common) {
  if (common.json) {
    std::printf("%s\n",
                json::serialize(json::object{{"accepted", std::to_string(totals.accepted)},
                                             {"duplicate", std::to_string(totals.duplicate)},
                                             {"conflict", std::to_string(totals.conflict)},
                                             {"rejected", std::to_string(totals.rejected)}})
                    .c_str());
  } else {
    std::printf("accepted %llu, duplicate %llu, conflict %llu, rejected %llu\n",
                static_cast<unsigned long long>(totals.accepted),
                static_cast<unsigned long long>(totals.duplicate),
                static_cast<unsigned long long>(totals.conflict),
                static_cast<unsigned long long>(totals.rejected));
  }
  return totals.rejected + totals.conflict > 0 ? kSomeRejected : kOk;
}

}  // namespace

int ingest(HttpClient& client, const Common& common, const IngestArguments& arguments) {
  const std::string format = format_of(arguments);
  const std::string mapping = read_mapping(arguments.mapping_file);
  const auto opened = LineReader::open(arguments.file);
  LineReader& reader = *opened;
  std::string header;
  if (format == "csv") {
    auto first = reader.next();
    if (!first) {
      throw Failure{kFailed, arguments.file + " is empty: a CSV file starts with its header"};
    }
    header = std::move(first->bytes);
  }
  Session session(client,
                  {{"format", format},
                   {"mapping", mapping},
                   {"header", header},
                   {"source", arguments.file == "-" ? "stdin" : arguments.file}},
                  arguments.retry_s);
  session.send("", 1, 0);  // mapping and header are checked, though there may be no row
  Progress progress(reader, !common.json);
  Totals totals;
  std::size_t shown = 0;
  std::optional<Failure> failure;  // of the file: what came before it is still sent
  for (bool more = true; more;) {
    std::string body;
    std::uint64_t first_line = 0, last_length = 0;
    for (std::size_t records = 0;
         records < kChunkRecords && body.size() < kChunkBytes && last_length == 0; ++records) {
      std::optional<Record> record;
      try {
        record = reader.next();
      } catch (const Failure& wrong) {
        failure = wrong;
      }
      more = record.has_value();
      if (!more) break;
      if (first_line == 0) first_line = record->line;
      body.append(record->bytes).push_back('\n');
      if (record->cut()) last_length = record->length;
    }
    if (body.empty()) break;
    const auto reply = session.send(body, first_line, last_length);
    totals.accepted += number(reply, "accepted");
    totals.duplicate += number(reply, "duplicate");
    totals.conflict += number(reply, "conflict");
    totals.rejected += number(reply, "rejected");
    for (const auto& each : reply.at("rejections").as_array()) {
      if (shown++ >= kShownRejections) break;
      std::fprintf(stderr, "line %s: %s: %s\n", text_of(each, "line").c_str(),
                   text_of(each, "reason").c_str(), text_of(each, "detail").c_str());
    }
    progress.draw(totals.all(), false);
  }
  progress.draw(totals.all(), true);
  const int code = report(totals, common);
  if (failure) throw *failure;
  return code;
}

}  // namespace laurel::console
