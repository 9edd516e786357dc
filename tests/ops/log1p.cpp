#include "autograd/ops/log1p.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("log1p") {
  check({.op = "log1p",
         .run = [](const auto& x) { return log1p(x[0]); },
         .inputs = points(-0.8, 4),
         .formula = [](const auto& x) { return std::log1p(x[0]); }});
  CHECK(log1p(Tensor::numbers({1e-10})).item<double>() == doctest::Approx(1e-10));
}

}  // namespace keratin::tests
