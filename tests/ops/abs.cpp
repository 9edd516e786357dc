#include "autograd/ops/abs.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("abs") {
  check({.op = "abs",
         .run = [](const auto& x) { return abs(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return std::fabs(x[0]); },
         .accepts = Accepts::numbers});
  const Tensor x = Tensor::numbers({-2, 0, 3});
  CHECK(gradient_of([](const Variable& v) { return abs(v); }, x) == std::vector<double>{-1, 0, 1});
}

TEST_CASE("abs: the least integer stays what it is") {
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  CHECK(abs(Tensor::from(std::vector{least, least + 1})).to_vector<std::int64_t>() ==
        std::vector{least, -(least + 1)});
}

}  // namespace keratin::tests
