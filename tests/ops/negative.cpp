#include "autograd/ops/negative.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("negative") {
  check({.op = "negative",
         .run = [](const auto& x) { return negative(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return 0 - x[0]; },
         .accepts = Accepts::numbers});
  CHECK(numbers_of(-Tensor::numbers({1, -2})) == std::vector<double>{-1, 2});
  CHECK(std::signbit((-zeros({})).item<double>()));
}

}  // namespace keratin::tests
