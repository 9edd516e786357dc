#include "data/csv/read_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
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

// Blocks are found by several threads, and take their places one after the other.
class Turns {
 public:
  /// Waits until all blocks before i have theirs. False: there is a fault before.
  bool wait(std::int64_t i) {
    constexpr int kSpins = 100;  // the turn comes within microseconds, sooner than a sleeper wakes
    for (int spins = 0;; ++spins) {
      const std::int64_t next = next_.load(std::memory_order_acquire);
      if (next == i || next == kStopped) return next == i;
      if (spins < kSpins) {
        std::this_thread::yield();
      } else {
        next_.wait(next, std::memory_order_acquire);
      }
    }
  }
  void pass(std::int64_t i) {
    if (next_.compare_exchange_strong(i, i + 1, std::memory_order_release)) next_.notify_all();
  }
  void stop() {
    next_.store(kStopped);
    next_.notify_all();
  }

 private:
  static constexpr std::int64_t kStopped = -1;
  std::atomic<std::int64_t> next_ = 0;
};

class Reader {
 public:
  Reader(const std::string& path, const CsvOptions& options)
      : source_("read_csv", path),
        layout_(read_layout(options)),
        rules_(detail::rules_of(options, layout_.dialect.separator)),
        count_((source_.size() - layout_.first_row + kBlock - 1) / kBlock),
        columns_(layout_.plans.size()) {}

  CsvTable read() {
    sample();
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < columns_.size(); ++i) wanted.push_back(i);
    while (!wanted.empty()) wanted = convert(wanted);
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
    constexpr std::int64_t kSampled = 8, kRows = 512;  // blocks, and rows of each
    Block block;
    std::int64_t rows = 0, bytes = 0;
    for (std::int64_t i = 0; i < count_; i += std::max<std::int64_t>(1, count_ / kSampled)) {
      index(block, begin_of(i), end_of(i), i > 0);
      if (block.begin < 0 || block.broken()) continue;  // found again
      rows += block.rows();
      bytes += block.end - block.begin;
      block.index.rows = std::min(block.index.rows, kRows);
      for (CsvPlan& plan : layout_.plans) {
        if (plan.inferred && (plan.seen & detail::kSeenText) == 0) {
          plan.update(classify({block.text.data(), block.index, plan.column}, rules_), rules_);
        }
      }
    }
    // A row has a byte for each of its fields, or a fault: no more memory is asked for.
    const std::int64_t all = source_.size() - layout_.first_row;
    const double likely = (bytes < all ? 1.03 : 1.0) * static_cast<double>(rows) *
                          static_cast<double>(all) /
                          static_cast<double>(std::max<std::int64_t>(1, bytes));
    room_ = static_cast<std::int64_t>(
        std::min(likely, static_cast<double>(all + 1) / static_cast<double>(layout_.columns)));
  }

  // Converts these columns; returns those that are to be converted again: their type turned out to
  // be another, or rows to be more than there was room for.
  std::vector<std::size_t> convert(const std::vector<std::size_t>& wanted) {
    for (const std::size_t i : wanted) {
      columns_[i] = Tensor();  // before the new one
      columns_[i] = Tensor::empty({room_}, layout_.plans[i].dtype);
    }
    Pass pass(wanted, layout_);
    kernels::parallel_for(kernels::thread_count(), 1, [&](std::int64_t first, std::int64_t last) {
      for (; first < last; ++first) work(pass);
    });
    if (pass.fault) {
      Block block;
      index(block, pass.fault->begin, end_of(pass.fault->block), false);
      block.first = pass.fault->first;
      convert(block, pass, true);
      throw_changed();
    }
    const bool fits = pass.rows <= room_;
    if (rows_ >= 0 && pass.rows != rows_) throw_changed();
    rows_ = pass.rows;
    std::vector<std::size_t> again;
    for (const std::size_t i : wanted) {
      CsvPlan& plan = layout_.plans[i];
      const bool changed = plan.inferred && plan.update(pass.seen[i].load(), rules_);
      if (changed || !fits) {
        again.push_back(i);
      } else if (room_ != rows_) {  // guessed; what is far too much is given back
        const Tensor part = columns_[i].slice(0, rows_);
        columns_[i] = room_ / 8 * 7 > rows_ ? part.copy() : part;
      }
    }
    room_ = rows_;
    return again;
  }

  // One reading of the file, by all threads.
  struct Pass {
    Pass(const std::vector<std::size_t>& columns, const CsvLayout& layout)
        : wanted(columns), seen(layout.plans.size()), next(layout.first_row) {}

    struct Fault {
      std::int64_t block = 0, begin = 0, first = 0;
    };
    // The first one is told.
    void note(std::int64_t i, const Block& block) {
      const std::lock_guard lock(mutex);
      if (!fault || i < fault->block) fault = {i, block.begin, block.first};
      turns.stop();
    }

    const std::vector<std::size_t>& wanted;
    std::vector<std::atomic<std::uint8_t>> seen;
    std::atomic<std::int64_t> taken = 0;
    Turns turns;
    std::int64_t next, rows = 0;  // of the block whose turn it is
    std::mutex mutex;
    std::optional<Fault> fault;
  };

  // Finds blocks and converts them, as long as there are any.
  void work(Pass& pass) {
    Block block;
    try {
      for (std::int64_t i = pass.taken++; i < count_; i = pass.taken++) {
        index(block, begin_of(i), end_of(i), i > 0);
        if (!pass.turns.wait(i)) return;
        place(block, i, pass);
        if (block.broken()) return pass.note(i, block);
        pass.turns.pass(i);
        if (block.first + block.rows() > room_) continue;  // all again, when it is known how many
        if (!convert(block, pass, false)) return pass.note(i, block);
      }
    } catch (...) {
      pass.turns.stop();
      throw;
    }
  }

  // Where rows begin depends on the quotes before, so a block is a guess, and where the rows before
  // it end elsewhere, it is read again.
  void place(Block& block, std::int64_t i, Pass& pass) const {
    const std::int64_t limit = end_of(i);
    if (pass.next >= limit) {
      block.begin = -1;
    } else {
      if (block.begin != pass.next) index(block, pass.next, limit, false);
      pass.next = block.end;
    }
    block.first = pass.rows;
    pass.rows += block.rows();
  }

  // False, or an error where that is wanted, for a fault of the block.
  bool convert(const Block& block, Pass& pass, bool report) {
    std::vector<std::atomic<std::uint8_t>>& seen = pass.seen;
    if (block.begin < 0) return true;
    if (block.broken()) {
      if (report) throw_fault(block);
      return false;
    }
    std::optional<bool> valid;
    for (const std::size_t i : pass.wanted) {
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
  std::int64_t count_;                 // of blocks
  std::int64_t rows_ = -1, room_ = 0;  // -1: not yet known
  std::vector<Tensor> columns_;
};

}  // namespace

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  detail::check_options("read_csv", options);
  return Reader(path, options).read();
}

}  // namespace keratin::data
