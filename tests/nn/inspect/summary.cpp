#include "nn/inspect/summary.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "kernels/error.h"
#include "tests/golden/inspect.h"

namespace keratin::tests {
namespace {

using detail::Summary;
using detail::summary_text;

Summary one_layer() {
  return {.model_name = "m",
          .rows = {{.name = "dense",
                    .class_name = "Dense",
                    .output_shape = "(None, 3)",
                    .params = 1200,
                    .connected_to = "in_1[0][12]",
                    .trainable = false}},
          .connections = true};
}

TEST_CASE("summary_text is what Keras prints") {
  int number = 0;
  for (const golden::SummaryCase& c : golden::summaries()) {
    CAPTURE(number++);
    CHECK(summary_text(c.summary, c.options, c.columns) == c.text);
  }
}

TEST_CASE("summary_text with styles: bold labels, coloured numbers") {
  const std::string text = summary_text(one_layer(), {.show_trainable = true}, 200, true);
  for (const char* part :
       {"\x1b[1mModel: \"m\"\x1b[0m\n", "┃ \x1b[1mLayer (type)\x1b[0m  ",
        "│ dense (\x1b[38;5;33mDense\x1b[0m)  ",
        "│ (\x1b[38;5;45mNone\x1b[0m, \x1b[38;5;34m3\x1b[0m)  ", " \x1b[38;5;34m1,200\x1b[0m │",
        "│ in_1[\x1b[38;5;34m0\x1b[0m][\x1b[38;5;34m12\x1b[0m]  ", " \x1b[1;38;5;9mN\x1b[0m ",
        "\x1b[1m Total params: \x1b[0m\x1b[38;5;34m0\x1b[0m (0.00 B)\n"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
  std::string plain;
  bool in_code = false;
  for (const char c : text) {
    if (c == '\x1b') in_code = true;
    if (!in_code) plain += c;
    if (c == 'm') in_code = false;
  }
  CHECK(plain == summary_text(one_layer(), {.show_trainable = true}, 200, false));
}

TEST_CASE("print_summary hands the plain text to print_fn, once") {
  std::string printed;
  int calls = 0;
  const SummaryOptions options = {.line_length = 60, .print_fn = [&](std::string_view text) {
                                    printed += text;
                                    ++calls;
                                  }};
  detail::print_summary(one_layer(), options);
  CHECK(calls == 1);
  CHECK(printed == summary_text(one_layer(), options, 80, false));
}

TEST_CASE("summary_text keeps its columns straight with names in any script") {
  Summary summary = one_layer();
  summary.rows[0].name = "層\x1b[31m\xff";
  CHECK(summary_text(summary, {.line_length = 40}).find("│ 層�[31m�  ") != std::string::npos);
}

TEST_CASE("summary_text refuses positions and lines that give no table") {
  const auto error = [](const SummaryOptions& options) -> std::string {
    try {
      summary_text(one_layer(), options);
    } catch (const ValueError& e) {
      return e.what();
    }
    return "";
  };
  CHECK(error({.positions = {0.3, 0.6}}) ==
        "summary: positions do not fit the columns: they are [0.3, 0.6]; expected 4 numbers that "
        "rise to at most 1, where each of 4 columns ends");
  CHECK(error({.positions = {0.3, 0.6, 0.5, 1}}) != "");
  CHECK(error({.positions = {0.3, 0.5, 0.6, 1.5}}) != "");
  CHECK(error({.positions = {0.3, std::numeric_limits<double>::quiet_NaN(), 0.6, 1}}) != "");
  CHECK(error({.line_length = 12}) ==
        "summary: the line is too narrow: line_length is 12 for 4 columns that end at [0.3, 0.56, "
        "0.74, 1]; expected at least 4 cells a column. Pass a larger line_length.");
  CHECK(error({.line_length = -5}) != "");
  CHECK(error({.line_length = 20}) != "");
  CHECK(error({.line_length = 40}) == "");
}

TEST_CASE("memory_text and count_text") {
  const std::vector<std::pair<std::int64_t, std::string>> sizes = {
      {0, "0.00 B"},          {1023, "1023.00 B"},
      {1024, "1.00 KB"},      {373289, "364.54 KB"},
      {1048576, "1.00 MB"},   {1048575, "1024.00 KB"},
      {5LL << 30, "5.00 GB"}, {3LL << 40, "3.00 TB"},
      {3LL << 50, "3.00 PB"}, {2LL << 60, "2048.00 PB"}};
  for (const auto& [bytes, text] : sizes) CHECK(detail::memory_text(bytes) == text);
  const std::vector<std::pair<std::int64_t, std::string>> counts = {
      {0, "0"},        {12, "12"},          {123, "123"},
      {1234, "1,234"}, {123456, "123,456"}, {1234567, "1,234,567"},
      {-123, "-123"},  {-1234, "-1,234"}};
  for (const auto& [count, text] : counts) CHECK(detail::count_text(count) == text);
}

TEST_CASE("output_shape_text") {
  CHECK(detail::output_shape_text({}) == "?");
  CHECK(detail::output_shape_text({{None, 28, 28, 1}}) == "(None, 28, 28, 1)");
  CHECK(detail::output_shape_text({{None, 2}, {None}}) == "[(None, 2), (None,)]");
}

}  // namespace
}  // namespace keratin::tests
