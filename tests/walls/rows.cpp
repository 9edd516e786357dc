// What is added brings its tests and benchmarks.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "tests/walls/source_tree.h"

using namespace keratin::tests;

namespace {

/// The text of every source below a folder.
std::string all_text(const std::string& folder) {
  std::string text;
  for (const std::string& path : files_in(folder, {".cpp", ".h"})) text += text_of(path);
  return text;
}

/// Is `word` in `text`, not as a part of a longer name?
bool names(const std::string& text, const std::string& word) {
  return !matches(text, "(\\b" + word + "\\b)").empty();
}

}  // namespace

TEST_CASE("walls: every operation has its test") {
  const auto headers = files_in("autograd/ops", {".h"});
  CHECK(headers.size() > 50);
  for (const std::string& header : headers) {
    const std::string op = std::filesystem::path(header).stem().string();
    const std::string path = "tests/ops/" + op + ".cpp";
    if (!std::filesystem::exists(std::filesystem::path(KERATIN_SOURCE_DIR) / path)) {
      FAIL_CHECK(fmt::format("{} has no test; write {}, as tests/ops/exp.cpp", header, path));
    } else if (text_of(path).find(op + "(") == std::string::npos) {
      FAIL_CHECK(fmt::format("{} never calls {}", path, op));
    }
  }
}

TEST_CASE("walls: every ladder has its test and its benchmark") {
  const std::string tests = all_text("tests/kernels"), benchmarks = all_text("bench/kernels");
  std::size_t count = 0;
  for (const std::string& header : files_in("kernels", {".h"})) {
    for (const std::string& ladder :
         matches(text_of(header), "inline constexpr auto ([a-z0-9_]+_ladder)\\b")) {
      ++count;
      if (!names(tests, ladder)) {
        FAIL_CHECK(fmt::format("{} of {} is in no test; walk its rungs in tests/kernels/", ladder,
                               header));
      }
      if (!names(benchmarks, ladder)) {
        FAIL_CHECK(fmt::format("{} of {} is in no benchmark; add a row in bench/kernels/", ladder,
                               header));
      }
    }
  }
  CHECK(count > 30);
}
