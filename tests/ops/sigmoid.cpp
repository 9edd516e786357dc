#include "autograd/ops/sigmoid.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("sigmoid") {
  check({.op = "sigmoid",
         .run = [](const auto& x) { return sigmoid(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return 0.5 * (1 + std::tanh(x[0] / 2)); }});
  // Not lost in 1 - y: the far ends keep their relative accuracy.
  CHECK(sigmoid(Tensor::numbers({-60}, {1}, float64)).item<double>() ==
        doctest::Approx(std::exp(-60.0)));
  CHECK(sigmoid(Tensor::numbers({-60})).item<double>() ==
        doctest::Approx(std::exp(-60.0)).epsilon(1e-5));
}

}  // namespace keratin::tests
