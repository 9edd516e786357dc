#include "data/csv/read_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "data/csv/columns.h"
#include "data/csv/layout.h"
#include "data/csv/rows.h"
#include "data/csv/source.h"
#include "data/utf8.h"
#include "kernels/parallel.h"

namespace keratin::data {
namespace {

using detail::CsvBuffer, detail::CsvCells, detail::CsvCount, detail::CsvFault, detail::CsvIndex,
    detail::CsvLayout, detail::CsvPlan, detail::CsvRules, detail::CsvSource;

constexpr std::int64_t kBlock = 1 << 18;  // bytes of the file; with its index it fits the L2 cache
constexpr std::int64_t kGuessAhead = 1 << 26;

// Rows that begin in the same kBlock bytes of the file.
struct Block {
  std::int64_t begin = -1, end = -1, rows = 0;
  std::int64_t first = 0;  // rows before it
};

struct Scratch {
  CsvBuffer buffer;
  CsvIndex index;
};

// One scratch for each thread at work.
class ScratchPool {
 public:
  template <class F>
  void with(const F& f) {
    std::unique_ptr<Scratch> scratch = take();
    f(*scratch);
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

 private:
  std::unique_ptr<Scratch> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Scratch>();
    std::unique_ptr<Scratch> scratch = std::move(free_.back());
    free_.pop_back();
    return scratch;
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> free_;
};

class Reader {
 public:
  Reader(const std::string& path, const CsvOptions& options)
      : source_("read_csv", path),
        layout_(read_layout(options)),
        rules_(detail::rules_of(options, layout_.dialect.separator)) {}

  CsvTable read() {
    find_blocks();
    refuse_short_rows();
    sample();
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < layout_.plans.size(); ++i) {
      columns_.push_back(Tensor::empty({rows_}, layout_.plans[i].dtype));
      wanted.push_back(i);
    }
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

  // The rows that begin before `limit`: from `begin` on; or guessed, from the first line end at or
  // after begin - 1 on, as if that were in no quotes. A guess may give up.
  Block count(std::int64_t begin, std::int64_t limit, bool guess, CsvBuffer& buffer) const {
    const std::int64_t from = guess ? begin - 1 : begin;
    for (std::int64_t bytes = limit - from + 4096;; bytes *= 2) {
      if (guess && bytes > kGuessAhead) return {};
      require_row_size(bytes);
      const bool last = from + bytes >= source_.size();
      const std::string_view text =
          source_.view(from, std::min(bytes, source_.size() - from), buffer);
      const auto until = static_cast<std::size_t>(limit - from);
      std::size_t start = 0;
      if (guess) {
        start = text.find_first_of("\r\n");
        if (start == std::string_view::npos || start + 1 >= until) return {};
        ++start;
      }
      const CsvCount counted = count_rows(text, start, until, layout_.dialect, last);
      if (counted.whole) {
        return {.begin = from + static_cast<std::int64_t>(start),
                .end = from + static_cast<std::int64_t>(counted.end),
                .rows = counted.rows};
      }
    }
  }

  // Where rows begin depends on the quotes before, so each block guesses, and where the rows before
  // it end elsewhere, it is counted again.
  void find_blocks() {
    const std::int64_t begin = layout_.first_row, size = source_.size();
    const std::int64_t blocks = (size - begin + kBlock - 1) / kBlock;
    blocks_.resize(static_cast<std::size_t>(blocks));
    const auto limit = [&](std::int64_t i) { return std::min(size, begin + (i + 1) * kBlock); };
    kernels::parallel_for(blocks, 1, [&](std::int64_t first, std::int64_t last) {
      scratch_.with([&](Scratch& scratch) {
        for (std::int64_t i = first; i < last; ++i) {
          blocks_[static_cast<std::size_t>(i)] =
              count(begin + i * kBlock, limit(i), i > 0, scratch.buffer);
        }
      });
    });
    CsvBuffer buffer;
    std::int64_t next = begin;
    for (std::int64_t i = 0; i < blocks; ++i) {
      Block& block = blocks_[static_cast<std::size_t>(i)];
      if (next >= limit(i)) {
        block = {.begin = next, .end = next};
      } else if (block.begin != next) {
        block = count(next, limit(i), false, buffer);
      }
      block.first = rows_;
      rows_ += block.rows;
      next = block.end;
    }
    std::erase_if(blocks_, [](const Block& block) { return block.rows == 0; });
  }

  // Finds the fields of a block. False for a fault.
  bool index(const Block& block, Scratch& scratch, std::string_view& text) const {
    require_row_size(block.end - block.begin);
    text = source_.view(block.begin, block.end - block.begin, scratch.buffer);
    index_rows(scratch.index, text, layout_.dialect, layout_.columns, true, detail::kAllRows);
    if (scratch.index.fault != CsvFault::none) return false;
    if (scratch.index.rows != block.rows)
      throw FileError(fmt::format("{}: changed while it was read", source_.where()));
    return true;
  }

  // Memory is asked for by rows and columns: a row has a byte for each of its fields, or a fault.
  void refuse_short_rows() const {
    std::int64_t fields = 0;
    if (!__builtin_mul_overflow(rows_, layout_.columns, &fields) &&
        fields <= source_.size() - layout_.first_row + 1)
      return;
    Scratch scratch;
    for (const Block& block : blocks_) {
      std::string_view text;
      if (!index(block, scratch, text)) throw_fault(block, scratch, text);
    }
  }

  // First guesses of inferred types, from a few blocks.
  void sample() {
    constexpr std::size_t kSampled = 5;
    Scratch scratch;
    const std::size_t step = std::max<std::size_t>(1, blocks_.size() / kSampled);
    for (std::size_t i = 0; i < blocks_.size(); i += step) {
      std::string_view text;
      if (!index(blocks_[i], scratch, text)) continue;  // found again
      for (CsvPlan& plan : layout_.plans) {
        if (plan.inferred && (plan.seen & detail::kSeenText) == 0) {
          plan.update(classify({text.data(), scratch.index, plan.column}, rules_), rules_);
        }
      }
    }
  }

  // Converts these columns of all blocks; returns those whose type turned out to be another.
  std::vector<std::size_t> convert(const std::vector<std::size_t>& wanted) {
    std::vector<std::atomic<std::uint8_t>> seen(layout_.plans.size());
    std::atomic<std::size_t> broken = blocks_.size();
    const auto count = static_cast<std::int64_t>(blocks_.size());
    kernels::parallel_for(count, 1, [&](std::int64_t first, std::int64_t last) {
      scratch_.with([&](Scratch& scratch) {
        for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
          if (broken.load() < i || convert(blocks_[i], wanted, scratch, seen, false)) continue;
          std::size_t before = broken.load();
          while (i < before && !broken.compare_exchange_weak(before, i)) {
          }
        }
      });
    });
    if (broken.load() < blocks_.size()) {
      Scratch scratch;
      convert(blocks_[broken.load()], wanted, scratch, seen, true);
    }
    std::vector<std::size_t> again;
    for (const std::size_t i : wanted) {
      CsvPlan& plan = layout_.plans[i];
      if (!plan.inferred || !plan.update(seen[i].load(), rules_)) continue;
      columns_[i] = Tensor();  // before the new one
      columns_[i] = Tensor::empty({rows_}, plan.dtype);
      again.push_back(i);
    }
    return again;
  }

  // False, or an error where that is wanted, for a fault of the block.
  bool convert(const Block& block, const std::vector<std::size_t>& wanted, Scratch& scratch,
               std::vector<std::atomic<std::uint8_t>>& seen, bool report) {
    std::string_view text;
    if (!index(block, scratch, text)) {
      if (report) throw_fault(block, scratch, text);
      return false;
    }
    std::optional<bool> valid;
    for (const std::size_t i : wanted) {
      const CsvPlan& plan = layout_.plans[i];
      if (plan.inferred && (seen[i].load(std::memory_order_relaxed) & detail::kSeenText) != 0)
        continue;
      if (plan.dtype == string && !valid) valid = well_formed_utf8(text) == text.size();
      const CsvCells cells{text.data(), scratch.index, plan.column};
      const std::int64_t row = convert_column(cells, rules_, plan.decimal, plan.dtype, columns_[i],
                                              block.first, valid.value_or(false));
      if (row == block.rows) continue;
      if (plan.inferred && plan.dtype != string) {
        seen[i].fetch_or(classify(cells, rules_));
      } else {
        if (report) {
          throw_field(source_.where(), text, scratch.index, line_of(block.begin), plan, rules_, row,
                      "");
        }
        return false;
      }
    }
    return true;
  }

  [[noreturn]] void throw_fault(const Block& block, const Scratch& scratch,
                                std::string_view text) const {
    detail::throw_fault(source_.where(), text, scratch.index, line_of(block.begin));
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
  ScratchPool scratch_;
  std::vector<Block> blocks_;
  std::int64_t rows_ = 0;
  std::vector<Tensor> columns_;
};

}  // namespace

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  detail::check_options("read_csv", options);
  return Reader(path, options).read();
}

}  // namespace keratin::data
