#include "autograd/ops/erf.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("erf") {
  check({.op = "erf",
         .run = [](const auto& x) { return erf(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return 1 - std::erfc(x[0]); }});
}

}  // namespace keratin::tests
