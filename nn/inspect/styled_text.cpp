#include "nn/inspect/styled_text.h"

#include <algorithm>
#include <string_view>

namespace keratin::detail {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

// Numbers after 38;5: the 256 colours of xterm, in Keras' choice.
std::string_view escape_code(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::number:
      return "\x1b[38;5;34m";  // green
    case Style::unknown:
      return "\x1b[38;5;45m";  // cyan
    case Style::symbol:
      return "\x1b[38;5;33m";  // blue
    case Style::yes:
      return "\x1b[1;38;5;34m";
    case Style::no:
      return "\x1b[1;38;5;9m";  // red
    case Style::done:
      return "\x1b[32m";  // green
    case Style::to_do:
      return "\x1b[37m";  // grey
  }
  return "";
}

}  // namespace

StyledLine glyphs_of(const StyledText& text) {
  StyledLine line;
  for (const Span& span : text)
    for (const Glyph& glyph : glyphs(span.text)) line.push_back({glyph, span.style});
  return line;
}

std::int64_t width_of(const StyledLine& line) {
  std::int64_t cells = 0;
  for (const StyledGlyph& g : line) cells += g.glyph.cells;
  return cells;
}

StyledLine cropped(StyledLine line, std::int64_t cells) {
  std::int64_t width = width_of(line);
  if (width <= cells) return line;
  const Style style = line.back().style;
  while (!line.empty() && width > std::max<std::int64_t>(cells - 1, 0)) {
    width -= line.back().glyph.cells;
    line.pop_back();
  }
  if (cells > 0) line.push_back({{"…", 1}, style});
  return line;
}

std::string to_text(const StyledLine& line, bool styled) {
  std::string out;
  Style now = Style::plain;
  const auto change_to = [&](Style next) {
    if (!styled || next == now) return;
    if (now != Style::plain) out += kReset;
    out += escape_code(next);
    now = next;
  };
  for (const StyledGlyph& g : line) {
    change_to(g.style);
    out += g.glyph.bytes;
  }
  change_to(Style::plain);
  return out;
}

}  // namespace keratin::detail
