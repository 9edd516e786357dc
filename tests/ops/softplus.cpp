#include "autograd/ops/softplus.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("softplus") {
  check({.op = "softplus",
         .run = [](const auto& x) { return softplus(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return x[0] > 36 ? x[0] : std::log1p(std::exp(x[0])); }});
}

}  // namespace keratin::tests
