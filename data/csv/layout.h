// What a file of rows says of its columns before the first row of values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv/columns.h"
#include "data/csv/read_csv.h"
#include "data/csv/rows.h"

namespace keratin::data::detail {

/// A column that is read.
struct CsvPlan {
  std::string name = {};
  std::int64_t column = 0;  // of the file
  bool inferred = true;
  DType dtype = string;
  char decimal = '.';
  std::uint8_t seen = 0;  // of an inferred one

  /// dtype and decimal of what was seen, `more` included; are they others than before?
  bool update(std::uint8_t more, const CsvRules& rules);
};

struct CsvLayout {
  std::string where = {};  // "read_csv: x.csv", for messages
  CsvDialect dialect = {};
  std::int64_t columns = 0;  // of the file
  std::vector<CsvPlan> plans = {};
  std::int64_t first_row = 0;  // where the first row of values begins
};

/// Throws ValueError for options that cannot be, whatever the file.
void check_options(const char* what, const CsvOptions& options);

CsvRules rules_of(const CsvOptions& options, char separator);

/// From the first bytes of a file, kCsvPadding readable ones after them; none: it takes more of
/// them. Throws FileError or ValueError.
std::optional<CsvLayout> layout_of(const std::string& where, std::string_view start, bool whole,
                                   const CsvOptions& options);

/// Lines that end in text: LF, CRLF, CR.
std::int64_t count_lines(std::string_view text);

/// Throws FileError for index.fault. `line`: that of text's first byte, from 1 on.
[[noreturn]] void throw_fault(const std::string& where, std::string_view text,
                              const CsvIndex& index, std::int64_t line);

/// Throws FileError for a field that is not of its column's dtype.
[[noreturn]] void throw_field(const std::string& where, std::string_view text,
                              const CsvIndex& index, std::int64_t line, const CsvPlan& plan,
                              const CsvRules& rules, std::int64_t row, const char* hint);

}  // namespace keratin::data::detail
