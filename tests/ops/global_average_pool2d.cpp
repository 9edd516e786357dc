#include "autograd/ops/global_average_pool2d.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tests/support.h"

namespace keratin::tests {

TEST_CASE("global_average_pool2d: values, gradients, errors") {
  const Tensor x = Tensor::numbers({1, 10, 2, 20, 3, 30, 6, 60}, {1, 2, 2, 2});
  CHECK(global_average_pool2d(x).to_vector<double>() == std::vector<double>{3, 30});
  CHECK(global_average_pool2d(x).shape() == Shape{1, 2});
  CHECK(global_average_pool2d(x, true).shape() == Shape{1, 1, 1, 2});
  const Tensor at = Tensor::from(normal_values<double>(60, 1), {2, 3, 2, 5});
  for (const bool keepdims : {false, true}) {
    const auto f = [&](const Variable& v) { return global_average_pool2d(v, keepdims); };
    CHECK(gradcheck(f, at).max_relative_error < 1e-8);
  }
  CHECK_THROWS_WITH_AS((void)global_average_pool2d(zeros({2, 3})),
                       doctest::Contains("global_average_pool2d: input has rank 2, f32[2, 3]"),
                       ShapeError);
  CHECK_THROWS_AS((void)global_average_pool2d(zeros({2, 0, 3, 1})), ShapeError);
  CHECK_THROWS_AS((void)global_average_pool2d(zeros({2, 2, 3, 1}, int32)), DTypeError);
}

}  // namespace keratin::tests
