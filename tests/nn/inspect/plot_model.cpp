#include "nn/inspect/plot_model.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/error.h"
#include "nn/inspect/layered_layout.h"
#include "nn/inspect/plot_history.h"
#include "nn/layers/activation.h"
#include "nn/layers/concatenate.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/flatten.h"
#include "nn/layers/lambda.h"
#include "nn/layers/merge.h"
#include "nn/layers/pooling.h"
#include "nn/model/sequential.h"
#include "tests/nn/inspect/xml.h"

namespace keratin::tests {
namespace {

using Edges = std::vector<std::pair<std::size_t, std::size_t>>;

Sequential cnn() {
  return Sequential(
      {Input({.shape = {28, 28, 1}}),
       layers::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu", .name = "conv"}),
       layers::MaxPooling2D({.name = "pool"}), layers::Flatten({.name = "flat"}),
       layers::Dropout({.rate = 0.5, .name = "drop"}),
       layers::Dense({.units = 10, .activation = "softmax", .name = "head"})},
      "cnn");
}

// Two ways that meet, one of them past a layer, and two outputs.
Model branching() {
  const SymbolicTensor x = Input({.shape = {8}, .name = "x"});
  const SymbolicTensors a = layers::Dense({.units = 8, .activation = "relu", .name = "a"})(x);
  const SymbolicTensors b = layers::Dense({.units = 8, .name = "b"})(a);
  const SymbolicTensors sum = layers::Add({.name = "sum"})({a.get(0), b.get(0)});
  const SymbolicTensors one = layers::Dense({.units = 1, .name = "one"})(sum);
  const SymbolicTensors two = layers::Dense({.units = 2, .name = "two"})(sum);
  return Model(x, {one.get(0), two.get(0)}, "branching");
}

Model table(int columns) {
  std::vector<SymbolicTensor> inputs, features;
  for (int i = 0; i < columns; ++i) {
    inputs.push_back(Input({.shape = {1}, .name = fmt::format("column_{}", i)}));
    features.push_back(
        layers::Dense({.units = 1 + i % 3, .name = fmt::format("normalize_{}", i)})(inputs.back())
            .get(0));
  }
  SymbolicTensors y = layers::Concatenate({.name = "all"})(features);
  y = layers::Dense({.units = 32, .activation = "relu", .name = "hidden"})(y);
  return Model(inputs, layers::Dense({.units = 1, .name = "said"})(y), "table");
}

Model with_nested() {
  const SymbolicTensor image = Input({.shape = {28, 28, 1}, .name = "image"});
  const SymbolicTensor size = Input({.shape = {8}, .name = "size"});
  const SymbolicTensors features = cnn()(image);
  const SymbolicTensors others = branching()(size);
  const SymbolicTensors y =
      layers::Concatenate({.name = "both"})({features.get(0), others.get(1), others.get(0)});
  return Model({image, size}, y, "outer");
}

std::string edges_of(const std::string& dot) {
  std::string edges;
  for (auto at = dot.find(" -> "); at != std::string::npos; at = dot.find(" -> ", at + 1)) {
    const std::size_t begin = dot.rfind(' ', at - 1) + 1, end = dot.find(';', at);
    edges += (edges.empty() ? "" : ", ") + dot.substr(begin, end - begin);
  }
  return edges;
}

TEST_CASE("model_svg: a box a layer, arrows to those that take its results") {
  struct Row {
    const char* what;
    std::function<Model()> model;
    PlotModelOptions options;
    int boxes, arrows, frames;
    std::vector<const char*> texts;
  };
  const Row rows[] = {
      {"classes alone", [] { return cnn(); }, {}, 5, 4, 0, {">Conv2D<", ">Dense<"}},
      {"names",
       [] { return cnn(); },
       {.show_layer_names = true},
       5,
       4,
       0,
       {">conv</tspan><tspan class=\"class\"> (Conv2D)<"}},
      {"shapes",
       [] { return cnn(); },
       {.show_shapes = true},
       5,
       4,
       0,
       {">Input shape<", ">(None, 28, 28, 1)<", ">(None, 13, 13, 8)<", ">(None, 10)<"}},
      {"dtypes, activations and weights",
       [] { return cnn(); },
       {.show_dtype = true, .show_layer_activations = true, .show_trainable = true},
       5,
       4,
       0,
       {">float32<", ">softmax<", ">relu<", ">trainable<"}},
      {"branches", branching, {.show_layer_names = true}, 6, 6, 0, {">sum<"}},
      {"to the right", branching, {.show_shapes = true, .rankdir = "LR"}, 6, 6, 0, {}},
      {"up", branching, {.rankdir = "BT"}, 6, 6, 0, {}},
      {"to the left", branching, {.rankdir = "RL"}, 6, 6, 0, {}},
      {"a dozen inputs",
       [] { return table(12); },
       {.show_shapes = true},
       27,
       26,
       0,
       {">[(None, 1), (None, 2), (None, 3),<", ">(None, 24)<"}},
      {"nested", with_nested, {.show_layer_names = true}, 5, 4, 0, {">cnn<", ">branching<"}},
      {"nested, opened",
       with_nested,
       {.show_layer_names = true, .expand_nested = true},
       3 + 5 + 6,
       4 + 4 + 6,
       2,
       {">cnn (Sequential)<", ">conv<", ">sum<"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const std::string svg = model_svg(row.model(), row.options);
    CHECK(xml_problem(svg) == "");
    CHECK(count(svg, "class=\"box\"") == row.boxes);
    CHECK(count(svg, "class=\"arrow\"") == row.arrows);
    CHECK(count(svg, "class=\"head\"") == row.arrows);
    CHECK(count(svg, "class=\"frame\"") == row.frames);
    for (const char* text : row.texts) {
      CAPTURE(text);
      CHECK(count(svg, text) >= 1);
    }
    CHECK(svg == model_svg(row.model(), row.options));
  }
}

TEST_CASE("model_svg: layers that no file can hold are drawn too") {
  const Sequential model({Input({.shape = {3}}),
                          layers::Lambda([](const Variable& x) { return x; }),
                          layers::Dense({.units = 2, .activation = "tanh"})});
  const std::string svg = model_svg(model, {.show_layer_activations = true});
  CHECK(count(svg, ">Lambda<") == 1);
  CHECK(count(svg, ">tanh<") == 1);
}

TEST_CASE("model_dot: Graphviz' language, arrows to the layers within models that are opened") {
  CHECK(edges_of(model_dot(branching())) ==
        "layer_0 -> layer_1, layer_1 -> layer_2, layer_1 -> layer_3, layer_2 -> layer_3, "
        "layer_3 -> layer_4, layer_3 -> layer_5");
  const std::string dot = model_dot(branching(), {.show_shapes = true,
                                                  .show_dtype = true,
                                                  .show_layer_names = true,
                                                  .rankdir = "LR",
                                                  .show_layer_activations = true});
  CHECK(count(dot, "rankdir=LR;") == 1);
  CHECK(count(dot, "digraph \"branching\" {") == 1);
  CHECK(count(dot, "<b>a</b> (Dense)</font>") == 1);
  CHECK(count(dot, "<td colspan=\"3\">Activation: <b>relu</b></td>") == 1);
  CHECK(count(dot, "<td>Input shape: <b>[(None, 8), (None, 8)]</b></td>") == 1);
  CHECK(count(dot, "<td>Output dtype: <b>float32</b></td>") == 6);
  CHECK(count(dot, "Input shape") == 5);  // not of the InputLayer
  CHECK(xml_problem(
            dot.substr(dot.find("<table"), dot.find("</table>") + 8 - dot.find("<table"))) == "");

  const std::string nested = model_dot(with_nested(), {.expand_nested = true});
  CHECK(count(nested, "subgraph cluster_") == 2);
  CHECK(count(nested, "label=\"cnn\";") == 1);
  // Into the first layer of the Sequential and the Input of the other; out of the layers that give
  // what is used.
  const std::string edges = edges_of(nested);
  CAPTURE(edges);
  int to_outer = 0;
  for (const char* edge : {"_4 -> layer_4", "_5 -> layer_4"}) to_outer += count(edges, edge);
  CHECK(to_outer == 3);
  CHECK(count(edges, " -> layer_2,") + count(edges, " -> layer_3,") == 0);
}

TEST_CASE("model_svg: shared layers, layers of their own output, models of a class of one's own") {
  const SymbolicTensor x = Input({.shape = {4}, .name = "x"});
  const layers::Dense shared({.units = 4, .name = "shared"});
  const layers::Activation act({.activation = "relu", .name = "act"});
  const SymbolicTensors y = shared(act(shared(shared(x))));  // a cycle, and a loop
  const Model model(x, y, "cyclic");
  const std::string svg = model_svg(model, {.show_shapes = true});
  CHECK(xml_problem(svg) == "");
  CHECK(count(svg, "class=\"box\"") == 3);
  CHECK(count(svg, "class=\"head\"") == 4);
  CHECK(count(svg, ">?<") == 0);  // all calls agree

  const SymbolicTensor u = Input({.shape = {3, 4}}), v = Input({.shape = {5, 4}});
  const layers::Dense any({.units = 2});
  const Model differing({u, v}, {any(u).get(0), any(v).get(0)});
  CHECK(count(model_svg(differing, {.show_shapes = true}), ">?<") == 2);

  struct Own : Model {
    layers::Dense dense = track(layers::Dense({.units = 2}));
    Variable call(const Variable& input, CallContext context) override {
      return dense(input, context);
    }
  };
  Own own;
  CHECK_THROWS_AS(static_cast<void>(model_svg(own)), ValueError);
  own.predict(zeros({2, 3}));
  const std::string one = model_svg(own, {.show_shapes = true});
  CHECK(count(one, "class=\"box\"") == 1);
  CHECK(count(one, ">Own<") == 1);
  CHECK(count(one, ">(None, 2)<") == 1);
}

TEST_CASE("plot_model escapes names") {
  const SymbolicTensor x = Input({.shape = {4}, .name = "<a> & \"b\"\x1b"});
  const Model model(x, layers::Dense({.units = 1, .name = "точность"})(x));
  const std::string svg = model_svg(model, {.show_layer_names = true});
  CHECK(xml_problem(svg) == "");
  CHECK(count(svg, ">&lt;a&gt; &amp; &quot;b&quot;\xEF\xBF\xBD<") == 1);
  CHECK(count(svg, ">точность<") == 1);
}

TEST_CASE("plot_model writes by the suffix, and refuses what it can't draw") {
  const std::string folder = std::filesystem::temp_directory_path().string();
  const Model model = branching();
  for (const std::string_view suffix : {"svg", "SVG", "dot"}) {
    const std::string path = fmt::format("{}/keratin_plot_model_test.{}", folder, suffix);
    std::filesystem::remove(path);
    CHECK_THROWS_WITH_AS(plot_model(model, {.to_file = path, .rankdir = "down"}),
                         "plot_model: unknown rankdir \"down\"; expected one of \"TB\", \"LR\", "
                         "\"BT\", \"RL\"",
                         ValueError);
    CHECK_THROWS_AS(plot_model(Sequential({layers::Dense({.units = 1})}), {.to_file = path}),
                    ValueError);
    CHECK(!std::filesystem::exists(path));
    plot_model(model, {.to_file = path});
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    CHECK(text == (suffix == "dot" ? model_dot(model) : model_svg(model)));
    std::filesystem::remove(path);
  }
  CHECK_THROWS_WITH_AS(plot_model(model, {.to_file = "model.png"}),
                       "plot_model: unknown kind of file: to_file is \"model.png\"; expected a "
                       "name that ends in .svg or .dot",
                       ValueError);
  CHECK_THROWS_AS(plot_model(model, {.to_file = folder + "/no/such/folder/m.svg"}), FileError);
}

TEST_CASE("layered_layout: boxes apart, edges down and to where they should") {
  const auto chain = [](std::size_t n) {
    Edges edges;
    for (std::size_t i = 1; i < n; ++i) edges.emplace_back(i - 1, i);
    return edges;
  };
  struct Row {
    const char* what;
    std::vector<detail::Extent> boxes;
    Edges edges;
  };
  const Row rows[] = {
      {"nothing", {}, {}},
      {"one", {{50, 20}}, {}},
      {"apart", {{50, 20}, {70, 30}}, {}},
      {"a chain", {{50, 20}, {70, 30}, {10, 10}}, chain(3)},
      {"a long chain", std::vector<detail::Extent>(3000, {50, 20}), chain(3000)},
      {"a way around",
       std::vector<detail::Extent>(5, {50, 20}),
       {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 4}, {0, 3}}},
      {"a late source", std::vector<detail::Extent>(4, {50, 20}), {{0, 2}, {2, 3}, {1, 3}}},
      {"a cycle and a loop", {{50, 20}, {60, 20}, {50, 20}}, {{0, 1}, {1, 2}, {2, 0}, {1, 1}}},
      {"crossed", std::vector<detail::Extent>(6, {50, 20}), {{0, 5}, {1, 4}, {2, 3}}},
      {"all to all",
       std::vector<detail::Extent>(6, {50, 20}),
       {{0, 3}, {0, 4}, {0, 5}, {1, 3}, {1, 4}, {1, 5}, {2, 3}, {2, 4}, {2, 5}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const detail::LayeredLayout layout = detail::layered_layout(row.boxes, row.edges);
    REQUIRE(layout.corners.size() == row.boxes.size());
    REQUIRE(layout.routes.size() == row.edges.size());
    if (row.boxes.size() < 100) {
      for (std::size_t a = 0; a < row.boxes.size(); ++a) {
        const detail::Place p = layout.corners[a];
        CHECK(p.x >= -1e-9);
        CHECK(p.y >= -1e-9);
        CHECK(p.x + row.boxes[a].width <= layout.size.width + 1e-9);
        CHECK(p.y + row.boxes[a].height <= layout.size.height + 1e-9);
        for (std::size_t b = 0; b < a; ++b) {
          const detail::Place q = layout.corners[b];
          const bool beside =
              p.x + row.boxes[a].width + 10 <= q.x || q.x + row.boxes[b].width + 10 <= p.x;
          const bool below =
              p.y + row.boxes[a].height + 10 <= q.y || q.y + row.boxes[b].height + 10 <= p.y;
          CHECK((beside || below));
        }
      }
    }
    for (std::size_t e = 0; e < row.edges.size(); ++e) {
      const auto [from, to] = row.edges[e];
      const auto& route = layout.routes[e];
      if (from == to) {
        CHECK(route.empty());
        continue;
      }
      REQUIRE(route.size() >= 4);
      REQUIRE(route.size() % 2 == 0);
      const bool up = from > to;
      const auto on_side = [&](detail::Place p, std::size_t box, bool lower) {
        const detail::Place corner = layout.corners[box];
        return p.x >= corner.x && p.x <= corner.x + row.boxes[box].width &&
               std::abs(p.y - corner.y - (lower ? row.boxes[box].height : 0)) < 1e-6;
      };
      CHECK(on_side(route.front(), from, !up));
      CHECK(on_side(route.back(), to, up));
      for (std::size_t i = 1; i < route.size(); ++i) {
        CHECK((up ? route[i - 1].y >= route[i].y : route[i - 1].y <= route[i].y));
        if (i % 2 == 1) CHECK(route[i - 1].x == route[i].x);
      }
    }
  }
  // A chain stands straight, a source where it is needed, nothing crosses that need not.
  const auto middle = [](const Row& row, const detail::LayeredLayout& layout, std::size_t box) {
    return layout.corners[box].x + row.boxes[box].width / 2;
  };
  const detail::LayeredLayout straight = detail::layered_layout(rows[3].boxes, rows[3].edges);
  CHECK(std::abs(middle(rows[3], straight, 0) - middle(rows[3], straight, 2)) < 1e-6);
  const detail::LayeredLayout late = detail::layered_layout(rows[6].boxes, rows[6].edges);
  CHECK(late.corners[1].y == late.corners[2].y);
  const detail::LayeredLayout crossed = detail::layered_layout(rows[8].boxes, rows[8].edges);
  for (const auto& [from, to] : rows[8].edges) {
    CHECK(std::abs(crossed.corners[from].x - crossed.corners[to].x) < 1e-6);
  }
}

}  // namespace
}  // namespace keratin::tests
