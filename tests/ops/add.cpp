#include "autograd/ops/add.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("add") {
  check({.op = "add",
         .run = [](const auto& x) { return add(x[0], x[1]); },
         .inputs = pairs(),
         .formula = [](const auto& x) { return x[0] + x[1]; },
         .accepts = Accepts::numbers});
  check_operands("add", [](const auto& a, const auto& b) { return a + b; });
}

}  // namespace keratin::tests
