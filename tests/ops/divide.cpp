#include "autograd/ops/divide.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("divide") {
  check({.op = "divide",
         .run = [](const auto& x) { return divide(x[0], x[1]); },
         .inputs = pairs(),
         .formula = [](const auto& x) { return x[0] / x[1]; },
         .accepts = Accepts::numbers});
  check_operands("divide", [](const auto& a, const auto& b) { return a / b; });
}

TEST_CASE("divide: integers are cut towards zero, and never trap") {
  const std::int32_t least = std::numeric_limits<std::int32_t>::min();
  const Tensor a = Tensor::from(std::vector<std::int32_t>{7, -7, 5, least, least});
  const Tensor b = Tensor::from(std::vector<std::int32_t>{2, 2, 0, -1, 1});
  CHECK(divide(a, b).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{3, -3, 0, least, least});
}

}  // namespace keratin::tests
