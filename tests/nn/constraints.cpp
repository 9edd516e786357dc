#include "nn/constraints.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "keratin.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

using namespace constraints;

Axes to_axes(const Json& json) {
  if (json.is_null()) return {};
  return json.is_array() ? Axes(json.get<std::vector<int>>()) : Axes(json.get<int>());
}

template <class T, class ConstraintOptions>
Constraint made(const Json& options, ConstraintOptions o) {
  Options given(options);
  if (const Json* axis = given.find("axis")) o.axis = to_axes(*axis);
  if constexpr (requires { o.max_value; }) given.read("max_value", o.max_value);
  if constexpr (requires { o.min_value; }) {
    given.read("min_value", o.min_value).read("rate", o.rate);
  }
  given.done();
  return T(o);
}

Constraint to_constraint(const std::string& name, const Json& options) {
  if (options.empty()) return Constraint(name);
  if (name == "MaxNorm") return made<MaxNorm>(options, MaxNormOptions());
  if (name == "UnitNorm") return made<UnitNorm>(options, UnitNormOptions());
  REQUIRE(name == "MinMaxNorm");
  return made<MinMaxNorm>(options, MinMaxNormOptions());
}

TEST_CASE("golden: constraints, and how far from orthogonal") {
  const Json& file = golden("constraints");
  int constrained = 0, penalized = 0;
  for (const DType dtype : {float64, float32}) {
    for (const Json& entry : file["cases"]) {
      const auto name = entry["name"].get<std::string>();
      CAPTURE(name);
      CAPTURE(entry["options"].dump());
      CAPTURE(name_of(dtype));
      const Tensor w = to_tensor(file["weights"][entry["weight"].get<std::size_t>()], dtype);
      const Tolerance tolerance = golden_tolerance(dtype);
      if (name != "OrthogonalRegularizer") {
        ++constrained;
        const Tensor held = to_constraint(name, entry["options"])(w);
        CHECK(held.shape() == w.shape());
        CHECK(difference(held, to_numbers(entry["value"]), tolerance) == "");
        continue;
      }
      ++penalized;
      const Regularizer penalty = regularizers::OrthogonalRegularizer(
          entry["options"].value("factor", 0.01), entry["options"].value("mode", "rows"));
      const Variable v(w.copy());
      const Variable value = penalty(v);
      CHECK(difference(value.value(), std::vector<double>{to_number(entry["value"])}, tolerance) ==
            "");
      if (!entry.contains("gradient")) continue;
      value.backward();
      CHECK(difference(v.grad(), to_numbers(entry["gradient"]), tolerance) == "");
    }
  }
  CHECK(constrained == 24);
  CHECK(penalized == 8);
}

TEST_CASE("constraints: options out of range") {
  const std::pair<const char*, std::function<void()>> rows[] = {
      {"MaxNorm: max_value is -1", [] { MaxNorm({.max_value = -1}); }},
      {"MaxNorm: max_value is nan", [] { MaxNorm({.max_value = std::nan("")}); }},
      {"MinMaxNorm: min_value is -0.5", [] { MinMaxNorm({.min_value = -0.5}); }},
      {"MinMaxNorm: min_value is 2, max_value 1", [] { MinMaxNorm({.min_value = 2}); }},
      {"MinMaxNorm: rate is 1.5", [] { MinMaxNorm({.rate = 1.5}); }},
      {"factor is -1", [] { regularizers::OrthogonalRegularizer(-1); }},
      {"mode is \"row\"", [] { regularizers::OrthogonalRegularizer(1, "row"); }},
  };
  for (const auto& [text, make] : rows) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(make(), doctest::Contains(text), ValueError);
  }
  const Regularizer penalty("orthogonal_regularizer");
  CHECK_THROWS_WITH_AS((void)penalty(Variable(ones({2, 2, 2}))),
                       doctest::Contains("the weight is f32[2, 2, 2]; expected a matrix"),
                       ShapeError);
  // One row has none to be at right angles to.
  CHECK(penalty(Variable(ones({1, 4}))).value().item<double>() == 0);
}

TEST_CASE("constraints: an axis that the weight has not shows when the layer is built") {
  layers::Dense layer({.units = 2, .bias_constraint = MaxNorm({.axis = 1})});
  CHECK_THROWS_AS(layer(Variable(ones({1, 3}))), ShapeError);
  const Constraint rows(std::function<Tensor(const Tensor&)>(
      [](const Tensor& w) { return sum(w, {.axis = 0, .keepdims = true}); }));
  layers::Dense other({.units = 2, .kernel_constraint = rows});
  CHECK_THROWS_WITH_AS(
      other(Variable(ones({1, 3}))),
      doctest::Contains("the constraint of \"kernel\" gave f32[1, 2]; expected f32[3, 2]"),
      ShapeError);
}

TEST_CASE("constraints: hold after every step of training, in each layer that takes them") {
  namespace l = layers;
  set_random_seed(3);
  const Tensor x = randn({16, 6, 6, 2}), y = randn({16, 1});
  Sequential model(
      {Input({.shape = {6, 6, 2}}),
       l::Conv2D({.filters = 3,
                  .kernel_size = 3,
                  .kernel_constraint = MaxNorm({.max_value = 0.3, .axis = {0, 1, 2}})}),
       l::BatchNormalization({.gamma_constraint = "non_neg"}),
       l::DepthwiseConv2D({.kernel_size = 2, .depthwise_constraint = UnitNorm({.axis = {0, 1}})}),
       l::Flatten(),
       l::Dense({.units = 1,
                 .kernel_constraint = MinMaxNorm({.min_value = 0.5, .max_value = 0.6}),
                 .bias_constraint = "max_norm"})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.5}), .loss = "mse"});
  model.fit(x, y, {.batch_size = 4, .epochs = 2, .verbose = 0});
  const std::vector<Tensor> weights = model.get_weights();
  const auto lengths = [](const Tensor& w, Axes axes) {
    return sqrt(sum(square(w), {.axis = std::move(axes)})).to_vector<double>();
  };
  for (const double n : lengths(weights[0], {0, 1, 2})) CHECK(n <= 0.3 + 1e-6);
  for (const double gamma : weights[2].to_vector<double>()) CHECK(gamma >= 0);
  for (const double n : lengths(weights[6], {0, 1})) CHECK(n == doctest::Approx(1));
  for (const double n : lengths(weights[8], 0)) {
    CHECK(n >= 0.5 - 1e-6);
    CHECK(n <= 0.6 + 1e-6);
  }
}

}  // namespace
}  // namespace keratin::tests
