// Text with bold and coloured parts, for a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/inspect/cells.h"

namespace keratin::detail {

enum class Style : std::uint8_t {
  plain,
  bold,
  number,
  unknown,  // a None in a shape
  symbol,   // the name of a class
  yes,
  no,
  done,  // the two parts of a progress bar
  to_do
};

struct Span {
  std::string text = {};
  Style style = Style::plain;
};
using StyledText = std::vector<Span>;

struct StyledGlyph {
  Glyph glyph;
  Style style = Style::plain;
};
using StyledLine = std::vector<StyledGlyph>;

/// The glyphs of `text`, which must outlive them.
StyledLine glyphs_of(const StyledText& text);

std::int64_t width_of(const StyledLine& line);

/// The beginning that fits into `cells`, its end replaced by "…" where it is longer.
StyledLine cropped(StyledLine line, std::int64_t cells);

/// With escape sequences for the styles, or without.
std::string to_text(const StyledLine& line, bool styled);

}  // namespace keratin::detail
