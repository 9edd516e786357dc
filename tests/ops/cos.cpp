#include "autograd/ops/cos.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("cos") {
  check({.op = "cos",
         .run = [](const auto& x) { return cos(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return std::cos(x[0]); }});
}

}  // namespace keratin::tests
