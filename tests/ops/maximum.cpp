#include "autograd/ops/maximum.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("maximum") {
  check({.op = "maximum",
         .run = [](const auto& x) { return maximum(x[0], x[1]); },
         .inputs = pairs(),
         .formula =
             [](const auto& x) {
               return std::isnan(x[0]) || std::isnan(x[1]) ? std::nan("") : std::fmax(x[0], x[1]);
             },
         .accepts = Accepts::numbers});
  check_operands("maximum", [](const auto& a, const auto& b) { return maximum(a, b); });
}

TEST_CASE("maximum: equal ones share the gradient") {
  const Variable a(Tensor::numbers({1, 2, 3})), b(Tensor::numbers({3, 2, 1}));
  maximum(a, b).backward(Tensor::numbers({10, 20, 30}));
  CHECK(numbers_of(a.grad()) == std::vector<double>{0, 10, 30});
  CHECK(numbers_of(b.grad()) == std::vector<double>{10, 10, 0});
}

}  // namespace keratin::tests
