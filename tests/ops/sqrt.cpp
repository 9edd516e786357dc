#include "autograd/ops/sqrt.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("sqrt") {
  check({.op = "sqrt",
         .run = [](const auto& x) { return sqrt(x[0]); },
         .inputs = points(0.2, 4),
         .formula = [](const auto& x) { return std::sqrt(x[0]); }});
  CHECK(gradient_of([](const Variable& v) { return sqrt(v); }, Tensor::numbers({0, 4})) ==
        std::vector<double>{std::numeric_limits<double>::infinity(), 0.25});
}

}  // namespace keratin::tests
