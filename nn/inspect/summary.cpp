#include "nn/inspect/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

#include "nn/inspect/table.h"
#include "nn/inspect/terminal.h"

namespace keratin::detail {
namespace {

constexpr std::int64_t kFewestCells = 4;  // of a column, borders not counted

std::vector<TableColumn> columns_of(bool connections, bool trainable) {
  std::vector<TableColumn> columns = {
      {"Layer (type)"}, {"Output Shape"}, {"Param #", Align::right}};
  if (connections) columns.push_back({"Connected to"});
  if (trainable) columns.push_back({"Trainable", Align::center});
  return columns;
}

std::vector<double> checked_positions(const SummaryOptions& options, bool connections) {
  std::vector<double> positions = options.positions;
  if (positions.empty()) {
    positions = connections ? std::vector{0.3, 0.56, 0.74, 1.0} : std::vector{0.45, 0.8, 1.0};
  }
  const std::size_t expected = connections ? 4 : 3;
  bool rising = true;
  double last = 0;
  for (const double position : positions) {
    rising = rising && position > last && position <= 1;  // false for NaN
    last = position;
  }
  if (positions.size() != expected || !rising) {
    throw ValueError(
        fmt::format("summary: positions do not fit the columns: they are [{}]; expected {} numbers "
                    "that rise to at most 1, where each of {} columns ends",
                    fmt::join(positions, ", "), expected, expected));
  }
  if (options.show_trainable) {
    for (double& position : positions) position *= 0.9;
    positions.push_back(1.0);
  }
  return positions;
}

// Takes `excess` cells from the columns, each an equal part of what is left, halves to even.
void shrink(std::vector<TableColumn>& columns, std::int64_t excess) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto part =
        std::nearbyint(static_cast<double>(excess) / static_cast<double>(columns.size() - c));
    columns[c].cells -= static_cast<std::int64_t>(part);
    excess -= static_cast<std::int64_t>(part);
  }
}

// Gives `space` cells to the columns in proportion to their widths, rounded up.
void grow(std::vector<TableColumn>& columns, std::int64_t space) {
  std::int64_t total = 0;
  for (const TableColumn& column : columns) total += column.cells + 2;
  for (TableColumn& column : columns) {
    const std::int64_t width = column.cells + 2;
    const std::int64_t part = (width * space + total - 1) / total;
    column.cells += part;
    space -= part;
    total -= width;
  }
}

// Each column's part of the line is its text; the spaces beside it and the borders are then taken
// from all columns alike.
void set_widths(std::vector<TableColumn>& columns, const std::vector<double>& positions,
                std::int64_t line_length) {
  const auto n = static_cast<std::int64_t>(columns.size());
  std::int64_t end = 0;
  bool wide_enough = true;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto next = static_cast<std::int64_t>(positions[c] * static_cast<double>(line_length));
    columns[c].cells = next - end;
    wide_enough = wide_enough && columns[c].cells >= kFewestCells;
    end = next;
  }
  const std::int64_t excess = end + 2 * n + (n + 1) - line_length;
  if (excess > 0) shrink(columns, excess);
  if (excess < 0) grow(columns, -excess);
  for (const TableColumn& column : columns) wide_enough = wide_enough && column.cells > 0;
  if (!wide_enough) {
    throw ValueError(fmt::format(
        "summary: the line is too narrow: line_length is {} for {} columns that end at [{}]; "
        "expected at least {} cells a column. Pass a larger line_length.",
        line_length, n, fmt::join(positions, ", "), kFewestCells));
  }
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// "(None, 28)": the numbers and the Nones stand out.
StyledText shape_cell(std::string_view text) {
  StyledText cell;
  while (!text.empty()) {
    std::size_t length = 1;
    Style style = Style::plain;
    if (text.starts_with("None")) {
      length = 4;
      style = Style::unknown;
    } else if (is_digit(text[0])) {
      while (length < text.size() && is_digit(text[length])) ++length;
      style = Style::number;
    }
    cell.push_back({std::string(text.substr(0, length)), style});
    text.remove_prefix(length);
  }
  return cell;
}

// "dense_1[0][0], add[0][0]": the numbers in brackets stand out.
StyledText connections_cell(std::string_view text) {
  StyledText cell;
  bool in_brackets = false;
  for (const char c : text) {
    if (c == ']') in_brackets = false;
    const Style style = in_brackets && is_digit(c) ? Style::number : Style::plain;
    if (cell.empty() || cell.back().style != style) cell.push_back({"", style});
    cell.back().text += c;
    if (c == '[') in_brackets = true;
  }
  return cell;
}

StyledText params_cell(const std::optional<std::int64_t>& params) {
  if (!params) return {{"0", Style::number}, {" (unbuilt)"}};
  return {{count_text(*params), Style::number}};
}

StyledText trainable_cell(const std::optional<bool>& trainable) {
  if (!trainable) return {{"-", Style::bold}};
  return *trainable ? StyledText{{"Y", Style::yes}} : StyledText{{"N", Style::no}};
}

std::vector<StyledText> cells_of(const SummaryRow& row, bool connections, bool trainable) {
  std::string prefix(static_cast<std::size_t>(3 * row.nesting), ' ');
  if (row.nesting > 0) prefix += "└ ";
  std::vector<StyledText> cells = {
      {{prefix + row.name + " ("}, {row.class_name, Style::symbol}, {")"}},
      shape_cell(row.output_shape),
      params_cell(row.params)};
  if (connections) {
    cells.push_back(connections_cell(row.connected_to.empty() ? "-" : row.connected_to));
  }
  if (trainable) cells.push_back(trainable_cell(row.trainable));
  return cells;
}

std::string line_text(const StyledText& text, bool styled) {
  return to_text(glyphs_of(text), styled) + '\n';
}

std::string total_line(std::string_view label, ParamTotal total, bool styled) {
  return line_text({{fmt::format(" {} params: ", label), Style::bold},
                    {count_text(total.count), Style::number},
                    {fmt::format(" ({})", memory_text(total.bytes))}},
                   styled);
}

}  // namespace

std::string output_shape_text(const std::vector<Shape>& shapes) {
  if (shapes.empty()) return "?";
  if (shapes.size() == 1) return shapes[0].tuple_text();
  std::vector<std::string> texts;
  for (const Shape& shape : shapes) texts.push_back(shape.tuple_text());
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::string memory_text(std::int64_t bytes) {
  constexpr std::string_view units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
  return fmt::format("{:.2f} {}", value, units[unit]);
}

std::string count_text(std::int64_t count) {
  std::string text = fmt::format("{}", count);
  const std::size_t first_digit = count < 0 ? 1 : 0;
  for (auto place = static_cast<std::ptrdiff_t>(text.size()) - 3;
       place > static_cast<std::ptrdiff_t>(first_digit); place -= 3) {
    text.insert(static_cast<std::size_t>(place), ",");
  }
  return text;
}

std::string summary_text(const Summary& summary, const SummaryOptions& options,
                         std::int64_t columns, bool styled) {
  std::vector<TableColumn> table = columns_of(summary.connections, options.show_trainable);
  const std::int64_t widest = (summary.connections ? 108 : 88) + (options.show_trainable ? 12 : 0);
  set_widths(table, checked_positions(options, summary.connections),
             options.line_length.value_or(std::min(widest, columns - 4)));
  std::vector<std::vector<StyledText>> rows;
  for (const SummaryRow& row : summary.rows) {
    rows.push_back(cells_of(row, summary.connections, options.show_trainable));
  }
  const ParamTotal optimizer = summary.optimizer.value_or(ParamTotal{});
  const ParamTotal total = {
      summary.trainable.count + summary.non_trainable.count + optimizer.count,
      summary.trainable.bytes + summary.non_trainable.bytes + optimizer.bytes};

  std::string text =
      line_text({{fmt::format("Model: \"{}\"", summary.model_name), Style::bold}}, styled);
  text += table_text(table, rows, styled);
  text += total_line("Total", total, styled);
  text += total_line("Trainable", summary.trainable, styled);
  text += total_line("Non-trainable", summary.non_trainable, styled);
  if (summary.optimizer) text += total_line("Optimizer", optimizer, styled);
  return text;
}

void print_summary(const Summary& summary, const SummaryOptions& options) {
  if (options.print_fn) {
    options.print_fn(summary_text(summary, options, terminal_columns(), false));
  } else {
    write_stdout(summary_text(summary, options, terminal_columns(), stdout_takes_styles()));
  }
}

}  // namespace keratin::detail
