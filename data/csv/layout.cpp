#include "data/csv/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "data/utf8.h"
#include "tensor/named.h"

namespace keratin::data::detail {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// That of the first row; none: the row does not end in text. Quotes hide what they hold.
std::optional<char> infer_separator(std::string_view text, bool whole) {
  constexpr std::string_view kKnown = ",;\t|";
  std::array<std::int64_t, kKnown.size()> counts = {};
  bool quoted = false, any = false, ended = whole;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if ((c == '\n' || c == '\r') && !quoted && any) {
      ended = true;
      break;
    }
    any |= c != '\n' && c != '\r';
    const std::size_t which = quoted ? std::string_view::npos : kKnown.find(c);
    if (which != std::string_view::npos) ++counts[which];
  }
  if (!ended) return {};
  if (counts[0] > 0) return ',';
  const auto most = static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                             counts.begin());  // the comma if there is none
  return kKnown[most];
}

std::vector<std::string> names_of_header(const std::string& where, const CsvIndex& index,
                                         const char* text) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < index.columns; ++i) {
    std::string name = text_of(index.cells[static_cast<std::size_t>(i)], text);
    if (well_formed_utf8(name) != name.size())
      throw FileError(fmt::format("{}: the name of column {} is not UTF-8", where, i));
    if (name.empty()) name = fmt::format("Unnamed: {}", i);
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> names_of(const std::string& where, const CsvIndex& index, const char* text,
                                  bool header, const CsvOptions& options) {
  std::vector<std::string> names = options.names;
  if (!names.empty()) {
    if (static_cast<std::int64_t>(names.size()) != index.columns) {
      throw ValueError(fmt::format("{}: {} names were given; the file has {} columns", where,
                                   names.size(), index.columns));
    }
    return names;
  }
  if (header) {
    names = names_of_header(where, index, text);
  } else {
    for (std::int64_t i = 0; i < index.columns; ++i) names.push_back(std::to_string(i));
  }
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) {
      throw FileError(fmt::format(
          "{}: two columns are called \"{}\"; names must differ. Give other ones by names, with "
          "header = true.",
          where, name));
    }
  }
  return names;
}

void require_known(const std::string& where, const char* option, const std::string& name,
                   const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  throw ValueError(fmt::format("{}: {} names a column \"{}\", which the file does not have{}",
                               where, option, name, name_hint(name, names)));
}

}  // namespace

bool CsvPlan::update(std::uint8_t more, const CsvRules& rules) {
  seen |= more;
  const DType now = dtype_of_seen(seen);
  const char mark = (seen & kSeenComma) != 0 || !rules.point ? ',' : '.';
  const bool changed = now != dtype || (now == float64 && mark != decimal);
  dtype = now;
  decimal = mark;
  return changed;
}

void check_options(const char* what, const CsvOptions& options) {
  const std::string& separator = options.separator;
  if (separator.size() > 1 || separator == "\"" || separator == "\n" || separator == "\r" ||
      separator == std::string(1, '\0')) {
    throw ValueError(fmt::format(
        "{}: separator is \"{}\"; expected one character, and neither a quote nor a line end", what,
        separator));
  }
  if (!options.decimal.empty() && options.decimal != "." && options.decimal != ",") {
    throw ValueError(
        fmt::format("{}: decimal is \"{}\"; expected \".\" or \",\"", what, options.decimal));
  }
  if (options.decimal == "," && separator == ",") {
    throw ValueError(
        fmt::format("{}: separator and decimal are both \",\"; expected two marks", what));
  }
  if (options.skip_initial_space && separator == " ") {
    throw ValueError(fmt::format(
        "{}: the separator is a space, which skip_initial_space would leave out", what));
  }
  std::set<std::string_view> seen;
  for (const std::string& name : options.names) {
    if (name.empty() || !seen.insert(name).second) {
      throw ValueError(fmt::format("{}: names has \"{}\"{}; expected names that differ", what, name,
                                   name.empty() ? "" : " twice"));
    }
  }
  for (const auto& [name, dtype] : options.dtypes) {
    if (dtype == bfloat16) {
      throw DTypeError(
          fmt::format("{}: dtypes has bfloat16 for \"{}\"; expected float32, float64, uint8, "
                      "int32, int64, bool "
                      "or string",
                      what, name));
    }
  }
}

CsvRules rules_of(const CsvOptions& options, char separator) {
  CsvRules rules{.missing = CsvMissing(options)};
  rules.point = options.decimal != ",";
  rules.comma = options.decimal == "," || (options.decimal.empty() && separator != ',');
  return rules;
}

std::optional<CsvLayout> layout_of(const std::string& where, std::string_view start, bool whole,
                                   const CsvOptions& options) {
  CsvLayout layout{.where = where};
  if (start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff"))
    throw FileError(fmt::format("{}: is UTF-16; expected UTF-8. Convert it first.", where));
  std::string_view text = start;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  layout.dialect.skip_initial_space = options.skip_initial_space;
  if (options.separator.empty()) {
    const std::optional<char> separator = infer_separator(text, whole);
    if (!separator) return {};
    layout.dialect.separator = *separator;
  } else {
    layout.dialect.separator = options.separator[0];
  }
  CsvIndex index;
  index_rows(index, text, layout.dialect, 0, whole, 1);
  if (index.fault != CsvFault::none) throw_fault(where, text, index, 1);
  if (index.rows == 0) {
    if (!whole) return {};
    throw FileError(fmt::format("{}: is empty; expected at least a row", where));
  }
  const bool header = options.header.value_or(options.names.empty());
  const std::vector<std::string> names = names_of(where, index, text.data(), header, options);
  layout.columns = index.columns;
  layout.first_row = static_cast<std::int64_t>(start.size() - text.size());
  if (header) layout.first_row += static_cast<std::int64_t>(index.end);
  for (const std::string& name : options.columns) require_known(where, "columns", name, names);
  for (const auto& [name, dtype] : options.dtypes) require_known(where, "dtypes", name, names);
  const CsvRules rules = rules_of(options, layout.dialect.separator);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!options.columns.empty() && std::find(options.columns.begin(), options.columns.end(),
                                              names[i]) == options.columns.end())
      continue;
    CsvPlan plan{.name = names[i], .column = static_cast<std::int64_t>(i)};
    if (!rules.point) plan.decimal = ',';
    if (const DType* given = options.dtypes.find(names[i])) {
      plan.inferred = false;
      plan.dtype = *given;
    }
    layout.plans.push_back(std::move(plan));
  }
  return layout;
}

std::int64_t count_lines(std::string_view text) {
  std::int64_t lines = std::count(text.begin(), text.end(), '\n');
  for (std::size_t at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1))
    lines += at + 1 == text.size() || text[at + 1] != '\n' ? 1 : 0;
  return lines;
}

void throw_fault(const std::string& where, std::string_view text, const CsvIndex& index,
                 std::int64_t line) {
  std::string problem;
  switch (index.fault) {
    case CsvFault::ragged:
      problem = fmt::format("the row has {} field{}; expected {}, as in the first row", index.found,
                            index.found == 1 ? "" : "s", index.columns);
      break;
    case CsvFault::after_quote:
      problem =
          "text follows the quote that ends a field; expected a separator or a line end. Quotes "
          "inside a quoted field are doubled.";
      break;
    case CsvFault::unterminated:
      problem = "a quoted field in the row that begins here has no end; expected a closing quote";
      break;
    case CsvFault::nul:
      problem = "holds a NUL byte: it is binary, or UTF-16; expected text in UTF-8";
      break;
    case CsvFault::none:
      KERATIN_ASSERT(index.fault != CsvFault::none);
  }
  throw FileError(fmt::format("{}: line {}: {}", where,
                              line + count_lines(text.substr(0, index.fault_at)), problem));
}

void throw_field(const std::string& where, std::string_view text, const CsvIndex& index,
                 std::int64_t line, const CsvPlan& plan, const CsvRules& rules, std::int64_t row,
                 const char* hint) {
  constexpr std::int64_t kShown = 60;
  const CsvCell& cell = CsvCells{text.data(), index, plan.column}.first()[row * index.columns];
  const std::string field = text_of(cell, text.data());
  line += count_lines(text.substr(0, cell.begin));
  const auto fail = [&](const std::string& problem) {
    throw FileError(fmt::format("{}: line {}: column \"{}\" {}", where, line, plan.name, problem));
  };
  if (plan.dtype == string) fail("has text that is not UTF-8; expected UTF-8. Convert the file.");
  std::string shown = replace_ill_formed_utf8(utf8_prefix(field, kShown));
  if (shown.size() < field.size()) shown += "...";
  if (rules.missing.in_numbers(cell.in(text.data()))) {
    fail(fmt::format("has no value, \"{}\"; {} cannot say so. {}", shown, name_of(plan.dtype),
                     *hint != '\0'           ? hint
                     : plan.dtype == boolean ? "Use the dtype string."
                                             : "Use float32 or float64, where it becomes NaN."));
  }
  fail(fmt::format("holds \"{}\"; expected {}{}{}", shown,
                   plan.dtype == boolean ? "" : "a number of ",
                   plan.dtype == boolean ? "true or false" : name_of(plan.dtype),
                   *hint != '\0' ? fmt::format(". {}", hint) : ""));
  throw Error("");
}

}  // namespace keratin::data::detail
