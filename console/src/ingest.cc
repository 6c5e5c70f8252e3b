#include "ingest.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>

#include "backfills.h"
#include "ingest_session.h"
#include "line_reader.h"

namespace laurel::console {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kChunkRecords = 2000;
constexpr std::size_t kChunkBytes = 1024 * 1024;
constexpr std::size_t kShownRejections = 5;

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

std::string format_of(const IngestArguments& arguments, const std::string& file) {
  if (!arguments.format.empty()) return arguments.format;
  std::string_view name = file;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv")) return "csv";
  if (name.ends_with(".ndjson") || name.ends_with(".jsonl") || name.ends_with(".json")) {
    return "ndjson";
  }
  throw Failure{kUsage, "the name of " + file +
                            " does not tell its format: add --format csv or --format ndjson"};
}

std::string source_of(const std::string& file) { return file == "-" ? "stdin" : file; }

// What all files of one ingest share.
struct Feed {
  HttpClient& client;
  const IngestArguments& arguments;
  const std::string mapping;
  FedBackfill* backfill = nullptr;  // nullptr: live
  bool show = false;
  Counts counts{};
  std::size_t shown = 0;             // rejections
  std::optional<Failure> failure{};  // of a file: what came before it is still sent
};

void show_rejection(Feed& feed, const json::value& each) {
  if (feed.shown++ >= kShownRejections) return;
  const std::string line = text_of(each, "line");
  std::fprintf(stderr, "%s: %s: %s\n",
               line.empty() ? text_of(each, "place").c_str() : ("line " + line).c_str(),
               text_of(each, "reason").c_str(), text_of(each, "detail").c_str());
}

// The next records that go together; an empty body: that was all.
IngestSession::Chunk next_chunk(LineReader& reader, std::optional<Failure>& failure) {
  IngestSession::Chunk chunk;
  for (std::size_t records = 0; records < kChunkRecords && chunk.body.size() < kChunkBytes &&
                                chunk.last_length == 0 && !failure;
       ++records) {
    std::optional<Record> record;
    try {
      record = reader.next();
    } catch (const Failure& wrong) {
      failure = wrong;
    }
    if (!record) break;
    if (chunk.body.empty()) chunk.line = record->line;
    chunk.body.append(record->bytes).push_back('\n');
    if (record->cut()) chunk.last_length = record->length;
  }
  return chunk;
}

void feed_file(Feed& feed, const std::string& file) {
  const std::string format = format_of(feed.arguments, file);
  const auto opened = LineReader::open(file);
  LineReader& reader = *opened;
  std::string header;
  if (format == "csv") {
    auto first = reader.next();
    if (!first) throw Failure{kFailed, file + " is empty: a CSV file starts with its header"};
    header = std::move(first->bytes);
  }
  IngestSession session(feed.client,
                        {{"format", format},
                         {"mapping", feed.mapping},
                         {"header", header},
                         {"source", source_of(file)}},
                        feed.backfill, feed.arguments.retry_s);
  session.send({});  // mapping and header are checked, though there may be no row
  Progress progress(reader, feed.show);
  std::uint64_t records = 0;
  for (;;) {
    const auto chunk = next_chunk(reader, feed.failure);
    if (chunk.body.empty()) break;
    const auto reply = session.send(chunk);
    Counts counts;
    counts.add(reply);
    feed.counts.add(reply);
    records += counts.all();
    for (const auto& each : reply.at("rejections").as_array()) show_rejection(feed, each);
    progress.draw(records, false);
  }
  progress.draw(records, true);
}

int report(const Counts& counts, const Common& common, bool staged) {
  const char* const first = staged ? "staged" : "accepted";
  const std::uint64_t first_count = staged ? counts.staged : counts.accepted;
  if (common.json) {
    std::printf("%s\n",
                json::serialize(json::object{{first, std::to_string(first_count)},
                                             {"duplicate", std::to_string(counts.duplicate)},
                                             {"conflict", std::to_string(counts.conflict)},
                                             {"rejected", std::to_string(counts.rejected)}})
                    .c_str());
  } else {
    std::printf("%s %llu, duplicate %llu, conflict %llu, rejected %llu\n", first,
                static_cast<unsigned long long>(first_count),
                static_cast<unsigned long long>(counts.duplicate),
                static_cast<unsigned long long>(counts.conflict),
                static_cast<unsigned long long>(counts.rejected));
  }
  return counts.rejected + counts.conflict > 0 ? kSomeRejected : kOk;
}

}  // namespace

int ingest(HttpClient& client, const Common& common, const IngestArguments& arguments) {
  const std::string& name = arguments.backfill;
  FedBackfill backfill(client, name.empty() ? source_of(arguments.files.front()) : name,
                       arguments.sorted, arguments.retry_s);
  Feed feed{client, arguments, read_mapping(arguments.mapping_file),
            arguments.live ? nullptr : &backfill, !common.json};
  for (const std::string& file : arguments.files) {  // before anything is sent
    (void)format_of(arguments, file);
    if (file != "-") (void)LineReader::open(file);
  }
  try {
    for (const std::string& file : arguments.files) {
      feed_file(feed, file);
      if (feed.failure) break;
    }
  } catch (const Failure& failure) {
    throw Failure{failure.code, failure.message + backfill.left_open(), failure.lasting};
  }
  if (feed.backfill != nullptr && !arguments.leave_open) {
    if (!name.empty()) backfill.id();  // one that others have filled is closed all the same
    backfill.close();
    if (!arguments.sorted && arguments.wait) {
      std::vector<json::value> rejections;
      feed.counts = backfill.wait(feed.show, rejections);
      for (const auto& each : rejections) show_rejection(feed, each);
    }
  }
  const bool staged =
      feed.backfill != nullptr && !arguments.sorted && (arguments.leave_open || !arguments.wait);
  const int code = report(feed.counts, common, staged);
  if (feed.failure) throw *feed.failure;
  return code;
}

}  // namespace laurel::console
