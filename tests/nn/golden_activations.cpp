#include "autograd/ops.h"
#include "nn/activations.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

namespace act = activations;

// By name alone through Activation; with parameters through the function.
Variable applied(const std::string& name, const Json& parameters, const Variable& x) {
  if (parameters.empty()) return Activation(name)(x);
  Options given(parameters);
  Variable y;
  if (name == "relu") {
    act::ReluOptions o;
    given.read("negative_slope", o.negative_slope).read("max_value", o.max_value);
    given.read("threshold", o.threshold);
    y = act::relu(x, o);
  } else if (name == "leaky_relu" || name == "elu" || name == "celu" || name == "squareplus" ||
             name == "soft_shrink" || name == "hard_shrink") {
    double a = std::nan("");
    given.read("negative_slope", a).read("alpha", a).read("b", a).read("threshold", a);
    y = name == "leaky_relu"    ? act::leaky_relu(x, a)
        : name == "elu"         ? act::elu(x, a)
        : name == "celu"        ? act::celu(x, a)
        : name == "squareplus"  ? act::squareplus(x, a)
        : name == "soft_shrink" ? act::soft_shrink(x, a)
                                : act::hard_shrink(x, a);
  } else if (name == "gelu") {
    bool approximate = false;
    given.read("approximate", approximate);
    y = act::gelu(x, approximate);
  } else if (name == "threshold") {
    double threshold = 0, otherwise = 0;
    given.read("threshold", threshold).read("default_value", otherwise);
    y = act::threshold(x, threshold, otherwise);
  } else if (name == "softmax" || name == "log_softmax") {
    int axis = -1;
    given.read("axis", axis);
    y = name == "softmax" ? act::softmax(x, axis) : act::log_softmax(x, axis);
  }
  REQUIRE(y.defined());
  given.done();
  return y;
}

TEST_CASE("golden: activations and their gradients") {
  const Json& file = golden("activations");
  for (const DType dtype : {float64, float32}) {
    for (const Json& entry : file["cases"]) {
      const auto name = entry["name"].get<std::string>();
      CAPTURE(name);
      CAPTURE(entry["parameters"].dump());
      CAPTURE(name_of(dtype));
      const bool by_table = !entry.contains("x");  // else an input of its own
      const auto column = [&](const char* key) {
        const std::vector<double> values = to_numbers(file[key]);
        return to_tensor({{"shape", {values.size()}}, {"values", file[key]}}, dtype);
      };
      const Tensor x = by_table ? column("x") : to_tensor(entry["x"], dtype);
      const Tensor dy = by_table ? column("dy") : to_tensor(entry["dy"], dtype);
      const Variable at(by_table                  ? column("gradient_at")
                        : entry.contains("dx_at") ? to_tensor(entry["dx_at"], dtype)
                                                  : x.copy());
      const Tolerance tolerance = golden_tolerance(dtype);
      const Variable y = applied(name, entry["parameters"], Variable(x, false));
      REQUIRE(y.shape() == to_shape(entry["y"]["shape"]));
      const std::vector<double> results = y.value().to_vector<double>();
      std::vector<double> expected = to_numbers(entry["y"]["values"]);
      for (std::size_t i = 0; by_table && i < expected.size(); ++i) {
        const double input = to_number(file["x"][i]);
        if (std::isnan(input)) expected[i] = input;  // passes everywhere; Keras' shrinks lose it
        // Keras may find no number at infinity, where there is a limit.
        if (std::isinf(input) && std::isnan(expected[i])) expected[i] = results[i];
      }
      CHECK(difference(results, rounded(expected, dtype), tolerance) == "");

      applied(name, entry["parameters"], at).backward(dy);
      std::vector<double> gradient = at.grad().to_vector<double>();
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        if (entry["dx"][i].is_null()) {
          CHECK(std::isfinite(gradient[i]));  // a kink
          gradient[i] = 0;
        }
      }
      CHECK(difference(gradient, rounded(to_numbers(entry["dx"]), dtype),
                       dtype == float64 ? tolerance : Tolerance{1e-5, 3e-6}) == "");
    }
  }
}

}  // namespace
}  // namespace keratin::tests
