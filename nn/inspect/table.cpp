#include "nn/inspect/table.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace keratin::detail {
namespace {

bool is_space(const StyledGlyph& g) { return g.glyph.bytes == " "; }

StyledLine without_trailing_spaces(StyledLine line) {
  while (!line.empty() && is_space(line.back())) line.pop_back();
  return line;
}

// Words with the spaces after them; spaces at the very start belong to the first.
std::vector<StyledLine> words_of(const StyledLine& text) {
  std::vector<StyledLine> words(1);
  bool ended = false;  // has the last word its spaces already?
  for (const StyledGlyph& g : text) {
    if (!is_space(g) && ended) words.emplace_back();
    words.back().push_back(g);
    ended = is_space(g) && (ended || !without_trailing_spaces(words.back()).empty());
  }
  return words;
}

// Greedy: a word that does not fit into what is left of a line starts the next one.
std::vector<StyledLine> wrapped(const StyledText& text, std::int64_t cells) {
  std::vector<StyledLine> lines(1);
  for (const StyledLine& word : words_of(glyphs_of(text))) {
    const bool fits = width_of(lines.back()) + width_of(without_trailing_spaces(word)) <= cells;
    if (!fits && !lines.back().empty()) lines.emplace_back();
    lines.back().insert(lines.back().end(), word.begin(), word.end());
  }
  for (StyledLine& line : lines) line = cropped(without_trailing_spaces(std::move(line)), cells);
  return lines;
}

void append_aligned(std::string& out, const StyledLine& line, const TableColumn& column,
                    bool styled) {
  const auto space = static_cast<std::size_t>(column.cells - width_of(line));
  const std::size_t before = column.align == Align::left    ? 0
                             : column.align == Align::right ? space
                                                            : space / 2;
  out.append(before, ' ');
  out += to_text(line, styled);
  out.append(space - before, ' ');
}

struct Rule {
  std::string_view left, line, cross, right;
};
constexpr Rule kTop = {"┏", "━", "┳", "┓"}, kUnderHeader = {"┡", "━", "╇", "┩"},
               kBetween = {"├", "─", "┼", "┤"}, kBottom = {"└", "─", "┴", "┘"};

std::string rule(const std::vector<TableColumn>& columns, const Rule& with) {
  std::string out(with.left);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (c > 0) out += with.cross;
    for (std::int64_t i = 0; i < columns[c].cells + 2; ++i) out += with.line;
  }
  return out.append(with.right) + '\n';
}

// Where a cell of fewer lines than its row stands.
enum class Anchor : std::uint8_t { top, bottom };

std::string row_text(const std::vector<TableColumn>& columns, const std::vector<StyledText>& row,
                     std::string_view border, Anchor anchor, bool styled) {
  std::vector<std::vector<StyledLine>> cells;
  std::size_t height = 1;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    cells.push_back(wrapped(row[c], columns[c].cells));
    height = std::max(height, cells.back().size());
  }
  std::string out;
  for (std::size_t i = 0; i < height; ++i) {
    out += border;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::size_t above = anchor == Anchor::bottom ? height - cells[c].size() : 0;
      const bool blank = i < above || i - above >= cells[c].size();
      out += ' ';
      append_aligned(out, blank ? StyledLine() : cells[c][i - above], columns[c], styled);
      out += ' ';
      out += border;
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string table_text(const std::vector<TableColumn>& columns,
                       const std::vector<std::vector<StyledText>>& rows, bool styled) {
  std::vector<StyledText> header;
  for (const TableColumn& column : columns) header.push_back({{column.header, Style::bold}});
  std::string out = rule(columns, kTop);
  out += row_text(columns, header, "┃", Anchor::bottom, styled);
  out += rule(columns, kUnderHeader);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (r > 0) out += rule(columns, kBetween);
    out += row_text(columns, rows[r], "│", Anchor::top, styled);
  }
  return out + rule(columns, kBottom);
}

}  // namespace keratin::detail
