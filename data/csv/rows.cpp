#include "data/csv/rows.h"

#include <algorithm>
#include <cstring>

#include "kernels/error.h"

namespace keratin::data::detail {
namespace {

constexpr std::size_t kNowhere = ~std::size_t{0};

struct Closing {
  std::size_t at = kNowhere;
  bool doubled = false;
};

// The quote that ends a field whose first quote stands before `from`.
Closing closing_quote(std::string_view text, std::size_t from) {
  Closing result;
  while (from < text.size()) {
    const auto* found =
        static_cast<const char*>(std::memchr(text.data() + from, '"', text.size() - from));
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(found - text.data());
    if (at + 1 == text.size() || text[at + 1] != '"') {
      result.at = at;
      break;
    }
    result.doubled = true;
    from = at + 2;
  }
  return result;
}

// Is there nothing, or only spaces that are left out, between a field's begin and `at`?
bool begins_field(std::string_view text, std::size_t begin, std::size_t at, CsvDialect dialect) {
  if (dialect.skip_initial_space)
    while (begin < at && text[begin] == ' ') ++begin;
  return begin == at;
}

void grow(CsvIndex& index, std::size_t used, std::size_t text_bytes) {
  const std::size_t wanted = std::max({index.capacity * 2, text_bytes / 4, std::size_t{256}});
  std::unique_ptr<CsvCell[]> cells(new CsvCell[wanted]);
  std::copy_n(index.cells.get(), used, cells.get());
  index.cells = std::move(cells);
  index.capacity = wanted;
}

}  // namespace

void index_rows(CsvIndex& index, std::string_view text, CsvDialect dialect, std::int64_t columns,
                bool last, std::int64_t most, std::size_t limit) {
  KERATIN_ASSERT(text.size() <= kLargestCsvText);
  index.rows = 0;
  index.end = 0;
  index.fault = CsvFault::none;
  const auto stop = [&](CsvFault fault, std::size_t at) {
    index.fault = fault;
    index.fault_at = at;
  };
  std::size_t size = text.size();
  if (const void* nul = text.empty() ? nullptr : std::memchr(text.data(), 0, size)) {
    // Rows before it are whole: their faults come first.
    size = static_cast<std::size_t>(static_cast<const char*>(nul) - text.data());
    text = text.substr(0, size);
    last = false;
    stop(CsvFault::nul, size);
  }
  std::size_t used = 0, row_used = 0;  // cells; before this row
  std::size_t begin = 0, row_begin = 0;
  const auto end_field = [&](std::size_t at) {
    if (dialect.skip_initial_space)
      while (begin < at && text[begin] == ' ') ++begin;
    index.cells[used++] = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at), 0};
    begin = at + 1;
  };
  // False: stop.
  const auto end_row = [&]() {
    const auto found = static_cast<std::int64_t>(used - row_used);
    if (columns == 0) columns = found;
    if (found != columns) {
      stop(CsvFault::ragged, row_begin);
      index.found = found;
      return false;
    }
    row_used = used;
    row_begin = begin;
    index.end = begin;
    return ++index.rows < most && begin < limit;
  };
  Marks marks(text, {dialect.separator, '\n', '\r', '"'});
  // The field whose first quote stands at `at`, and a row that it ends. False: stop.
  const auto quoted_field = [&](std::size_t at) {
    const Closing closing = closing_quote(text, at + 1);
    if (closing.at == kNowhere) {
      if (last) stop(CsvFault::unterminated, row_begin);
      return false;
    }
    const std::size_t after = closing.at + 1;
    if (!last && after == size) return false;  // another quote may follow
    marks.jump(after);
    const std::span<const std::uint32_t> next = marks.next();
    const std::size_t end = next.empty() ? size : next[0];
    if (end != after) {
      if (last || !next.empty()) stop(CsvFault::after_quote, closing.at);
      return false;
    }
    index.cells[used++] = {static_cast<std::uint32_t>(at + 1),
                           static_cast<std::uint32_t>(closing.at), closing.doubled};
    begin = after + 1;
    if (next.empty()) return true;
    marks.take(1);
    return text[after] == dialect.separator || end_row();
  };
  bool going = most > 0;
  while (going) {
    const std::span<const std::uint32_t> next = marks.next();
    if (next.empty()) break;
    if (index.capacity < used + next.size() + 1) grow(index, used, std::max(size, 4 * used));
    std::size_t quote = kNowhere;
    std::int64_t taken = 0;
    for (const std::uint32_t at : next) {
      ++taken;
      const char mark = text[at];
      if (mark == dialect.separator) {
        end_field(at);
      } else if (mark == '"') {
        if (!begins_field(text, begin, at, dialect)) continue;
        quote = at;
        break;
      } else if (used == row_used && at == begin) {  // an empty line, or the LF of CRLF
        index.end = row_begin = begin = at + 1;
        going = begin < limit;
        if (!going) break;
      } else {
        end_field(at);
        going = end_row();
        if (!going) break;
      }
    }
    marks.take(taken);
    if (quote != kNowhere) going = quoted_field(quote);
  }
  // Without a line end; a quoted field has its cell already.
  if (going && last && index.fault == CsvFault::none && (begin < size || used != row_used)) {
    if (begin <= size) {
      if (index.capacity < used + 1) grow(index, used, size);
      end_field(size);
    }
    begin = size;
    end_row();
  }
  if (index.fault == CsvFault::nul && index.rows == most) index.fault = CsvFault::none;
  index.columns = columns;
}

}  // namespace keratin::data::detail
