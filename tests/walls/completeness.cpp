// Every operation has its tests; every room of kernels its reference, tests, benchmarks and README.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/walls/source_tree.h"

using namespace keratin::tests;

namespace {

bool exists(const std::string& path) {
  return std::filesystem::exists(std::filesystem::path(KERATIN_SOURCE_DIR) / path);
}

std::set<std::string> rooms() {
  std::set<std::string> names;
  for (const std::string& path : files_in("kernels", {".h"})) {
    const auto first = path.find('/'), last = path.rfind('/');
    if (first != last) names.insert(path.substr(first + 1, last - first - 1));
  }
  return names;
}

/// Ladders that a room's headers declare: `inline constexpr auto softmax_ladder`.
std::set<std::string> ladders(const std::string& room) {
  std::set<std::string> names;
  for (const std::string& path : files_in("kernels/" + room, {".h"})) {
    for (const std::string& name : matches(text_of(path), R"(\bconstexpr auto (\w+_ladder)\b)"))
      names.insert(name);
  }
  return names;
}

/// Functions that a contract declares and puts into no ladder.
std::vector<std::string> outside_ladders(const std::string& contract) {
  std::vector<std::string> found;
  for (const std::string& name : matches(contract, R"(^void (\w+)\()")) {
    if (matches(contract, fmt::format(R"(\b({})\b)", name)).size() < 2) found.push_back(name);
  }
  return found;
}

/// The names that `text` does not hold as whole words.
std::vector<std::string> left_out(const std::set<std::string>& names, const std::string& text) {
  const auto words = matches(text, R"(\b(\w+_ladder)\b)");
  std::vector<std::string> missing;
  for (const std::string& name : names)
    if (std::find(words.begin(), words.end(), name) == words.end()) missing.push_back(name);
  return missing;
}

}  // namespace

TEST_CASE("completeness: what is left out is seen") {
  CHECK(left_out({"a_ladder", "b_ladder"}, "for_each_rung(kernels::b_ladder<float>)").size() == 1);
  CHECK(left_out({"a_ladder"}, "log_a_ladder").size() == 1);
  CHECK(left_out({"a_ladder"}, "a_ladder<T>").empty());
  CHECK(outside_ladders("void a_simd(int x);\nauto a_ladder = Rung{\"simd\", a_simd};").empty());
  CHECK(outside_ladders("template <class T>\nvoid a_simd(int x);\n").size() == 1);
  CHECK(rooms().contains("softmax"));
  CHECK(ladders("softmax").contains("log_softmax_gradient_ladder"));
}

TEST_CASE("completeness: every operation has its source and its tests") {
  const std::vector<std::string> headers = files_in("autograd/ops", {".h"});
  CHECK(headers.size() > 50);
  for (const std::string& header : headers) {
    const std::string op = std::filesystem::path(header).stem().string();
    const std::string source = fmt::format("autograd/ops/{}.cpp", op);
    if (!exists(source)) FAIL_CHECK(header << " has no " << source);
    const std::string tests = fmt::format("tests/ops/{}.cpp", op);
    if (!exists(tests)) {
      FAIL_CHECK("operation " << op << " has no tests: write " << tests);
    } else if (matches(text_of(tests), "(TEST_CASE)").empty()) {
      FAIL_CHECK(tests << " has no test case");
    }
  }
}

TEST_CASE("completeness: every room has its reference, README, tests and benchmarks") {
  std::string tests, benchmarks;
  for (const std::string& path : files_in("tests/kernels", {".cpp"})) tests += text_of(path);
  for (const std::string& path : files_in("bench/kernels", {".cpp"})) benchmarks += text_of(path);
  for (const std::string& room : rooms()) {
    for (const std::string& path :
         {fmt::format("kernels/{0}/{0}.h", room), fmt::format("kernels/{}/reference.cpp", room),
          fmt::format("kernels/{}/README.md", room), fmt::format("tests/kernels/{}.cpp", room),
          fmt::format("bench/kernels/{}.cpp", room)}) {
      if (!exists(path)) FAIL_CHECK("room " << room << " has no " << path);
    }
    for (const std::string& path : files_in("kernels/" + room, {".h"})) {
      const std::string text = text_of(path);
      if (matches(text, "(_ladder)").empty()) continue;
      for (const std::string& function : outside_ladders(text))
        FAIL_CHECK(path << " has " << function << " in no ladder");
    }
    const std::set<std::string> names = ladders(room);
    if (names.empty()) FAIL_CHECK("room " << room << " declares no ladder");
    for (const std::string& name : left_out(names, tests))
      FAIL_CHECK("tests/kernels/" << room << ".cpp leaves out " << name);
    for (const std::string& name : left_out(names, benchmarks))
      FAIL_CHECK("bench/kernels/" << room << ".cpp leaves out " << name);
  }
}
