#include "autograd/ops/average_pool2d.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tests/second_gradient.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

const std::vector<Pool2dOptions> kOptions = {
    {},
    {.padding = "same"},
    {.pool_size = {3, 3}, .strides = {2, 2}, .padding = "same"},
    {.pool_size = {2, 3}, .strides = {1, 1}},
    {.pool_size = {1, 2}, .strides = {3, 2}}};

}  // namespace

TEST_CASE("average_pool2d: values; the edge's windows divide by the cells inside") {
  const Tensor x = Tensor::numbers({1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 3, 3, 1});
  const auto values = [&](const Pool2dOptions& options) {
    return average_pool2d(x, options).to_vector<double>();
  };
  CHECK(values({}) == std::vector<double>{3});
  CHECK(values({.padding = "same"}) == std::vector<double>{3, 4.5, 7.5, 9});
  CHECK(values({.pool_size = {1, 3}}) == std::vector<double>{2, 5, 8});
  CHECK(values({.pool_size = {3, 3}, .strides = {1, 1}, .padding = "same"}) ==
        std::vector<double>{3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7});
  CHECK(average_pool2d(zeros({0, 4, 4, 5}, float64)).spec().text() == "f64[0, 2, 2, 5]");
}

TEST_CASE("average_pool2d: gradients, and theirs") {
  const Tensor x = Tensor::from(normal_values<double>(180, 1), {2, 5, 6, 3});
  for (const Pool2dOptions& options : kOptions) {
    CAPTURE(options.pool_size[0]);
    const auto f = [&](const Variable& v) { return average_pool2d(v, options); };
    CHECK(gradcheck(f, x).max_relative_error < 1e-8);
    const auto of = [&](const std::vector<Variable>& v) { return average_pool2d(v[0], options); };
    CHECK(second_gradient_error(of, {x}) < 1e-7);
  }
}

TEST_CASE("average_pool2d: errors") {
  CHECK_THROWS_WITH_AS((void)average_pool2d(zeros({4, 4})),
                       "average_pool2d: input has rank 2, f32[4, 4]; expected [batch, height, "
                       "width, channels].",
                       ShapeError);
  CHECK_THROWS_AS((void)average_pool2d(zeros({1, 1, 4, 1})), ShapeError);
  CHECK_THROWS_AS((void)average_pool2d(zeros({1, 4, 4, 1}, uint8)), DTypeError);
  CHECK_THROWS_AS((void)average_pool2d(zeros({1, 4, 4, 1}), {.padding = ""}), ValueError);
}

}  // namespace keratin::tests
