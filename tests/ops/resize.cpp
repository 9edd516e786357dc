#include "autograd/ops/resize.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/cast.h"
#include "tests/second_gradient.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using Numbers = std::vector<double>;

Tensor random_images(const Shape& shape, std::uint64_t seed, DType dtype = float64) {
  return cast(Tensor::from(normal_values<double>(shape.size(), seed), shape), dtype);
}

}  // namespace

TEST_CASE("resize: values, ranks, dtypes") {
  const Tensor x = Tensor::numbers({0, 1, 2, 3}, {2, 2, 1});
  const Tensor y = resize(x, {.size = {4, 2}});
  CHECK(y.shape() == Shape{4, 2, 1});
  CHECK(y.to_vector<double>() == Numbers{0, 1, 0.5, 1.5, 1.5, 2.5, 2, 3});
  CHECK(resize(x, {.size = {1, 1}, .interpolation = "nearest"}).to_vector<double>() == Numbers{3});
  CHECK(resize(zeros({5, 4, 6, 3}), {.size = {7, 2}}).shape() == Shape{5, 7, 2, 3});
  CHECK(resize(zeros({0, 4, 6, 3}), {.size = {7, 2}}).shape() == Shape{0, 7, 2, 3});
  CHECK(resize(zeros({4, 6, 3}, float64), {.size = {2, 2}}).dtype() == float64);
}

TEST_CASE("resize: aspect ratios") {
  // 2 x 6: the middle 2 x 2, or two rows of borders above and below.
  const Tensor x = Tensor::numbers({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {1, 2, 6, 1});
  CHECK(resize(x, {.size = {2, 2}, .crop_to_aspect_ratio = true}).to_vector<double>() ==
        Numbers{2, 3, 8, 9});
  CHECK(resize(x, {.size = {3, 3},
                   .interpolation = "nearest",
                   .pad_to_aspect_ratio = true,
                   .fill_value = -1})
            .to_vector<double>() == Numbers{-1, -1, -1, 7, 9, 11, -1, -1, -1});
  for (const bool crop : {false, true}) {
    const ResizeOptions options{
        .size = {5, 4}, .crop_to_aspect_ratio = crop, .pad_to_aspect_ratio = !crop};
    const Tensor images = random_images({2, 4, 9, 3}, 1);
    CHECK(gradcheck([&](const Variable& v) { return resize(v, options); }, images)
              .max_relative_error < 1e-8);
    CHECK(resize(images, options).to_vector<double>() ==
          resize_images(images, options).to_vector<double>());
  }
}

TEST_CASE("resize: gradients") {
  for (const char* interpolation : {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"}) {
    for (const bool antialias : {false, true}) {
      CAPTURE(interpolation);
      CAPTURE(antialias);
      for (const std::array<std::int64_t, 2> size :
           {std::array<std::int64_t, 2>{3, 9}, {7, 2}, {5, 6}}) {
        const auto f = [&](const Variable& v) {
          return resize(v, {.size = size, .interpolation = interpolation, .antialias = antialias});
        };
        CHECK(gradcheck(f, random_images({2, 5, 6, 2}, 2)).max_relative_error < 1e-8);
        // float32 takes another kernel.
        const Variable narrow(random_images({2, 5, 6, 2}, 2, float32)),
            wide(random_images({2, 5, 6, 2}, 2));
        const Tensor dy = random_images({2, size[0], size[1], 2}, 3);
        sum(f(narrow) * cast(dy, float32)).backward();
        sum(f(wide) * dy).backward();
        CHECK(difference(narrow.grad().to_vector<double>(), wide.grad().to_vector<double>(),
                         {1e-5, 1e-5}) == "");
      }
    }
  }
}

TEST_CASE("resize: errors; no second gradient") {
  CHECK_THROWS_WITH_AS((void)resize(zeros({4, 4}), {.size = {2, 2}}),
                       doctest::Contains("resize: input has rank 2, f32[4, 4]; expected [batch, "),
                       ShapeError);
  CHECK_THROWS_WITH_AS((void)resize(zeros({4, 0, 3}), {.size = {2, 2}}),
                       doctest::Contains("f32[4, 0, 3]; images need a pixel"), ShapeError);
  CHECK_THROWS_WITH_AS((void)resize(zeros({4, 4, 3}), {}),
                       doctest::Contains("height 0 and width 0, must be 1 or more"), ValueError);
  CHECK_THROWS_WITH_AS((void)resize(zeros({4, 4, 3}), {.size = {2, 2}, .interpolation = "area"}),
                       doctest::Contains("interpolation is \"area\"; expected nearest, bilinear"),
                       ValueError);
  CHECK_THROWS_WITH_AS(
      (void)resize(zeros({4, 4, 3}),
                   {.size = {2, 2}, .crop_to_aspect_ratio = true, .pad_to_aspect_ratio = true}),
      doctest::Contains("are both true; choose one"), ValueError);
  CHECK_THROWS_AS((void)resize(zeros({4, 4, 3}, uint8), {.size = {2, 2}}), DTypeError);
  const Variable x(ones({1, 4, 4, 1}));
  const Variable y = sum(square(resize(x, {.size = {2, 2}})));
  CHECK_THROWS_WITH_AS((void)gradients(y, {x}, {.create_graph = true}),
                       doctest::Contains("resize: its gradient is a kernel of its own"),
                       ValueError);
}

}  // namespace keratin::tests
