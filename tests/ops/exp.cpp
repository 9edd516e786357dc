#include "autograd/ops/exp.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("exp") {
  check({.op = "exp",
         .run = [](const auto& x) { return exp(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return std::exp(x[0]); }});
}

}  // namespace keratin::tests
