#include "autograd/ops/log.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("log") {
  check({.op = "log",
         .run = [](const auto& x) { return log(x[0]); },
         .inputs = points(0.2, 4),
         .formula = [](const auto& x) { return std::log(x[0]); }});
  // At 0 the slope is infinite, as in the formula.
  CHECK(gradient_of([](const Variable& v) { return log(v); }, Tensor::numbers({0, 4})) ==
        std::vector<double>{std::numeric_limits<double>::infinity(), 0.25});
}

}  // namespace keratin::tests
