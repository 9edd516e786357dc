#include "autograd/ops/max.h"

#include "tensor/cast.h"
#include "tests/ops/groups.h"

namespace keratin::tests {

TEST_CASE("max") {
  check_reduction(
      {.op = "max", .run = [](const auto& x) { return x[0]; }, .accepts = Accepts::numbers},
      [](const auto& x, const ReduceOptions& options) { return max(x, options); },
      [](const std::vector<double>& x) { return *std::max_element(x.begin(), x.end()); });
}

TEST_CASE("max: equal ones share the gradient") {
  const double e = 5;
  const Variable x(Tensor::numbers({e, 0, e, 1, e, 1}, {2, 3}));
  max(x, {.axis = -1}).backward(Tensor::numbers({10, 20}));
  CHECK(numbers_of(x.grad()) == std::vector<double>{5, 0, 5, 0, 20, 0});
  CHECK(gradient_of([](const Variable& v) { return max(v); }, zeros({4})) ==
        std::vector<double>(4, 0.25));
}

TEST_CASE("max: NaN wins, wherever it stands") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {float32, float64}) {
    for (const std::int64_t place : {0, 1, 17, 36}) {
      std::vector<double> values(37, 1);
      values[static_cast<std::size_t>(place)] = nan;
      const Tensor x = cast(Tensor::from(values), dtype);
      CHECK(std::isnan(max(x).item<double>()));
      CHECK(std::isnan(max(x.reshaped({37, 1}), {.axis = 0}).item<double>()));
    }
  }
}

TEST_CASE("max: infinities; nothing to take it of") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(max(Tensor::numbers({inf, inf})).item<double>() == inf);
  CHECK(max(Tensor::numbers({-inf, -inf})).item<double>() == -inf);
  CHECK(max(zeros({0, 3}), {.axis = 1}).shape() == Shape{0});
  CHECK(complaint<ShapeError>(
            [] {
              return max(zeros({3, 0}), {.axis = 1});
            },
            {"max", "f32[3, 0]", "nothing"}) == "");
  CHECK(complaint<ShapeError>([] { return max(Variable(zeros({0}))); }, {"max", "f32[0]"}) == "");
}

}  // namespace keratin::tests
