#include "autograd/ops/rsqrt.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("rsqrt") {
  check({.op = "rsqrt",
         .run = [](const auto& x) { return rsqrt(x[0]); },
         .inputs = points(0.2, 4),
         .formula = [](const auto& x) { return 1 / std::sqrt(x[0]); }});
}

}  // namespace keratin::tests
