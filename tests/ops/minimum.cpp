#include "autograd/ops/minimum.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("minimum") {
  check({.op = "minimum",
         .run = [](const auto& x) { return minimum(x[0], x[1]); },
         .inputs = pairs(),
         .formula =
             [](const auto& x) {
               return std::isnan(x[0]) || std::isnan(x[1]) ? std::nan("") : std::fmin(x[0], x[1]);
             },
         .accepts = Accepts::numbers});
  check_operands("minimum", [](const auto& a, const auto& b) { return minimum(a, b); });
}

TEST_CASE("minimum: equal ones share the gradient") {
  const Variable a(Tensor::numbers({1, 2, 3})), b(Tensor::numbers({3, 2, 1}));
  minimum(a, b).backward(Tensor::numbers({10, 20, 30}));
  CHECK(numbers_of(a.grad()) == std::vector<double>{10, 10, 0});
  CHECK(numbers_of(b.grad()) == std::vector<double>{0, 10, 30});
}

}  // namespace keratin::tests
