#include "autograd/ops/tanh.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("tanh") {
  check({.op = "tanh",
         .run = [](const auto& x) { return tanh(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return 1 - 2 / (std::exp(2 * x[0]) + 1); }});
}

}  // namespace keratin::tests
