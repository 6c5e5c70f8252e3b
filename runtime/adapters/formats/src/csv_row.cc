#include "csv_row.h"

#include <memory>
#include <string>

#include <csv.h>

#include "laurel/runtime/errors.h"

namespace laurel::adapters::formats {
namespace {

// libcsv's parser, which keeps its buffer from row to row, and the cells of the last row.
class QuotedRow {
 public:
  QuotedRow() {
    const int failed = csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI);
    LAUREL_ASSERT(failed == 0);
  }
  ~QuotedRow() { csv_free(&parser_); }
  QuotedRow(const QuotedRow&) = delete;
  QuotedRow& operator=(const QuotedRow&) = delete;

  bool parse(std::string_view line, std::vector<std::string_view>& cells) {
    text_.clear();
    text_.reserve(line.size());  // all cells fit: none of them moves
    cells_ = &cells;
    rows_ = 0;
    const bool ok =
        csv_parse(&parser_, line.data(), line.size(), on_cell, on_row, this) == line.size() &&
        csv_fini(&parser_, on_cell, on_row, this) == 0;
    if (!ok) {  // start afresh: a parser that failed keeps its state
      csv_free(&parser_);
      const int failed = csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI);
      LAUREL_ASSERT(failed == 0);
    }
    return ok && rows_ <= 1;
  }

 private:
  static void on_cell(void* bytes, size_t size, void* self) {
    auto& row = *static_cast<QuotedRow*>(self);
    const std::size_t start = row.text_.size();
    if (size != 0) row.text_.append(static_cast<const char*>(bytes), size);
    row.cells_->push_back(std::string_view(row.text_).substr(start));
  }
  static void on_row(int /*terminator*/, void* self) { ++static_cast<QuotedRow*>(self)->rows_; }

  csv_parser parser_{};
  std::string text_;
  std::vector<std::string_view>* cells_ = nullptr;
  int rows_ = 0;
};

std::string_view trimmed(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.remove_suffix(1);
  return cell;
}

}  // namespace

bool split_csv_row(std::string_view line, std::vector<std::string_view>& cells, Reject& reject) {
  cells.clear();
  if (line.find_first_of("\"\r\n") != std::string_view::npos) {
    thread_local QuotedRow quoted_row;
    if (quoted_row.parse(line, cells)) return true;
    return reject.set(reject::kMalformedCsv,
                      "a quote is not closed, or stands inside a cell; allowed: \"a \"\"b\"\" c\"");
  }
  for (std::size_t start = 0;;) {
    const auto comma = line.find(',', start);
    cells.push_back(trimmed(line.substr(start, comma - start)));
    if (comma == std::string_view::npos) return true;
    start = comma + 1;
  }
}

}  // namespace laurel::adapters::formats
