#include "autograd/ops/mean.h"

#include <numeric>

#include "tests/ops/groups.h"

namespace keratin::tests {

TEST_CASE("mean") {
  check_reduction(
      {.op = "mean", .run = [](const auto& x) { return x[0]; }},
      [](const auto& x, const ReduceOptions& options) { return mean(x, options); },
      [](const std::vector<double>& x) {
        return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
      });
}

TEST_CASE("mean: of nothing it is NaN") {
  CHECK(std::isnan(mean(zeros({0})).item<double>()));
  CHECK(std::isnan(mean(zeros({0, 1}, float64), {.axis = 0}).item<double>()));
}

}  // namespace keratin::tests
