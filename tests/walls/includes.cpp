// A storey includes only those below it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/walls/source_tree.h"

using namespace keratin::tests;

namespace {

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"kernels", {"kernels"}},
    {"tensor", {"tensor", "kernels"}},
    {"autograd", {"autograd", "tensor", "kernels"}},
    {"data", {"data", "tensor", "kernels"}},
    {"nn", {"nn", "autograd", "data", "tensor", "kernels"}},
};

std::string storey_of(const std::string& path) {
  const auto slash = path.find('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// What is wrong with the includes of a file of a storey, one line each.
std::vector<std::string> breaches(const std::string& path, const std::string& text) {
  const std::string storey = storey_of(path);
  std::vector<std::string> found;
  for (const std::string& line : matches(text, R"(^[ \t]*#[ \t]*include[ \t]*([<"][^>"]+))")) {
    const std::string header = line.substr(1), other = storey_of(header);
    if (header == "keratin/build_config.h") continue;
    if (header == "keratin.h" || header == "keratin/keratin.h") {
      found.push_back(path + " includes the users' header; include what it needs of it");
    } else if (kMayInclude.at(storey).contains(other)) {
      if (line[0] == '<')
        found.push_back(fmt::format("{} includes <{}>; write \"{}\"", path, header, header));
    } else if (line[0] == '"' || kMayInclude.contains(other)) {
      found.push_back(fmt::format("{} includes {}; {} may include {} only, from the root", path,
                                  header, storey, fmt::join(kMayInclude.at(storey), ", ")));
    }
  }
  return found;
}

}  // namespace

TEST_CASE("walls: a breach is seen") {
  struct Row {
    std::string path, text;
    std::size_t breaches;
  };
  const Row rows[] = {
      {"kernels/a.cpp", "#include <hwy/highway.h>\n#include \"kernels/error.h\"\n", 0},
      {"kernels/a.cpp", "#include \"tensor/tensor.h\"\n", 1},
      {"tensor/a.h", "#pragma once\n  # include \"autograd/variable.h\"\n", 1},
      {"autograd/a.h", "#include \"nn/layer.h\"\n#include \"data/dataset.h\"\n", 2},
      {"data/a.h", "#include \"autograd/ops/add.h\"\n", 1},
      {"nn/a.h", "#include \"data/dataset.h\"\n#include \"autograd/ops.h\"\n", 0},
      {"nn/a.h", "#include \"tests/support.h\"\n", 1},
      {"nn/layers/a.cpp", "#include \"dense.h\"\n", 1},
      {"nn/layers/a.cpp", "#include \"../layer.h\"\n", 1},
      {"nn/a.cpp", "#include <keratin/keratin.h>\n", 1},
      {"nn/a.cpp", "#include <tensor/tensor.h>\n", 1},
      {"kernels/a.cpp", "#include <tensor/tensor.h>\n", 1},
      {"nn/a.cpp", "#include \"keratin/build_config.h\"\n//   #include \"tests/support.h\"\n", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(breaches(row.path, row.text).size() == row.breaches);
  }
}

TEST_CASE("walls: a storey includes only storeys below it") {
  for (const auto& [storey, others] : kMayInclude) {
    const std::vector<std::string> paths = files_in(storey, {".h", ".cpp", ".cu", ".cuh"});
    CAPTURE(storey);
    CHECK(paths.size() >= 10);
    for (const std::string& path : paths) {
      for (const std::string& breach : breaches(path, text_of(path))) FAIL_CHECK(breach);
    }
  }
}

TEST_CASE("walls: no header that a build without nvcc sees includes CUDA's") {
  CHECK(matches("#include <cuda_runtime.h>\n", R"(include[ \t]*[<"](cuda\w*\.h|\w+/.*\.cuh))")
            .size() == 1);
  for (const auto& [storey, others] : kMayInclude) {
    for (const std::string& path : files_in(storey, {".h", ".cpp"})) {
      for (const std::string& header :
           matches(text_of(path), R"(^[ \t]*#[ \t]*include[ \t]*[<"](cuda\w*\.h|.*\.cuh)[>"])"))
        FAIL_CHECK(path << " includes " << header << "; only .cu and .cuh files may");
    }
  }
}
