// Where the rows and fields of a text are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "data/csv/marks.h"

namespace keratin::data::detail {

/// Offsets are of 32 bits, and one of these is a mark.
inline constexpr std::size_t kLargestCsvText = (std::size_t{1} << 31) - 1 - kCsvPadding;

struct CsvDialect {
  char separator = ',';
  bool skip_initial_space = false;
};

/// A field without its quotes: text[begin, end).
struct CsvCell {
  std::uint32_t begin = 0;
  std::uint32_t end : 31 = 0;
  std::uint32_t doubled : 1 = 0;  // quotes inside are doubled

  std::string_view in(const char* text) const { return {text + begin, end - begin}; }
};

enum class CsvFault : std::uint8_t { none, ragged, after_quote, unterminated, nul };

/// All fields of a text, row by row.
struct CsvIndex {
  std::unique_ptr<CsvCell[]> cells;
  std::size_t capacity = 0;
  std::int64_t columns = 0, rows = 0;
  std::size_t end = 0;  // just after the last whole row
  CsvFault fault = CsvFault::none;
  std::size_t fault_at = 0;  // the row's begin; of `after_quote` and `nul`, the byte
  std::int64_t found = 0;    // fields of a ragged row
};

inline constexpr std::int64_t kAllRows = std::int64_t{1} << 62;
inline constexpr std::size_t kWholeText = ~std::size_t{0};

/// Finds the fields of the rows in text, which begins with one; kCsvPadding bytes after it can be
/// read. A row that has no end yet is left out, unless text is the `last` of its file. Rows have as
/// many fields as `columns` says, or as the first one if that is 0; at most `most` rows, and those
/// that begin in text[0, limit). Stops at a fault. text.size() <= kLargestCsvText.
void index_rows(CsvIndex& index, std::string_view text, CsvDialect dialect, std::int64_t columns,
                bool last, std::int64_t most, std::size_t limit = kWholeText);

}  // namespace keratin::data::detail
