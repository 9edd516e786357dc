#include "nn/model/graph.h"

#include "autograd/ops.h"
#include "nn/layers/activation.h"
#include "nn/layers/concatenate.h"
#include "nn/layers/dense.h"
#include "nn/layers/merge.h"
#include "nn/layers/rescaling.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using detail::Graph;

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const LayerRef& layer : graph.layers()) names.push_back(layer.name());
  return names;
}

layers::Rescaling times(double factor, const char* name) {
  return layers::Rescaling({.scale = factor, .name = name});
}

std::vector<double> numbers(const Variable& v) { return v.value().to_vector<double>(); }
Variable row(std::initializer_list<double> values) {
  return Variable(Tensor::numbers(values, {1, static_cast<std::int64_t>(values.size())}), false);
}

TEST_CASE("graph: branches, merges and a layer used twice") {
  const SymbolicTensor a = Input({.shape = {2}, .name = "a"}),
                       b = Input({.shape = {2}, .name = "b"});
  const layers::Rescaling twice = times(2, "twice");
  const SymbolicTensor left = twice(a), right = twice(b);
  const SymbolicTensor sum = layers::Add({.name = "sum"})({left, right, a});
  const SymbolicTensor product = layers::Multiply({.name = "product"})({sum, right});
  const Graph graph({a, b}, {sum, product});
  CHECK(names_of(graph) == std::vector<std::string>{"a", "b", "twice", "sum", "product"});
  CHECK(graph.input_names() == std::vector<std::string>{"a", "b"});
  CHECK(graph.output_names() == std::vector<std::string>{"sum", "product"});
  CHECK_FALSE(graph.is_chain());
  CHECK(graph.calls_of(twice.layer().get()).size() == 2);

  const Variables y = graph.run({row({1, 2}), row({10, 20})}, {});
  REQUIRE(y.count() == 2);
  CHECK(numbers(y.get(0)) == std::vector<double>{23, 46});     // 2 a + 2 b + a
  CHECK(numbers(y.get(1)) == std::vector<double>{460, 1840});  // x 2 b
  CHECK(graph.output_specs({{{7, 2}, float32, {}}, {{7, 2}, float32, {}}})[1].shape == Shape{7, 2});
}

TEST_CASE("graph: a part of a larger graph, from its middle") {
  const SymbolicTensor x = Input({.shape = {2}});
  const SymbolicTensor middle = times(3, "first")(x);
  const SymbolicTensor y = times(5, "second")(middle);
  const Graph first(x, middle), second(middle, y), all(x, y);
  CHECK(numbers(first.run({row({1, 2})}, {})) == std::vector<double>{3, 6});
  CHECK(numbers(second.run({row({1, 2})}, {})) == std::vector<double>{5, 10});
  CHECK(numbers(all.run({row({1, 2})}, {})) == std::vector<double>{15, 30});
  CHECK(all.is_chain());
  CHECK(numbers(Graph(x, x).run({row({4})}, {})) == std::vector<double>{4});
}

TEST_CASE("graph: outputs by name keep their names and order") {
  const SymbolicTensor x = Input({.shape = {1}});
  const Graph graph({{"in", x}}, {{"z", times(2, "t2")(x)}, {"a", times(3, "t3")(x)}});
  CHECK(graph.input_names() == std::vector<std::string>{"in"});
  CHECK(graph.output_names() == std::vector<std::string>{"z", "a"});
  const Variables y = graph.run({row({1})}, {});
  CHECK(numbers(y["z"]) == std::vector<double>{2});
  CHECK(numbers(y["a"]) == std::vector<double>{3});
  CHECK_THROWS_WITH_AS(y["b"], doctest::Contains("no entry \"b\""), ValueError);
}

TEST_CASE("graph: what cannot be computed is refused") {
  const SymbolicTensor a = Input({.shape = {1}, .name = "a"}),
                       b = Input({.shape = {1}, .name = "b"});
  const SymbolicTensor sum = layers::Add()({a, b});
  CHECK_THROWS_WITH_AS(Graph(a, sum), doctest::Contains("input \"b\""), ValueError);
  CHECK_THROWS_AS(Graph(SymbolicTensors(), sum), ValueError);
  CHECK_THROWS_AS(Graph(a, SymbolicTensors()), ValueError);
  CHECK_THROWS_AS(Graph(a, SymbolicTensor()), ValueError);
  const SymbolicTensor twins = layers::Add()({times(2, "twin")(a), times(3, "twin")(a)});
  CHECK_THROWS_WITH_AS(Graph(a, twins), doctest::Contains("two layers are called \"twin\""),
                       ValueError);
}

TEST_CASE("graph: a thousand layers deep, without recursion") {
  const SymbolicTensor x = Input({.shape = {1}});
  SymbolicTensor y = x;
  const layers::Activation identity("linear");
  for (int i = 0; i < 20'000; ++i) y = identity(y);
  const Graph graph(x, y);
  CHECK(numbers(graph.run({row({3})}, {})) == std::vector<double>{3});
  CHECK(graph.layers().size() == 2);
}

TEST_CASE("graph: gradients reach weights through every use of a shared layer") {
  const SymbolicTensor a = Input({.shape = {2}}), b = Input({.shape = {2}});
  const layers::Dense shared({.units = 1, .use_bias = false});
  const Graph graph({a, b}, layers::Add()({shared(a), shared(b)}));
  const Variable y = graph.run({row({1, 2}), row({10, 20})}, {});
  sum(y).backward();
  CHECK(shared.trainable_variables()[0].grad().to_vector<double>() == std::vector<double>{11, 22});
}

}  // namespace
}  // namespace keratin::tests
