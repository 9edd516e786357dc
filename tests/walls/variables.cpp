// README.md has one table of all that starts with KERATIN_ and that a user may set.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/walls/source_tree.h"

using namespace keratin::tests;

namespace {

/// Names that the code reads from the environment, and options of CMakeLists.txt, with a file each.
std::map<std::string, std::string> settings() {
  std::map<std::string, std::string> found;
  const auto look = [&](const std::string& path, const std::string& pattern) {
    for (const std::string& name : matches(text_of(path), pattern)) found.emplace(name, path);
  };
  for (const char* folder : {"kernels", "tensor", "autograd", "data", "nn", "bench", "examples"}) {
    for (const std::string& path : files_in(folder, {".h", ".cpp", ".cu"}))
      look(path, R"re("(KERATIN_[A-Z_]+)")re");
  }
  for (const std::string& path : files_in("cmake", {".cmake"}))
    look(path, R"(^option\((KERATIN_[A-Z_]+))");
  look("CMakeLists.txt", R"(^option\((KERATIN_[A-Z_]+))");
  look("CMakeLists.txt", R"(^set\((KERATIN_[A-Z_]+) .*CACHE)");
  for (const char* script :
       {"tools/install_packages", "tests/interop/with_keras", "bench/race/steps/with_peers"})
    look(script, R"(\{(KERATIN_[A-Z_]+):-)");
  return found;
}

}  // namespace

TEST_CASE("walls: README.md's table has every KERATIN_ setting, and no other") {
  const auto known = settings();
  for (const char* name : {"KERATIN_KERNEL", "KERATIN_THREADS", "KERATIN_CACHE", "KERATIN_SIMD"}) {
    CAPTURE(name);
    CHECK(known.contains(name));
  }
  std::map<std::string, int> rows;
  for (const std::string& name : matches(text_of("README.md"), R"(^\| `(KERATIN_[A-Z_]+)`)"))
    ++rows[name];
  for (const auto& [name, path] : known) {
    CAPTURE(path);
    CAPTURE(name);
    CHECK(rows[name] == 1);
  }
  for (const auto& [name, count] : rows) {
    CAPTURE(name);
    CHECK(known.contains(name));
  }
}
