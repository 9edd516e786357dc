#include "autograd/ops/relu.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("relu") {
  check({.op = "relu",
         .run = [](const auto& x) { return relu(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return std::isnan(x[0]) ? x[0] : std::max(x[0], 0.0); },
         .accepts = Accepts::numbers});
  const Tensor x = Tensor::numbers({-1, -0.0, 0, 1e-30, 2});
  CHECK(gradient_of([](const Variable& v) { return relu(v); }, x) ==
        std::vector<double>{0, 0, 0, 1, 1});
}

}  // namespace keratin::tests
