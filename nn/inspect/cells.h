// Text in a terminal's cells: UTF-8 split into what takes one place on the screen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keratin::detail {

/// One character with the marks that combine with it.
struct Glyph {
  std::string_view bytes;
  std::int64_t cells = 1;  // 2 for Chinese, Japanese, Korean and emoji; 0 for a mark on its own
};

/// The glyphs of `text`, which must outlive them. What a terminal would take for a command (control
/// characters) and bytes that are not UTF-8 become U+FFFD.
std::vector<Glyph> glyphs(std::string_view text);

/// How many cells `text` takes.
std::int64_t cell_width(std::string_view text);

/// The beginning of `text` that fits into `cells`, its end replaced by "…" where it is longer.
std::string cropped(std::string_view text, std::int64_t cells);

enum class Align : std::uint8_t { left, center, right };

/// `text` cropped and filled up with spaces to exactly `cells`; centred text leans to the left.
std::string aligned(std::string_view text, std::int64_t cells, Align align);

}  // namespace keratin::detail
