#include "autograd/ops/sum.h"

#include <numeric>

#include "tests/ops/groups.h"

namespace keratin::tests {

TEST_CASE("sum") {
  check_reduction(
      {.op = "sum",
       .run = [](const auto& x) { return x[0]; },
       .float32_result = {1e-5, 2e-4},  // of up to 70,001 numbers about 0
       .accepts = Accepts::movable,
       .keeps_dtype = false},
      [](const auto& x, const ReduceOptions& options) { return sum(x, options); },
      [](const std::vector<double>& x) { return std::accumulate(x.begin(), x.end(), 0.0); });
}

TEST_CASE("sum: of nothing it is 0") {
  CHECK(numbers_of(sum(zeros({0}))) == std::vector<double>{0});
  CHECK(numbers_of(sum(zeros({0, 2}), {.axis = 0})) == std::vector<double>{0, 0});
  CHECK(sum(zeros({2, 0}), {.axis = 0}).shape() == Shape{0});
}

TEST_CASE("sum: narrow types are added up in int64") {
  const Tensor bytes = full({1000}, 255, uint8), flags = ones({3, 300}, boolean);
  CHECK(sum(bytes).dtype() == int64);
  CHECK(sum(bytes).item<std::int64_t>() == 255'000);
  CHECK(sum(flags, {.axis = -1}).to_vector<std::int64_t>() == std::vector<std::int64_t>(3, 300));
  CHECK(sum(ones({4}, int32)).dtype() == int32);
}

TEST_CASE("sum: NaN and infinities pass") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               inf = std::numeric_limits<double>::infinity();
  for (const DType dtype : {float32, float64}) {
    const Tensor x = Tensor::numbers({1, nan, inf, 2, inf, -inf}, {3, 2}, dtype);
    const std::vector<double> y = numbers_of(sum(x, {.axis = 1}));
    CHECK(std::isnan(y[0]));
    CHECK(y[1] == inf);
    CHECK(std::isnan(y[2]));
  }
}

}  // namespace keratin::tests
