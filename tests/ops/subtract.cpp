#include "autograd/ops/subtract.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("subtract") {
  check({.op = "subtract",
         .run = [](const auto& x) { return subtract(x[0], x[1]); },
         .inputs = pairs(),
         .formula = [](const auto& x) { return x[0] - x[1]; },
         .accepts = Accepts::numbers});
  check_operands("subtract", [](const auto& a, const auto& b) { return a - b; });
}

}  // namespace keratin::tests
