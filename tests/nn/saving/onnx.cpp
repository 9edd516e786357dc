// ONNX files: what stands in them, and what cannot be exported. Run by onnxruntime: tests/interop.
#include "nn/saving/onnx/export_onnx.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <protozero/pbf_reader.hpp>

#include "keratin.h"
#include "nn/saving/layer_registry.h"
#include "nn/saving/onnx/mapping.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;
using protozero::pbf_reader;

struct ReadNode {
  std::string op;
  std::vector<std::string> inputs, outputs;
};

// A file, as far as the tests look at it. Field numbers: onnx.proto.
struct ReadGraph {
  std::int64_t ir_version = 0, opset = 0;
  std::vector<ReadNode> nodes;
  std::vector<std::string> inputs, outputs, initializers, open_sizes;
  std::vector<std::size_t> raw_bytes;  // of the initializers

  std::int64_t count(const std::string& op) const {
    return std::count_if(nodes.begin(), nodes.end(), [&](const auto& n) { return n.op == op; });
  }
};

std::string value_name(pbf_reader value, std::vector<std::string>& open_sizes) {
  std::string name;
  while (value.next()) {
    if (value.tag() == 1) {
      name = value.get_string();
    } else if (value.tag() == 2) {
      pbf_reader type = value.get_message();
      REQUIRE(type.next(1));
      pbf_reader tensor = type.get_message();
      REQUIRE(tensor.next(2));
      pbf_reader shape = tensor.get_message();
      while (shape.next(1)) {
        pbf_reader dim = shape.get_message();
        REQUIRE(dim.next());
        if (dim.tag() == 2) open_sizes.push_back(dim.get_string());
      }
    } else {
      value.skip();
    }
  }
  return name;
}

void read_graph(pbf_reader graph, ReadGraph& read) {
  while (graph.next()) {
    if (graph.tag() == 1) {
      ReadNode node;
      pbf_reader in = graph.get_message();
      while (in.next()) {
        if (in.tag() == 1) {
          node.inputs.push_back(in.get_string());
        } else if (in.tag() == 2) {
          node.outputs.push_back(in.get_string());
        } else if (in.tag() == 4) {
          node.op = in.get_string();
        } else {
          in.skip();
        }
      }
      read.nodes.push_back(node);
    } else if (graph.tag() == 5) {
      pbf_reader tensor = graph.get_message();
      while (tensor.next()) {
        if (tensor.tag() == 8) {
          read.initializers.push_back(tensor.get_string());
        } else if (tensor.tag() == 9) {
          read.raw_bytes.push_back(tensor.get_view().size());
        } else {
          tensor.skip();
        }
      }
    } else if (graph.tag() == 11) {
      read.inputs.push_back(value_name(graph.get_message(), read.open_sizes));
    } else if (graph.tag() == 12) {
      read.outputs.push_back(value_name(graph.get_message(), read.open_sizes));
    } else {
      graph.skip();
    }
  }
}

ReadGraph exported(const Model& model) {
  const TemporaryFolder folder;
  const std::string path = folder / "m.onnx";
  export_onnx(model, path);
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  ReadGraph read;
  pbf_reader in(bytes);
  while (in.next()) {
    if (in.tag() == 1) {
      read.ir_version = in.get_int64();
    } else if (in.tag() == 7) {
      read_graph(in.get_message(), read);
    } else if (in.tag() == 8) {
      pbf_reader opset = in.get_message();
      REQUIRE(opset.next(2));
      read.opset = opset.get_int64();
    } else {
      in.skip();
    }
  }
  // In an order of computation, every name given once.
  std::vector<std::string> known = read.inputs;
  known.insert(known.end(), read.initializers.begin(), read.initializers.end());
  const auto knows = [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  for (const ReadNode& node : read.nodes) {
    for (const std::string& input : node.inputs) CHECK((input.empty() || knows(input)));
    for (const std::string& output : node.outputs) {
      CHECK_FALSE(knows(output));
      known.push_back(output);
    }
  }
  for (const std::string& output : read.outputs) CHECK(knows(output));
  return read;
}

class Doubled final : public Layer {
 public:
  Variable call(const Variable& x, CallContext) override { return x; }
};

}  // namespace

TEST_CASE("export_onnx: a graph's inputs, outputs and weights") {
  const auto x = Input({.shape = {4}, .name = "x"});
  const auto y = layers::Dense({.units = 3, .activation = "relu", .name = "hidden"})(x);
  const ReadGraph graph = exported(Model(x, layers::Dense({.units = 2, .name = "out"})(y)));
  CHECK(graph.ir_version == 8);
  CHECK(graph.opset == 17);
  CHECK(graph.inputs == std::vector<std::string>{"x"});
  CHECK(graph.outputs == std::vector<std::string>{"out"});
  CHECK(graph.open_sizes == std::vector<std::string>{"batch", "batch"});
  CHECK(graph.count("Gemm") == 2);
  CHECK(graph.count("Relu") == 1);
  CHECK(graph.initializers ==
        std::vector<std::string>{"hidden/kernel", "hidden/bias", "out/kernel", "out/bias"});
  CHECK(graph.raw_bytes == std::vector<std::size_t>{48, 12, 24, 8});
}

TEST_CASE("export_onnx: no Transpose between layers of images") {
  const auto x = Input({.shape = {8, 8, 3}});
  auto y = layers::Conv2D({.filters = 4, .kernel_size = 3, .activation = "relu"})(x);
  y = layers::BatchNormalization()(y);
  y = layers::ZeroPadding2D()(y);
  y = layers::MaxPooling2D()(y);
  const auto z = layers::Conv2D({.filters = 4, .kernel_size = 1})(y);
  const auto sum = layers::Add()({z, y});
  CHECK(exported(Model(x, layers::GlobalAveragePooling2D()(sum))).count("Transpose") == 1);
  CHECK(exported(Model(x, layers::Flatten()(sum))).count("Transpose") == 2);
}

TEST_CASE("export_onnx: shared layers, nested models, what only trains, an input as output") {
  const auto x = Input({.shape = {4}, .name = "a"}), z = Input({.shape = {4}, .name = "b"});
  const layers::Dense shared({.units = 4, .name = "shared"});
  const Sequential inner({Input({.shape = {4}}), layers::Dropout({.rate = 0.5}), shared});
  const Model model({x, z}, {layers::Add()({inner(x), shared(z)}), x});
  const ReadGraph graph = exported(model);
  CHECK(graph.count("Gemm") == 2);
  CHECK(graph.initializers.size() == 2);  // one kernel, one bias
  CHECK(graph.count("Identity") == 1);
  CHECK(graph.outputs.size() == 2);
}

TEST_CASE("export_onnx: what cannot be exported") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.onnx";
  const auto x = Input({.shape = {4, 4, 3}});
  const auto refused = [&](const SymbolicTensors& y, const char* text) {
    CHECK_THROWS_WITH_AS(export_onnx(Model(x, y), path), Contains(text), ValueError);
    CHECK_FALSE(std::filesystem::exists(path));
  };
  refused(layers::Resizing({.height = 2, .width = 2, .name = "small"})(x),
          "export_onnx: Resizing \"small\": it resizes or crops");
  refused(make_layer<Doubled>()(x), "it is of a class of the program's own");
  refused(layers::Dropout({.rate = 0.5})(x, {.training = true}), "called with training = true");
  refused(layers::Dense({.units = 2, .activation = "sparsemax"})(x), "\"sparsemax\"");
  refused(layers::Dense({.units = 2, .dtype = "float64"})(x), "it computes in float64");
  CHECK_THROWS_WITH_AS(export_onnx(Model(x, layers::Flatten()(x)), "m.keras"),
                       Contains("must end with \".onnx\""), ValueError);
  CHECK_THROWS_WITH_AS(export_onnx(Sequential({layers::Dense({.units = 2})}), path),
                       Contains("has no weights yet"), ValueError);
}

TEST_CASE("export_onnx: every layer has a mapping, or a reason why not") {
  for (const std::string& name : saving::built_in_layer_names()) {
    CAPTURE(name);
    CHECK(saving::onnx::mappings().count(name) + saving::onnx::without_mapping().count(name) == 1);
  }
}

}  // namespace keratin::tests
