#include "data/csv/read_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "data/csv/columns.h"
#include "data/csv/layout.h"
#include "data/csv/rows.h"
#include "data/csv/source.h"
#include "data/utf8.h"
#include "kernels/parallel.h"

namespace keratin::data {
namespace {

using detail::CsvBuffer, detail::CsvCells, detail::CsvFault, detail::CsvIndex, detail::CsvLayout,
    detail::CsvPlan, detail::CsvRules, detail::CsvSource;

constexpr std::int64_t kBlock = 1 << 16;  // bytes of the file; with its index it fits the L2 cache
constexpr std::int64_t kGuessAhead = 1 << 22;  // a longer row is read again when its begin is known

// How many are read before the threads wait for each other.
std::int64_t blocks_at_once() { return std::max(8, 4 * kernels::thread_count()); }

// The rows that begin in the same kBlock bytes of the file, and their fields.
struct Block {
  CsvBuffer buffer;
  CsvIndex index;
  std::string_view text;              // from the first row on
  std::int64_t begin = -1, end = -1;  // of the rows, in the file
  std::int64_t first = 0;             // rows before it

  std::int64_t rows() const { return begin < 0 ? 0 : index.rows; }
  bool broken() const { return begin >= 0 && index.fault != CsvFault::none; }
};

class Reader {
 public:
  Reader(const std::string& path, const CsvOptions& options)
      : source_("read_csv", path),
        layout_(read_layout(options)),
        rules_(detail::rules_of(options, layout_.dialect.separator)),
        count_((source_.size() - layout_.first_row + kBlock - 1) / kBlock),
        blocks_(static_cast<std::size_t>(std::min(count_, blocks_at_once()))),
        columns_(layout_.plans.size()) {}

  CsvTable read() {
    sample();
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < columns_.size(); ++i) wanted.push_back(i);
    for (bool first = true; !wanted.empty(); first = false) wanted = convert(wanted, first);
    Named<Tensor> result;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      result[layout_.plans[i].name] = std::move(columns_[i]);
    return CsvTable(Tensors(result));
  }

 private:
  CsvLayout read_layout(const CsvOptions& options) {
    CsvBuffer buffer;
    for (std::int64_t bytes = kBlock;; bytes *= 2) {
      const bool whole = bytes >= source_.size();
      const std::string_view start = source_.view(0, std::min(bytes, source_.size()), buffer);
      require_row_size(bytes);
      if (auto layout = detail::layout_of(source_.where(), start, whole, options)) return *layout;
    }
  }

  void require_row_size(std::int64_t bytes) const {
    if (bytes > static_cast<std::int64_t>(detail::kLargestCsvText)) {
      throw FileError(
          fmt::format("{}: a row has more than {} bytes; is there a quote that has no end?",
                      source_.where(), detail::kLargestCsvText));
    }
  }

  std::int64_t begin_of(std::int64_t i) const { return layout_.first_row + i * kBlock; }
  std::int64_t end_of(std::int64_t i) const { return std::min(source_.size(), begin_of(i + 1)); }

  // The rows that begin before `limit`: from `begin` on; or guessed, from the first line end at or
  // after begin - 1 on, as if that were in no quotes. A guess may give up: begin is -1 then.
  void index(Block& block, std::int64_t begin, std::int64_t limit, bool guess) const {
    block.begin = block.end = -1;
    const std::int64_t from = guess ? begin - 1 : begin;
    for (std::int64_t bytes = limit - from + 4096;; bytes *= 2) {
      if (guess && bytes > kGuessAhead) return;
      require_row_size(bytes);
      const bool last = from + bytes >= source_.size();
      block.text = source_.view(from, std::min(bytes, source_.size() - from), block.buffer);
      std::size_t start = 0;
      if (guess) {
        start = block.text.find_first_of("\r\n");
        if (start == std::string_view::npos || from + static_cast<std::int64_t>(++start) >= limit)
          return;
      }
      block.text.remove_prefix(start);
      const std::int64_t first = from + static_cast<std::int64_t>(start);
      const auto until = static_cast<std::size_t>(limit - first);
      index_rows(block.index, block.text, layout_.dialect, layout_.columns, last, detail::kAllRows,
                 until);
      if (!last && block.index.fault == CsvFault::none && block.index.end < until) continue;
      block.begin = first;
      block.end = first + static_cast<std::int64_t>(block.index.end);
      return;
    }
  }

  // First guesses of inferred types, and of how many rows there are, from a few blocks.
  void sample() {
    constexpr std::int64_t kSampled = 8;
    Block block;
    std::int64_t rows = 0, bytes = 0;
    for (std::int64_t i = 0; i < count_; i += std::max<std::int64_t>(1, count_ / kSampled)) {
      index(block, begin_of(i), end_of(i), i > 0);
      if (block.begin < 0 || block.broken()) continue;  // found again
      rows += block.rows();
      bytes += block.end - block.begin;
      for (CsvPlan& plan : layout_.plans) {
        if (plan.inferred && (plan.seen & detail::kSeenText) == 0) {
          plan.update(classify({block.text.data(), block.index, plan.column}, rules_), rules_);
        }
      }
    }
    // A row has a byte for each of its fields, or a fault: no more memory is asked for.
    const std::int64_t all = source_.size() - layout_.first_row;
    const double likely = 1.03 * static_cast<double>(rows) * static_cast<double>(all) /
                          static_cast<double>(std::max<std::int64_t>(1, bytes));
    likely_rows_ = static_cast<std::int64_t>(
        std::min(likely, static_cast<double>(all + 1) / static_cast<double>(layout_.columns)));
  }

  // Converts these columns; returns those whose type turned out to be another.
  std::vector<std::size_t> convert(const std::vector<std::size_t>& wanted, bool first_time) {
    std::vector<std::atomic<std::uint8_t>> seen(layout_.plans.size());
    if (!first_time) reserve(wanted, 0, rows_);
    std::int64_t rows = 0, next = layout_.first_row;
    const auto at_once = static_cast<std::int64_t>(blocks_.size());
    for (std::int64_t i = 0; i < count_; i += at_once) {
      const std::span<Block> blocks =
          std::span(blocks_).first(static_cast<std::size_t>(std::min(at_once, count_ - i)));
      index(blocks, i, next);
      const std::int64_t before = rows;
      for (Block& block : blocks) {
        block.first = rows;
        rows += block.rows();
      }
      if (first_time) {
        const bool last = i + at_once >= count_;
        reserve(wanted, before, last ? rows : std::max(rows, likely_rows_));
      } else if (rows > rows_) {
        throw_changed();
      }
      convert(blocks, wanted, seen);
    }
    if (rows != rows_ && !first_time) throw_changed();
    rows_ = rows;
    reserve(wanted, rows_, rows_);  // where there is no block
    std::vector<std::size_t> again;
    for (const std::size_t i : wanted) {
      CsvPlan& plan = layout_.plans[i];
      if (plan.inferred && plan.update(seen[i].load(), rules_)) {
        columns_[i] = Tensor();  // before the new one
        again.push_back(i);
      } else {
        const Tensor& all = columns_[i];
        if (all.size() != rows_)  // guessed; what is far too much is given back
          columns_[i] =
              all.size() / 8 * 7 > rows_ ? all.slice(0, rows_).copy() : all.slice(0, rows_);
      }
    }
    return again;
  }

  // Where rows begin depends on the quotes before, so each block from `first` on guesses, and where
  // the rows before it end elsewhere, it is read again. `next`: where the first one begins, and
  // then the one after them.
  void index(std::span<Block> blocks, std::int64_t first, std::int64_t& next) {
    const auto count = static_cast<std::int64_t>(blocks.size());
    kernels::parallel_for(count, 1, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        Block& block = blocks[static_cast<std::size_t>(i)];
        index(block, begin_of(first + i), end_of(first + i), first + i > 0);
      }
    });
    for (std::int64_t i = 0; i < count; ++i) {
      Block& block = blocks[static_cast<std::size_t>(i)];
      const std::int64_t limit = end_of(first + i);
      if (next >= limit) {
        block.begin = -1;
        continue;
      }
      if (block.begin != next) index(block, next, limit, false);
      if (block.broken()) {  // the rest is not looked at
        for (std::int64_t k = i + 1; k < count; ++k) blocks[static_cast<std::size_t>(k)].begin = -1;
        return;
      }
      next = block.end;
    }
  }

  // Makes columns of `rows` rows, of which `before` are there already.
  void reserve(const std::vector<std::size_t>& wanted, std::int64_t before, std::int64_t rows) {
    for (const std::size_t i : wanted) {
      Tensor& column = columns_[i];
      if (column.defined() && column.size() >= rows) continue;
      Tensor more = Tensor::empty(
          {column.defined() ? std::max(rows, column.size() + column.size() / 2) : rows},
          layout_.plans[i].dtype);
      if (before > 0) {
        if (column.dtype() == string) {
          const auto texts = column.mutable_strings();
          std::move(texts.begin(), texts.begin() + before, more.mutable_strings().begin());
        } else {
          std::memcpy(more.raw(), column.raw(),
                      static_cast<std::size_t>(before) * size_of(column.dtype()));
        }
      }
      column = std::move(more);
    }
  }

  // Converts these columns of the blocks, or throws for the first one that has a fault.
  void convert(std::span<Block> blocks, const std::vector<std::size_t>& wanted,
               std::vector<std::atomic<std::uint8_t>>& seen) {
    std::atomic<std::size_t> broken = blocks.size();
    const auto count = static_cast<std::int64_t>(blocks.size());
    kernels::parallel_for(count, 1, [&](std::int64_t first, std::int64_t last) {
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
        if (broken.load() < i || convert(blocks[i], wanted, seen, false)) continue;
        std::size_t before = broken.load();
        while (i < before && !broken.compare_exchange_weak(before, i)) {
        }
      }
    });
    if (broken.load() < blocks.size()) convert(blocks[broken.load()], wanted, seen, true);
  }

  // False, or an error where that is wanted, for a fault of the block.
  bool convert(Block& block, const std::vector<std::size_t>& wanted,
               std::vector<std::atomic<std::uint8_t>>& seen, bool report) {
    if (block.begin < 0) return true;
    if (block.broken()) {
      if (report) throw_fault(block);
      return false;
    }
    std::optional<bool> valid;
    for (const std::size_t i : wanted) {
      const CsvPlan& plan = layout_.plans[i];
      if (plan.inferred && (seen[i].load(std::memory_order_relaxed) & detail::kSeenText) != 0)
        continue;
      if (plan.dtype == string && !valid)
        valid = well_formed_utf8(block.text.substr(0, block.index.end)) == block.index.end;
      const CsvCells cells{block.text.data(), block.index, plan.column};
      const std::int64_t row = convert_column(cells, rules_, plan.decimal, plan.dtype, columns_[i],
                                              block.first, valid.value_or(false));
      if (row == block.rows()) continue;
      if (plan.inferred && plan.dtype != string) {
        seen[i].fetch_or(classify(cells, rules_));
      } else {
        if (report) {
          throw_field(source_.where(), block.text, block.index, line_of(block.begin), plan, rules_,
                      row, "");
        }
        return false;
      }
    }
    return true;
  }

  [[noreturn]] void throw_changed() const {
    throw FileError(fmt::format("{}: changed while it was read", source_.where()));
  }

  [[noreturn]] void throw_fault(const Block& block) const {
    detail::throw_fault(source_.where(), block.text, block.index, line_of(block.begin));
  }

  std::int64_t line_of(std::int64_t offset) const {
    CsvBuffer buffer;
    std::int64_t line = 1;
    for (std::int64_t at = 0; at < offset;) {
      const std::string_view text = source_.view(at, std::min(offset - at, kBlock), buffer);
      line += detail::count_lines(text);
      at += static_cast<std::int64_t>(text.size());
      if (text.back() == '\r' && at < source_.size() && source_.view(at, 1, buffer)[0] == '\n')
        --line;  // counted with its LF
    }
    return line;
  }

  CsvSource source_;
  CsvLayout layout_;
  CsvRules rules_;
  std::int64_t count_;         // of all blocks
  std::vector<Block> blocks_;  // at hand
  std::int64_t rows_ = 0, likely_rows_ = 0;
  std::vector<Tensor> columns_;
};

}  // namespace

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  detail::check_options("read_csv", options);
  return Reader(path, options).read();
}

}  // namespace keratin::data
