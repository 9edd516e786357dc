#include "data/csv/columns.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "data/csv/parse_number.h"
#include "data/csv/read_csv.h"
#include "data/utf8.h"

namespace keratin::data::detail {
namespace {

constexpr std::string_view kMissing[] = {
    "",     "NA",   "N/A", "n/a",  "NaN",      "nan",    "-NaN",    "-nan",    "NULL",    "null",
    "None", "#N/A", "#NA", "<NA>", "#N/A N/A", "1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN"};

bool parse_bool(std::string_view text, bool& value) {
  value = text == "true" || text == "True" || text == "TRUE";
  return value || text == "false" || text == "False" || text == "FALSE";
}

template <class T>
[[gnu::always_inline]] inline bool parse(std::string_view text, char decimal, T& value) {
  if constexpr (std::is_same_v<T, double>) {
    return parse_double(text, decimal, value);
  } else if constexpr (std::is_same_v<T, float>) {
    return parse_float(text, decimal, value);
  } else if constexpr (std::is_same_v<T, bool>) {
    return parse_bool(text, value);
  } else {
    std::int64_t wide = 0;
    if (!parse_int(text, wide)) return false;
    value = static_cast<T>(wide);
    return static_cast<std::int64_t>(value) == wide;
  }
}

template <class T>
std::int64_t convert_numbers(const CsvCells& cells, const CsvRules& rules, char decimal, T* y) {
  const std::int64_t rows = cells.index.rows, columns = cells.index.columns;
  const char* const texts = cells.text;
  const bool plain = !rules.missing.numeric();  // no number stands for a missing one
  const CsvCell* cell = cells.first();
  for (std::int64_t row = 0; row < rows; ++row, cell += columns) {
    const std::string_view text = cell->in(texts);
    if (plain && parse(text, decimal, y[row])) continue;
    const bool missing = rules.missing.in_numbers(text);
    if constexpr (std::is_floating_point_v<T>) {
      if (missing) {
        y[row] = std::numeric_limits<T>::quiet_NaN();
        continue;
      }
    }
    if (missing || !parse(text, decimal, y[row])) return row;
  }
  return rows;
}

std::int64_t convert_strings(const CsvCells& cells, const CsvRules& rules, bool valid,
                             std::string* y) {
  const std::int64_t rows = cells.index.rows, columns = cells.index.columns;
  const bool missing = rules.missing.given();
  const CsvCell* cell = cells.first();
  for (std::int64_t row = 0; row < rows; ++row, cell += columns) {
    const std::string_view text = cell->in(cells.text);
    if (!valid && well_formed_utf8(text) != text.size()) return row;
    if (cell->doubled) {
      y[row] = text_of(*cell, cells.text);
    } else {
      y[row].assign(text);
    }
    if (missing && rules.missing.in_strings(y[row])) y[row].clear();
  }
  return rows;
}

}  // namespace

CsvMissing::CsvMissing(const CsvOptions& options) {
  if (options.keep_default_na)
    for (const std::string_view text : kMissing) all_.add(text);
  for (const std::string& text : options.na_values) {
    all_.add(text);
    given_.add(text);
    double value = 0;
    bool truth = false;
    numeric_ |= parse_double_slowly(text, '.', value) || parse_double_slowly(text, ',', value) ||
                parse_bool(text, truth);
  }
}

void CsvMissing::Texts::add(std::string_view text) {
  texts.emplace_back(text);
  longest = std::max(longest, text.size());
}

bool CsvMissing::contains(const Texts& set, std::string_view text) {
  return text.size() <= set.longest &&
         std::find(set.texts.begin(), set.texts.end(), text) != set.texts.end();
}

std::uint8_t classify(const CsvCells& cells, const CsvRules& rules) {
  std::uint8_t seen = 0;
  const CsvCell* cell = cells.first();
  for (std::int64_t row = 0; row < cells.index.rows && (seen & kSeenText) == 0; ++row) {
    const std::string_view text = cell->in(cells.text);
    cell += cells.index.columns;
    std::int64_t whole = 0;
    double number = 0;
    bool truth = false;
    if (rules.missing.in_numbers(text)) {
      seen |= kSeenMissing;
    } else if (parse_int(text, whole)) {
      seen |= kSeenInteger;
    } else if (rules.point && parse_double(text, '.', number)) {
      seen |= text.find('.') != std::string_view::npos ? kSeenPoint : kSeenNumber;
    } else if (rules.comma && parse_double(text, ',', number)) {
      seen |= text.find(',') != std::string_view::npos ? kSeenComma : kSeenNumber;
    } else {
      seen |= parse_bool(text, truth) ? kSeenBool : kSeenText;
    }
  }
  return seen;
}

DType dtype_of_seen(std::uint8_t seen) {
  const auto has = [&](int bits) { return (seen & bits) != 0; };
  if (seen == 0 || has(kSeenText)) return string;
  if (has(kSeenBool)) return seen == kSeenBool ? boolean : string;
  if (has(kSeenPoint) && has(kSeenComma)) return string;
  return seen == kSeenInteger ? int64 : float64;
}

std::int64_t convert_column(const CsvCells& cells, const CsvRules& rules, char decimal, DType dtype,
                            Tensor& y, std::int64_t first, bool valid) {
  if (dtype == string)
    return convert_strings(cells, rules, valid, y.mutable_strings().data() + first);
  const auto numbers = [&]<class T>() {
    return convert_numbers(cells, rules, decimal, y.mutable_data<T>() + first);
  };
  if (dtype == boolean) return numbers.operator()<bool>();
  return dispatch_numbers("read_csv", dtype, numbers);
}

std::string text_of(const CsvCell& cell, const char* text) {
  std::string result(cell.in(text));
  if (cell.doubled) {
    std::size_t to = 0;
    for (std::size_t from = 0; from < result.size(); ++from, ++to) {
      result[to] = result[from];
      if (result[from] == '"') ++from;
    }
    result.resize(to);
  }
  return result;
}

}  // namespace keratin::data::detail
