#include "autograd/ops/sin.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("sin") {
  check({.op = "sin",
         .run = [](const auto& x) { return sin(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return std::sin(x[0]); }});
}

}  // namespace keratin::tests
