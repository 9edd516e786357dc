#include "autograd/ops/min.h"

#include "tensor/cast.h"
#include "tests/ops/groups.h"

namespace keratin::tests {

TEST_CASE("min") {
  check_reduction(
      {.op = "min", .run = [](const auto& x) { return x[0]; }, .accepts = Accepts::numbers},
      [](const auto& x, const ReduceOptions& options) { return min(x, options); },
      [](const std::vector<double>& x) { return *std::min_element(x.begin(), x.end()); });
}

TEST_CASE("min: equal ones share the gradient") {
  const double e = -5;
  const Variable x(Tensor::numbers({e, 0, e, 1, e, 1}, {2, 3}));
  min(x, {.axis = -1}).backward(Tensor::numbers({10, 20}));
  CHECK(numbers_of(x.grad()) == std::vector<double>{5, 0, 5, 0, 20, 0});
  CHECK(gradient_of([](const Variable& v) { return min(v); }, zeros({4})) ==
        std::vector<double>(4, 0.25));
}

TEST_CASE("min: NaN wins, wherever it stands") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {float32, float64}) {
    for (const std::int64_t place : {0, 1, 17, 36}) {
      std::vector<double> values(37, 1);
      values[static_cast<std::size_t>(place)] = nan;
      const Tensor x = cast(Tensor::from(values), dtype);
      CHECK(std::isnan(min(x).item<double>()));
      CHECK(std::isnan(min(x.reshaped({37, 1}), {.axis = 0}).item<double>()));
    }
  }
}

TEST_CASE("min: infinities; nothing to take it of") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(min(Tensor::numbers({inf, inf})).item<double>() == inf);
  CHECK(min(Tensor::numbers({-inf, -inf})).item<double>() == -inf);
  CHECK(min(zeros({0, 3}), {.axis = 1}).shape() == Shape{0});
  CHECK(complaint<ShapeError>(
            [] {
              return min(zeros({3, 0}), {.axis = 1});
            },
            {"min", "f32[3, 0]", "nothing"}) == "");
  CHECK(complaint<ShapeError>([] { return min(Variable(zeros({0}))); }, {"min", "f32[0]"}) == "");
}

}  // namespace keratin::tests
