#include "autograd/ops/power.h"

#include "autograd/ops/sum.h"
#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("power") {
  check({.op = "power",
         .run = [](const auto& x) { return power(x[0], x[1]); },
         .inputs = pairs(0.3, 2.5),
         .formula = [](const auto& x) { return std::pow(x[0], x[1]); },
         .accepts = Accepts::numbers});
  check_operands("power", [](const auto& a, const auto& b) { return power(a, b); });
}

TEST_CASE("power: negative bases") {
  const Variable base(Tensor::numbers({-2, -2, -2, 0}, {4}, float64));
  const Variable exponent(Tensor::numbers({2, 3, -1, 2}, {4}, float64));
  const Variable y = power(base, exponent);
  CHECK(numbers_of(y.value()) == std::vector<double>{4, -8, -0.5, 0});
  CHECK(std::isnan(power(Tensor::numbers({-2}), 0.5).item<double>()));
  sum(y).backward();
  CHECK(numbers_of(base.grad()) == std::vector<double>{-4, 12, -0.25, 0});
  CHECK(numbers_of(exponent.grad()) == std::vector<double>{0, 0, 0, 0});  // no real slope there
}

TEST_CASE("power: integers wrap around") {
  const Tensor base = Tensor::from(std::vector<std::int64_t>{3, 2, 0, 2, 1, -1, -1, 0});
  const Tensor exponent = Tensor::from(std::vector<std::int64_t>{40, 64, 0, -1, -5, -5, -4, -1});
  CHECK(power(base, exponent).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{-6289078614652622815, 0, 1, 0, 1, -1, 1, 0});
}

}  // namespace keratin::tests
