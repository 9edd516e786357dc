#include "autograd/ops/expm1.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("expm1") {
  check({.op = "expm1",
         .run = [](const auto& x) { return expm1(x[0]); },
         .inputs = points(),
         .formula = [](const auto& x) { return std::expm1(x[0]); }});
  CHECK(expm1(Tensor::numbers({1e-10})).item<double>() == doctest::Approx(1e-10));
}

}  // namespace keratin::tests
