#include "autograd/ops/sigmoid_cross_entropy.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("sigmoid_cross_entropy") {
  check({.op = "sigmoid_cross_entropy",
         .run = [](const auto& x) { return sigmoid_cross_entropy(x[0], x[1]); },
         .inputs = pairs(-4, 4),
         .formula =
             [](const auto& x) {
               const double score = x[0], target = x[1];
               return (score < 0 ? 0 : score) - score * target +
                      std::log1p(std::exp(-std::fabs(score)));
             },
         .float32_result = {4e-6, 4e-6}});
}

TEST_CASE("sigmoid_cross_entropy: is that of the probability") {
  for (const double score : {-5.0, -0.3, 0.0, 2.0}) {
    for (const double target : {0.0, 0.25, 1.0}) {
      const double p = 1 / (1 + std::exp(-score));
      const Tensor x = Tensor::numbers({score}, {1}, float64);
      CHECK(sigmoid_cross_entropy(x, Tensor::numbers({target}, {1}, float64)).item<double>() ==
            doctest::Approx(-target * std::log(p) - (1 - target) * std::log(1 - p)));
    }
  }
}

TEST_CASE("sigmoid_cross_entropy: errors name what was given") {
  const Tensor x = zeros({2, 3}), t = zeros({2});
  CHECK(complaint<ShapeError>([&] { return sigmoid_cross_entropy(x, t); },
                              {"sigmoid_cross_entropy", "[2, 3]", "[2]"}) == "");
  CHECK(complaint<ShapeError>([&] { return sigmoid_cross_entropy(Variable(x), t); },
                              {"sigmoid_cross_entropy", "[2, 3]", "[2]"}) == "");
}

}  // namespace keratin::tests
