#include "autograd/ops/sign.h"

#include "autograd/ops/multiply.h"
#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("sign") {
  check({.op = "sign",
         .run = [](const auto& x) { return sign(x[0]); },
         .inputs = points(),
         .formula =
             [](const auto& x) {
               return std::isnan(x[0]) ? x[0] : static_cast<double>((x[0] > 0) - (x[0] < 0));
             },
         .accepts = Accepts::numbers,
         .differentiable = Differentiable::never});
  // In a product its zero gradient is left out, and the other factor's stays.
  const Tensor x = Tensor::numbers({-2, 0, 3});
  CHECK(gradient_of([](const Variable& v) { return v * sign(v); }, x) ==
        std::vector<double>{-1, 0, 1});
}

}  // namespace keratin::tests
