#include "autograd/ops/multiply.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("multiply") {
  check({.op = "multiply",
         .run = [](const auto& x) { return multiply(x[0], x[1]); },
         .inputs = pairs(),
         .formula = [](const auto& x) { return x[0] * x[1]; },
         .accepts = Accepts::numbers});
  check_operands("multiply", [](const auto& a, const auto& b) { return a * b; });
}

}  // namespace keratin::tests
