#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "autograd/ops.h"
#include "kernels/run.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/embedding.h"
#include "nn/layers/flatten.h"
#include "nn/layers/layer_normalization.h"
#include "nn/layers/pooling.h"
#include "nn/model/sequential.h"
#include "nn/optimizers/sgd.h"
#include "nn/saving/model_file.h"
#include "tensor/compare.h"
#include "tests/data/files.h"
#include "tests/nn/golden_layers.h"

namespace keratin::tests {
namespace {

// Of bfloat16: half a step is 2^-9. A few layers and steps of training add some of them up.
constexpr Tolerance kForward{0.02, 0.02}, kTraining{0.02, 0.01};

TEST_CASE("golden: models under mixed_bfloat16") {
  const PolicyScope policy("mixed_bfloat16");
  const Json& data = golden("training")["data"];
  for (const Json& entry : golden("mixed_precision")["cases"]) {
    const auto name = entry["model"].get<std::string>();
    CAPTURE(name);
    const Json& config = golden("training")["models"][name];
    Sequential model;
    model.add(Input({.shape = to_shape(config["input"])}));
    std::vector<LayerRef> layers;
    for (const Json& layer : config["layers"]) {
      layers.push_back(to_layer(layer["name"], layer["options"]));
      model.add(layers.back());
    }
    std::vector<Tensor> weights;
    for (const Json& weight : config["weights"]) weights.push_back(to_tensor(weight, float32));
    model.set_weights(weights);

    const auto size = entry["batch"].get<std::int64_t>();
    const Tensor x = to_tensor(data[entry["x"].get<std::string>()], float32);
    const auto target = entry["y"].get<std::string>();
    const bool classes = target == "labels" || target == "bits";
    const Tensor y = to_tensor(data[target], classes ? int32 : float32);
    REQUIRE(layers.size() == entry["layers"].size());
    Variable value(x.slice(0, size), false);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      CAPTURE(layers[i].layer()->label());
      const Json& expected = entry["layers"][i];
      value = layers[i](value, {.training = false});
      CHECK(name_of(value.dtype()) == expected["output"].get<std::string>());
      CHECK(difference(value.value(), to_numbers(expected["y"]), kForward) == "");
      const std::vector<Variable> held = layers[i].weights();
      REQUIRE(held.size() == expected["weights"].size());
      for (const Variable& weight : held) CHECK(weight.dtype() == float32);
    }
    model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.05, .momentum = 0.5}),
                   .loss = entry["loss"].get<std::string>()});
    std::vector<double> losses;
    for (std::size_t step = 0; step < entry["losses"].size(); ++step) {
      const std::int64_t first = static_cast<std::int64_t>(step) * size;
      losses.push_back(
          model.train_on_batch(x.slice(first, first + size), y.slice(first, first + size))
              .at("loss"));
    }
    CHECK(difference(losses, to_numbers(entry["losses"]), kTraining) == "");
    for (const Variable& weight : model.weights()) CHECK(weight.dtype() == float32);
  }
}

TEST_CASE("dtype policy: names") {
  const DTypePolicy mixed("mixed_bfloat16");
  CHECK(mixed.compute_dtype() == bfloat16);
  CHECK(mixed.variable_dtype() == float32);
  CHECK(mixed.name() == "mixed_bfloat16");
  for (const char* name : {"mixed_float16", "float16", "bfloat16", "int32", ""}) {
    CHECK_THROWS_WITH_AS(DTypePolicy{name}, doctest::Contains("expected \"float32\", \"float64\""),
                         DTypeError);
  }
  CHECK_THROWS_AS(DTypePolicy{bfloat16}, DTypeError);
}

TEST_CASE("dtype policy: a layer keeps the one under which it was made") {
  layers::Dense before({.units = 2});
  {
    const PolicyScope policy("mixed_bfloat16");
    layers::Dense inside({.units = 2});
    CHECK(inside(ones({1, 3})).get(0).dtype() == bfloat16);
    layers::Dense last({.units = 2, .dtype = "float32"});
    CHECK(last(inside(ones({1, 3}))).get(0).dtype() == float32);
  }
  CHECK(before(ones({1, 3})).get(0).dtype() == float32);
}

TEST_CASE("mixed precision: values are rounded, gradients of weights are float32") {
  layers::Dense dense({.units = 1, .use_bias = false, .dtype = "mixed_bfloat16"});
  dense.layer()->ensure_built({{{1, 2}, float32, {}}});
  dense.set_weights({Tensor::numbers({1.001, 1}, {2, 1})});  // 1.001 reads as 1
  const Variable y = dense(Tensor::numbers({256, 1}, {1, 2})).get(0);
  CHECK(y.value().item<float>() == 256);  // 257 lies between two, ties to even
  y.backward(ones({1, 1}, bfloat16));
  const Tensor gradient = dense.weights()[0].grad();
  CHECK(gradient.dtype() == float32);
  CHECK(gradient.to_vector<float>() == std::vector<float>{256, 1});
}

TEST_CASE("bfloat16: operations round once, gradients come back in it, mixtures are refused") {
  const Variable x(Tensor::numbers({1, 2.5, -3}, {3}, bfloat16));
  const Variable y = sum(x * x + exp(x) * 2.0);
  CHECK(y.dtype() == bfloat16);
  y.backward();
  CHECK(x.grad().dtype() == bfloat16);
  CHECK(softmax(Tensor::numbers({0, 0}, {1, 2}, bfloat16)).to_vector<float>() ==
        std::vector<float>{0.5, 0.5});
  CHECK_THROWS_AS((void)(x + Variable(ones({3}), false)), DTypeError);
}

TEST_CASE("mixed precision: normalizations keep float32 statistics") {
  layers::BatchNormalization norm({.momentum = 0.5, .dtype = "mixed_bfloat16"});
  const Variable y = norm(Tensor::numbers({1, 1.0078125}, {2, 1}), {.training = true}).get(0);
  CHECK(y.dtype() == bfloat16);
  // 1.00390625, the mean, is no bfloat16.
  CHECK(norm.weights()[2].value().item<float>() == 0.5f * 1.00390625f);
  layers::LayerNormalization line({.dtype = "mixed_bfloat16"});
  CHECK(line(Tensor::numbers({1, 2}, {1, 2})).get(0).dtype() == bfloat16);
}

TEST_CASE("mixed precision: LayerNormalization computes in float32 and rounds once") {
  const Tensor x = Tensor::from(normal_values(2 * 3 * 4, 5), {2, 3, 4});
  for (const Axes& axis : {Axes(-1), Axes(std::vector<int>{1, 2}), Axes(1)}) {
    layers::LayerNormalization wide({.axis = axis}),
        mixed({.axis = axis, .dtype = "mixed_bfloat16"});
    // float32 inputs are not rounded first.
    CHECK(mixed(x).get(0).value().to_vector<float>() ==
          cast(wide(x).get(0).value(), bfloat16).to_vector<float>());
    const Tensor rounded = cast(x, bfloat16);
    const auto expected = cast(wide(cast(rounded, float32)).get(0).value(), bfloat16);
    const Variable given(rounded), y = mixed(given).get(0);
    CHECK(y.dtype() == bfloat16);
    CHECK(y.value().to_vector<float>() == expected.to_vector<float>());
    y.backward(cast(x, bfloat16));
    CHECK(given.grad().dtype() == bfloat16);
    CHECK(mixed.weights()[0].grad().dtype() == float32);
    CHECK(wide(rounded).get(0).dtype() == float32);
  }
}

// The kernels of casts that run while it lives, with their shapes.
class Casts : public kernels::TraceSink {
 public:
  Casts() : before_(kernels::set_trace_sink(this)) {}
  ~Casts() override { kernels::set_trace_sink(before_); }
  Casts(const Casts&) = delete;
  Casts& operator=(const Casts&) = delete;
  void record(const kernels::KernelCall& call) override {
    if (call.room == std::string("cast")) seen.push_back(call.op + (" " + call.shape()));
  }
  std::vector<std::string> seen;

 private:
  kernels::TraceSink* before_;
};

TEST_CASE("mixed precision: Embedding rounds the rows that it looked up, not its table") {
  layers::Embedding embedding({.input_dim = 1000, .output_dim = 3, .dtype = "mixed_bfloat16"});
  const Tensor ids = Tensor::numbers({7, 999, 7, 0}, {2, 2}, int32);
  (void)embedding(ids);  // makes the weights
  const Tensor table = embedding.weights()[0].value();
  const Casts casts;
  const Variable y = embedding(ids).get(0);
  CHECK(casts.seen == std::vector<std::string>{"cast_float32_to_bfloat16 [12]"});
  CHECK(y.value().to_vector<float>() == cast(gather(table, ids), bfloat16).to_vector<float>());
  y.backward(ones({2, 2, 3}, bfloat16));
  const Tensor gradient = embedding.weights()[0].grad();
  CHECK(gradient.dtype() == float32);
  CHECK(gradient.item<float>({7, 0}) == 2);
  CHECK(gradient.item<float>({1, 0}) == 0);
}

TEST_CASE("mixed precision: products, convolutions and pooling convert no whole operands") {
  const PolicyScope policy("mixed_bfloat16");
  Sequential model({Input({.shape = {8, 8, 3}}),
                    layers::Conv2D({.filters = 4, .kernel_size = 3, .activation = "relu"}),
                    layers::MaxPooling2D(), layers::Flatten(),
                    layers::Dense({.units = 5, .activation = "relu"})});
  const Tensor x = ones({2, 8, 8, 3}, bfloat16);
  const Variable y = model(x, {.training = true}).get(0);
  const Casts casts;
  y.backward(ones({2, 5}, bfloat16));
  // Gradients of four weights become float32; nothing else does.
  std::vector<std::string> seen = casts.seen;
  std::sort(seen.begin(), seen.end());
  CHECK(seen ==
        std::vector<std::string>{"cast_bfloat16_to_float32 [108]", "cast_bfloat16_to_float32 [180]",
                                 "cast_bfloat16_to_float32 [4]", "cast_bfloat16_to_float32 [5]"});
}

TEST_CASE("bfloat16: element-wise operations, softmax and dropout convert no whole operands") {
  // More than a block, and no multiple of one; positive for the logarithms.
  const Shape shape{5, 9001};
  const Tensor condition = keratin::greater(Tensor::from(normal_values(shape.size(), 4), shape), 0);
  using Run = std::function<Variable(const Variable&, const Variable&)>;
  const std::vector<std::pair<std::string, Run>> runs = {
      {"abs", [](const auto& a, const auto&) { return abs(a); }},
      {"clip", [](const auto& a, const auto&) { return clip(a, 0.3, 1.1); }},
      {"cos", [](const auto& a, const auto&) { return cos(a); }},
      {"divide", [](const auto& a, const auto& b) { return a / b; }},
      {"dropout",
       [](const auto& a, const auto&) {
         return dropout(a, 0.5, {1, 2});
       }},
      {"erf", [](const auto& a, const auto&) { return erf(a); }},
      {"exp", [](const auto& a, const auto&) { return exp(a); }},
      {"expm1", [](const auto& a, const auto&) { return expm1(a); }},
      {"log", [](const auto& a, const auto&) { return log(a); }},
      {"log1p", [](const auto& a, const auto&) { return log1p(a); }},
      {"log_softmax", [](const auto& a, const auto&) { return log_softmax(a); }},
      {"maximum", [](const auto& a, const auto& b) { return maximum(a, b); }},
      {"minimum", [](const auto& a, const auto& b) { return minimum(a, b); }},
      {"multiply", [](const auto& a, const auto& b) { return a * b; }},
      {"power", [](const auto& a, const auto& b) { return power(a, b); }},
      {"rsqrt", [](const auto& a, const auto&) { return rsqrt(a); }},
      {"sigmoid", [](const auto& a, const auto&) { return sigmoid(a); }},
      {"sin", [](const auto& a, const auto&) { return sin(a); }},
      {"softmax", [](const auto& a, const auto&) { return softmax(a); }},
      {"softplus", [](const auto& a, const auto&) { return softplus(a); }},
      {"sqrt", [](const auto& a, const auto&) { return sqrt(a); }},
      {"square", [](const auto& a, const auto&) { return square(a); }},
      {"tanh", [](const auto& a, const auto&) { return tanh(a); }},
      {"where", [&](const auto& a, const auto& b) { return where(condition, a, b); }},
  };
  const auto values = [&](std::uint64_t seed) {
    const Tensor wide = Tensor::from(normal_values<double>(shape.size(), seed), shape);
    return cast(abs(wide) + 0.01, bfloat16);
  };
  const Tensor a = values(1), b = values(2), dy = values(3);
  for (const auto& [name, run] : runs) {
    CAPTURE(name);
    const auto gradients_of = [&](DType dtype) {
      const Variable x(cast(a, dtype)), y(cast(b, dtype));
      run(x, y).backward(cast(dy, dtype));
      std::vector<Tensor> all{x.grad()};
      if (y.grad().defined()) all.push_back(y.grad());
      return all;
    };
    std::vector<Tensor> narrow;
    {
      const Variable x(a), y(b);
      const Casts casts;
      const Variable result = run(x, y);
      CHECK(result.dtype() == bfloat16);
      result.backward(dy);
      for (const std::string& cast : casts.seen) {
        CAPTURE(cast);
        CHECK(!cast.ends_with(fmt::format("[{}]", shape.size())));
      }
      narrow.push_back(x.grad());
      if (y.grad().defined()) narrow.push_back(y.grad());
    }
    const std::vector<Tensor> wide = gradients_of(float32);
    REQUIRE(narrow.size() == wide.size());
    for (std::size_t i = 0; i < narrow.size(); ++i) {
      CHECK(narrow[i].dtype() == bfloat16);
      // Some rules start from the result, which was rounded, too.
      const std::vector<double> expected = wide[i].to_vector<double>();
      double largest = 0;
      for (const double value : expected) largest = std::max(largest, std::fabs(value));
      CHECK(difference(narrow[i].to_vector<double>(), expected, {0.01, 0.004 * largest}) == "");
    }
  }
}

TEST_CASE("mixed precision: a model is saved and loaded with its policies") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.keras";
  Sequential model({Input({.shape = {3}}),
                    layers::Dense({.units = 4, .activation = "relu", .dtype = "mixed_bfloat16"}),
                    layers::Dense({.units = 2, .activation = "softmax", .dtype = "float32"})});
  model.save(path);
  Model loaded = load_model(path);
  const Tensor x = Tensor::numbers({1, 2, 3, -1, 0.5, 0}, {2, 3});
  CHECK(loaded.predict(x).get(0).to_vector<float>() == model.predict(x).get(0).to_vector<float>());
  CHECK(loaded.layers()[0].layer()->policy().name() == "mixed_bfloat16");
  CHECK(loaded.layers()[1].layer()->policy().name() == "float32");
}

TEST_CASE("mixed precision: predict gives bfloat16, metrics and losses are of float32") {
  const PolicyScope policy("mixed_bfloat16");
  Sequential model({Input({.shape = {3}}), layers::Dense({.units = 1})});
  model.compile({.loss = "mse", .metrics = {"mae"}});
  const Tensor x = ones({5, 3}), y = full({5, 1}, 1000.25);
  CHECK(model.predict(x, {.batch_size = 2}).get(0).spec() == Spec{{5, 1}, bfloat16, {}});
  model.fit(x, y, {.batch_size = 2, .epochs = 1, .verbose = 0});
  model.set_weights({zeros({3, 1}), zeros({1})});
  CHECK(model.evaluate(x, y, {.verbose = 0}).at("mae") == 1000.25);
}

}  // namespace
}  // namespace keratin::tests
