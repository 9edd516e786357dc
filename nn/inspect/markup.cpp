#include "nn/inspect/markup.h"

#include <algorithm>
#include <cctype>

#include "nn/inspect/cells.h"

namespace keratin::detail {

std::string escaped(std::string_view text) {
  std::string out;
  for (const Glyph& glyph : glyphs(text)) {
    for (const char c : glyph.bytes) {
      if (c == '&') {
        out += "&amp;";
      } else if (c == '<') {
        out += "&lt;";
      } else if (c == '>') {
        out += "&gt;";
      } else if (c == '"') {
        out += "&quot;";
      } else {
        out += c;
      }
    }
  }
  return out;
}

bool ends_in(std::string_view path, std::string_view suffix) {
  if (path.size() < suffix.size()) return false;
  return std::equal(suffix.rbegin(), suffix.rend(), path.rbegin(), [](char a, char b) {
    return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
  });
}

}  // namespace keratin::detail
