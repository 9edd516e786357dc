// A dataset that reads its file as it goes.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "data/byte_reader.h"
#include "data/csv/columns.h"
#include "data/csv/label.h"
#include "data/csv/layout.h"
#include "data/csv/read_csv.h"
#include "data/csv/rows.h"
#include "data/csv/source.h"
#include "data/pipeline/make_dataset.h"
#include "data/pipeline/table.h"
#include "data/utf8.h"
#include "tensor/named.h"

namespace keratin::data {
namespace {

using detail::CsvCells, detail::CsvIndex, detail::CsvLayout, detail::CsvPlan, detail::CsvRules;

constexpr std::size_t kPiece = std::size_t{1} << 20;    // bytes read at once
constexpr std::size_t kSampled = std::size_t{1} << 22;  // from which types are inferred
constexpr std::size_t kLongestRow = std::size_t{1} << 26;

// The text of a file from front to back, some at a time.
class Window {
 public:
  explicit Window(const std::string& path) : reader_("csv_dataset", path) {}

  /// Text that nobody has taken yet; kCsvPadding readable bytes follow.
  std::string_view text() const { return {room_.data() + begin_, end_ - begin_}; }
  /// Is that all there will be?
  bool last() const { return last_; }
  void take(std::size_t bytes) { begin_ += bytes; }
  /// Reads on, until there are `bytes` or the file ends.
  void fill(std::size_t bytes) {
    if (end_ - begin_ >= bytes || last_) return;
    if (begin_ > 0) std::memmove(room_.data(), room_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (room_.size() < bytes + detail::kCsvPadding) room_.resize(bytes + detail::kCsvPadding);
    const std::size_t wanted = bytes - end_;
    const std::size_t got =
        reader_.read(std::as_writable_bytes(std::span(room_).subspan(end_, wanted)));
    end_ += got;
    last_ = got < wanted;
  }

 private:
  ByteReader reader_;
  std::vector<char> room_ = std::vector<char>(detail::kCsvPadding);
  std::size_t begin_ = 0, end_ = 0;
  bool last_ = false;
};

struct Plan {
  std::string path, label;
  CsvLayout layout;
  CsvRules rules;
};

// Fields of as many whole rows as are at hand, at least one; false at the end.
bool next_rows(Window& window, CsvIndex& index, const CsvLayout& layout, std::int64_t line) {
  for (std::size_t bytes = kPiece;; bytes *= 2) {
    window.fill(bytes);
    index_rows(index, window.text(), layout.dialect, layout.columns, window.last(),
               detail::kAllRows);
    // Rows before a fault are given first.
    if (index.rows > 0) return true;
    if (index.fault != detail::CsvFault::none)
      throw_fault(layout.where, window.text(), index, line);
    if (window.last()) return false;
    if (bytes >= kLongestRow) {
      throw FileError(fmt::format(
          "{}: line {}: a row has more than {} bytes; is there a quote that has no end?",
          layout.where, line, kLongestRow));
    }
  }
}

class Rows : public detail::Source<Example> {
 public:
  explicit Rows(Plan plan) : plan_(std::move(plan)) {}
  detail::PassPtr<Example> begin(std::int64_t) const override {
    return std::make_unique<Run>(plan_);
  }
  std::int64_t cardinality() const override { return kUnknown; }

 private:
  struct Run : detail::Pass<Example> {
    explicit Run(const Plan& plan) : plan(plan), window(plan.path) {
      const auto first = static_cast<std::size_t>(plan.layout.first_row);
      window.fill(std::max(first, kPiece));
      if (window.text().size() < first)
        throw FileError(fmt::format("{}: changed while it was read", plan.layout.where));
      leave(first);
    }

    std::optional<Example> next() override {
      while (row == rows) {
        if (!begin_rows()) return {};
        convert();
      }
      return table->row(row++);
    }

    void skip(std::int64_t n) override {
      while (n > 0) {
        if (row == rows) {
          if (!begin_rows()) return;
          if (n >= index.rows) {  // not converted
            n -= index.rows;
            continue;
          }
          convert();
        }
        const std::int64_t some = std::min(n, rows - row);
        row += some;
        n -= some;
      }
    }

    void leave(std::size_t bytes) {
      const bool half = bytes > 0 && window.text()[bytes - 1] == '\r';
      line += detail::count_lines(window.text().substr(0, bytes));
      window.take(bytes);
      window.fill(1);
      if (half && window.text().starts_with('\n')) --line;  // counted with the rest of CRLF
    }

    // Leaves the rows before, finds the next ones.
    bool begin_rows() {
      rows_before += taken == 0 ? 0 : index.rows;
      leave(std::exchange(taken, 0));
      rows = row = 0;
      if (!next_rows(window, index, plan.layout, line)) return false;
      taken = index.end;
      return true;
    }

    void convert() {
      const std::string_view text = window.text();
      const bool valid = well_formed_utf8(text.substr(0, index.end)) == index.end;
      Example columns;
      Named<Tensor> x;
      for (const CsvPlan& column : plan.layout.plans) {
        Tensor y = Tensor::empty({index.rows}, column.dtype);
        const CsvCells cells{text.data(), index, column.column};
        const std::int64_t row =
            convert_column(cells, plan.rules, column.decimal, column.dtype, y, 0, valid);
        if (row < index.rows) {
          throw_field(plan.layout.where, text, index, line, column, plan.rules, row,
                      column.inferred ? "The type was inferred from the first rows; give it by "
                                        "dtypes."
                                      : "");
        }
        if (column.name == plan.label) {
          detail::require_label(plan.layout.where, plan.label, y, rows_before);
          columns.y = y;
        } else {
          x[column.name] = y.reshaped({index.rows, 1});
        }
      }
      columns.x = Tensors(x);
      table.emplace(std::move(columns));
      rows = index.rows;
    }

    const Plan& plan;
    Window window;
    CsvIndex index;
    std::optional<detail::Table> table;  // of the rows at hand
    std::int64_t row = 0, rows = 0, line = 1, rows_before = 0;
    std::size_t taken = 0;  // bytes of these rows
  };

  Plan plan_;
};

CsvLayout layout_of_file(const std::string& path, Window& window, const CsvOptions& options) {
  const std::string where = fmt::format("csv_dataset: {}", path);
  for (std::size_t bytes = kSampled;; bytes *= 2) {
    window.fill(bytes);
    if (auto layout = detail::layout_of(where, window.text(), window.last(), options))
      return *layout;
    if (bytes >= kLongestRow) {
      throw FileError(
          fmt::format("{}: the first row has more than {} bytes; is there a quote that has no end?",
                      where, kLongestRow));
    }
  }
}

}  // namespace

Dataset csv_dataset(const std::string& path, const FromTableOptions& label,
                    const CsvOptions& options) {
  detail::check_options("csv_dataset", options);
  Window window(path);
  CsvLayout layout = layout_of_file(path, window, options);
  const CsvRules rules = detail::rules_of(options, layout.dialect.separator);
  std::vector<std::string> names;
  for (const CsvPlan& plan : layout.plans) names.push_back(plan.name);
  if (!label.label.empty() && std::find(names.begin(), names.end(), label.label) == names.end()) {
    throw ValueError(fmt::format("{}: the label \"{}\" is no column{}", layout.where, label.label,
                                 name_hint(label.label, names)));
  }
  if (names.size() == (label.label.empty() ? 0U : 1U)) {
    throw ValueError(
        fmt::format("{}: no column but the label is read; expected some to be x", layout.where));
  }
  const std::string_view text = window.text().substr(static_cast<std::size_t>(layout.first_row));
  CsvIndex index;  // its faults are left to the passes
  index_rows(index, text, layout.dialect, layout.columns, window.last(), detail::kAllRows);
  for (CsvPlan& plan : layout.plans)
    if (plan.inferred) plan.update(classify({text.data(), index, plan.column}, rules), rules);
  for (const CsvPlan& plan : layout.plans)
    if (plan.name == label.label && plan.dtype == string)
      detail::require_label(layout.where, label.label, Tensor::empty({0}, string), 0);
  return detail::of_examples(
      std::make_shared<Rows>(Plan{path, label.label, std::move(layout), rules}));
}

}  // namespace keratin::data
