#include "autograd/ops/affine_transform.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/cast.h"
#include "tests/second_gradient.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using Numbers = std::vector<double>;

Tensor random_images(const Shape& shape, std::uint64_t seed) {
  return Tensor::from(normal_values<double>(shape.size(), seed), shape);
}

const Tensor kThreeRight = Tensor::numbers({1, 0, -3, 0, 1, 0, 0, 0});

}  // namespace

TEST_CASE("affine_transform: values, ranks") {
  const Tensor x = Tensor::numbers({1, 2, 3, 4, 5}, {1, 5, 1});
  const auto moved = [&](const AffineTransformOptions& options) {
    return affine_transform(x, kThreeRight, options).to_vector<double>();
  };
  CHECK(moved({}) == Numbers{0, 0, 0, 1, 2});
  CHECK(moved({.fill_value = 9}) == Numbers{9, 9, 9, 1, 2});
  CHECK(moved({.fill_mode = "nearest"}) == Numbers{1, 1, 1, 1, 2});
  CHECK(moved({.fill_mode = "reflect"}) == Numbers{3, 2, 1, 1, 2});
  // A transform for all images, and one for each.
  const Tensor two = Tensor::numbers({1, 2, 3, 4, 5, 6}, {2, 1, 3, 1});
  const Tensor left = Tensor::numbers({1, 0, 1, 0, 1, 0, 0, 0});
  CHECK(affine_transform(two, left).to_vector<double>() == Numbers{2, 3, 0, 5, 6, 0});
  const Tensor each = Tensor::numbers({1, 0, 1, 0, 1, 0, 0, 0, -1, 0, 2, 0, 1, 0, 0, 0}, {2, 8});
  CHECK(affine_transform(two, each).to_vector<double>() == Numbers{2, 3, 0, 6, 5, 4});
  CHECK(affine_transform(zeros({0, 2, 2, 3}), left).shape() == Shape{0, 2, 2, 3});
}

TEST_CASE("affine_transform: gradients") {
  const Tensor m = Tensor::numbers({0.8, -0.5, 1.3, 0.45, 0.9, -0.7, 0.01, 0,  //
                                    1.6, 0.1, -2.2, 0.2, 1.4, 0.3, 0, 0},
                                   {2, 8});
  for (const char* mode : {"reflect", "wrap", "nearest", "constant"}) {
    for (const char* interpolation : {"nearest", "bilinear"}) {
      CAPTURE(mode);
      CAPTURE(interpolation);
      const AffineTransformOptions options{.interpolation = interpolation, .fill_mode = mode};
      const auto f = [&](const Variable& v) { return affine_transform(v, m, options); };
      const Tensor x = random_images({2, 5, 6, 3}, 1);
      CHECK(gradcheck(f, x).max_relative_error < 1e-8);
      const Variable narrow(cast(x, float32)), wide(x);
      sum(square(f(narrow))).backward();
      sum(square(f(wide))).backward();
      CHECK(difference(narrow.grad().to_vector<double>(), wide.grad().to_vector<double>(),
                       {1e-5, 1e-5}) == "");
    }
  }
}

TEST_CASE("affine_transform: errors; no second gradient") {
  CHECK_THROWS_WITH_AS((void)affine_transform(zeros({4, 4}), kThreeRight),
                       doctest::Contains("affine_transform: input has rank 2"), ShapeError);
  CHECK_THROWS_WITH_AS((void)affine_transform(zeros({2, 4, 4, 1}), zeros({3, 8})),
                       doctest::Contains("transform is f32[3, 8], the images are f32[2, 4, 4, 1]; "
                                         "expected f32[8] or f32[2, 8]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS((void)affine_transform(zeros({4, 4, 1}), zeros({1, 8})),
                       doctest::Contains("expected f32[8]"), ShapeError);
  CHECK_THROWS_AS((void)affine_transform(zeros({4, 4, 1}), Tensor()), DTypeError);
  CHECK_THROWS_AS((void)affine_transform(zeros({4, 4, 1}), zeros({8}, float64)), DTypeError);
  CHECK_THROWS_AS((void)affine_transform(zeros({4, 4, 1}, uint8), kThreeRight), DTypeError);
  CHECK_THROWS_WITH_AS(
      (void)affine_transform(zeros({4, 4, 1}), kThreeRight, {.interpolation = "bicubic"}),
      doctest::Contains("interpolation is \"bicubic\"; expected nearest or bilinear"), ValueError);
  CHECK_THROWS_WITH_AS((void)affine_transform(zeros({4, 4, 1}), kThreeRight, {.fill_mode = "edge"}),
                       doctest::Contains("fill_mode is \"edge\"; expected reflect"), ValueError);
  const Variable x(ones({1, 4, 4, 1}));
  const Variable y = sum(square(affine_transform(x, kThreeRight)));
  CHECK_THROWS_WITH_AS((void)gradients(y, {x}, {.create_graph = true}),
                       doctest::Contains("affine_transform: its gradient is a kernel of its own"),
                       ValueError);
}

}  // namespace keratin::tests
