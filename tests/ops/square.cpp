#include "autograd/ops/square.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("square") {
  check({.op = "square",
         .run = [](const auto& x) { return square(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return x[0] * x[0]; },
         .accepts = Accepts::numbers});
}

}  // namespace keratin::tests
