#include "autograd/ops/max_pool2d.h"

#include <algorithm>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

// Distinct values, far enough apart for a difference quotient.
Tensor distinct(const Shape& shape, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.01 * static_cast<double>(i);
  std::shuffle(values.begin(), values.end(), std::mt19937_64(seed));
  return Tensor::from(values, shape);
}

}  // namespace

TEST_CASE("max_pool2d: values, edges, ties") {
  const Tensor x = Tensor::numbers({1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 3, 3, 1});
  const auto values = [&](const Pool2dOptions& options) {
    return max_pool2d(x, options).to_vector<double>();
  };
  CHECK(values({}) == std::vector<double>{5});
  CHECK(values({.padding = "same"}) == std::vector<double>{5, 6, 8, 9});
  CHECK(values({.strides = {1, 1}}) == std::vector<double>{5, 6, 8, 9});
  CHECK(values({.pool_size = {1, 3}}) == std::vector<double>{3, 6, 9});
  CHECK(values({.pool_size = {2, 1}, .strides = {1, 2}}) == std::vector<double>{4, 6, 7, 9});
  CHECK(max_pool2d(-1.0 * x, {.padding = "same"}).to_vector<double>() ==
        std::vector<double>{-1, -3, -7, -9});  // the padding's 0 does not win
  CHECK(max_pool2d(zeros({2, 26, 26, 32})).shape() == Shape{2, 13, 13, 32});
  CHECK(max_pool2d(zeros({2, 13, 13, 5})).shape() == Shape{2, 6, 6, 5});
  CHECK(max_pool2d(zeros({0, 4, 4, 5})).shape() == Shape{0, 2, 2, 5});

  const Variable ties(ones({1, 2, 4, 1}));
  sum(max_pool2d(ties)).backward();
  CHECK(ties.grad().to_vector<double>() == std::vector<double>{1, 0, 1, 0, 0, 0, 0, 0});
}

TEST_CASE("max_pool2d: gradients") {
  for (const Pool2dOptions& options :
       std::vector<Pool2dOptions>{{},
                                  {.padding = "same"},
                                  {.pool_size = {3, 3}, .strides = {2, 2}, .padding = "same"},
                                  {.pool_size = {2, 3}, .strides = {1, 1}},
                                  {.pool_size = {1, 2}, .strides = {3, 2}}}) {
    CAPTURE(options.pool_size[0]);
    const auto f = [&](const Variable& x) { return max_pool2d(x, options); };
    CHECK(gradcheck(f, distinct({2, 5, 6, 3}, 1)).max_relative_error < 1e-8);
  }
}

TEST_CASE("max_pool2d: errors; no second gradient") {
  CHECK_THROWS_WITH_AS((void)max_pool2d(zeros({4, 4, 1})),
                       doctest::Contains("max_pool2d: input has rank 3, f32[4, 4, 1]"), ShapeError);
  CHECK_THROWS_WITH_AS((void)max_pool2d(zeros({1, 4, 1, 1})),
                       doctest::Contains("the width is smaller than the window: input is f32[1, 4, "
                                         "1, 1], the window needs 2 of its 1 cells"),
                       ShapeError);
  CHECK_THROWS_AS((void)max_pool2d(zeros({1, 4, 4, 1}, int32)), DTypeError);
  CHECK_THROWS_AS((void)max_pool2d(zeros({1, 4, 4, 1}), {.pool_size = {0, 2}}), ValueError);
  CHECK_THROWS_AS((void)max_pool2d(zeros({1, 4, 4, 1}), {.strides = {-1, 2}}), ValueError);
  CHECK_THROWS_AS((void)max_pool2d(zeros({1, 4, 4, 1}), {.padding = "SAME"}), ValueError);
  const Variable x(ones({1, 2, 2, 1}));
  const Variable y = sum(square(max_pool2d(x)));
  CHECK_THROWS_WITH_AS((void)gradients(y, {x}, {.create_graph = true}),
                       doctest::Contains("max_pool2d: its gradient is a kernel of its own"),
                       ValueError);
}

}  // namespace keratin::tests
