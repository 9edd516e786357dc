#include "nn/inspect/cells.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace keratin::tests {
namespace {

using detail::Align;

TEST_CASE("cell_width: letters, marks, wide characters, what is no text") {
  const std::vector<std::pair<std::string_view, std::int64_t>> rows = {{"", 0},
                                                                       {"abc", 3},
                                                                       {"é", 1},
                                                                       {"e\u0301", 1},
                                                                       {"\u0301", 0},
                                                                       {"日本", 4},
                                                                       {"한", 2},
                                                                       {"━", 1},
                                                                       {"😀", 2},
                                                                       {"\x1b[1m", 4},
                                                                       {"a\nb", 3},
                                                                       {"\xff", 1},
                                                                       {"\xe2\x94", 2},
                                                                       {"\xc0\x80", 2},
                                                                       {"\xed\xa0\x80", 3},
                                                                       {"\xf4\x90\x80\x80", 4},
                                                                       {"\x7f", 1},
                                                                       {"\xc2\x85", 1},
                                                                       {"\xc3", 1},
                                                                       {"\xe2\x41\x42", 3}};
  for (const auto& [text, cells] : rows) {
    CAPTURE(text);
    CHECK(detail::cell_width(text) == cells);
  }
  CHECK(detail::glyphs("e\u0301x").size() == 2);
  CHECK(detail::glyphs("\u0301\u0301").size() == 1);
  CHECK(detail::cropped("a\x1b[31m", 10) == "a\uFFFD[31m");
}

TEST_CASE("cropped and aligned") {
  CHECK(detail::cropped("abcdef", 6) == "abcdef");
  CHECK(detail::cropped("abcdef", 5) == "abcd…");
  CHECK(detail::cropped("abcdef", 1) == "…");
  CHECK(detail::cropped("abcdef", 0) == "");
  CHECK(detail::cropped("abcdef", -3) == "");
  CHECK(detail::cropped("日本語", 4) == "日…");
  CHECK(detail::cropped("日本語", 5) == "日本…");
  CHECK(detail::cropped("e\u0301e\u0301e\u0301", 2) == "e\u0301…");
  CHECK(detail::aligned("ab", 5, Align::left) == "ab   ");
  CHECK(detail::aligned("ab", 5, Align::center) == " ab  ");
  CHECK(detail::aligned("ab", 5, Align::right) == "   ab");
  CHECK(detail::aligned("日本語", 4, Align::right) == " 日…");
}

}  // namespace
}  // namespace keratin::tests
