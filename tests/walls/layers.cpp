// Every layer can be named by files, and is held against Keras.
#include <set>

#include "tests/support.h"
#include "tests/walls/source_tree.h"

namespace keratin::tests {

TEST_CASE("walls: every layer is in the registry, and in the models of tests/interop") {
  const std::string registry = text_of("nn/saving/layer_registry.cpp");
  const std::string models = text_of("tests/interop/models.py");
  // No file can hold a function; merges are calls on several inputs, which the random graphs make.
  const std::set<std::string> unsaved{"Lambda"};
  // At inference it crops the middle; Keras' gives images of another size than it says.
  const std::set<std::string> differs{"RandomCrop"};
  const std::set<std::string> by_graphs{"Add",     "Average", "Concatenate", "Dot",     "Input",
                                        "Maximum", "Minimum", "Multiply",    "Subtract"};
  std::size_t count = 0;
  for (const std::string& path : files_in("nn/layers", {".h"})) {
    for (const std::string& name : matches(text_of(path), R"(class (\w+) : public LayerRef)")) {
      CAPTURE(path);
      CAPTURE(name);
      ++count;
      if (unsaved.count(name) != 0) continue;
      CHECK(registry.find("{\"" + name + "\", make<") != std::string::npos);
      if (by_graphs.count(name) + differs.count(name) != 0) continue;
      CHECK(models.find("L." + name + "(") != std::string::npos);
    }
  }
  CHECK(count > 50);
}

}  // namespace keratin::tests
