#include "tensor/resize_images.h"

#include "tensor/cast.h"
#include "tests/support.h"

namespace keratin::tests {

using Numbers = std::vector<double>;

TEST_CASE("resize_images: bytes and other integers give floats that are not rounded") {
  const Tensor x = Tensor::numbers({0, 255, 100, 3}, {2, 2, 1});
  const Numbers expected = resize_images(x, {.size = {3, 5}}).to_vector<double>();
  CHECK(expected[1] != std::round(expected[1]));
  for (const DType dtype : {uint8, int32, int64, float64}) {
    const Tensor y = resize_images(cast(x, dtype), {.size = {3, 5}});
    CHECK(y.dtype() == (dtype == float64 ? float64 : float32));
    CHECK(difference(y.to_vector<double>(), expected, {1e-6, 1e-6}) == "");
  }
}

TEST_CASE("resize_images: padding keeps what bytes cannot hold") {
  const Tensor x = full({2, 4, 1}, 9, uint8);
  const auto padded_with = [&](double value) {
    return resize_images(x, {.size = {2, 2},
                             .interpolation = "nearest",
                             .pad_to_aspect_ratio = true,
                             .fill_value = value})
        .to_vector<double>();
  };
  CHECK(resize_images(x, {.size = {4, 4}, .pad_to_aspect_ratio = true, .fill_value = 7})
            .to_vector<double>() == Numbers{7, 7, 7, 7, 9, 9, 9, 9, 9, 9, 9, 9, 7, 7, 7, 7});
  // 2 x 4 becomes 4 x 4; rows 1 and 3 of it are taken.
  CHECK(padded_with(255) == Numbers{9, 9, 255, 255});
  CHECK(padded_with(-0.5) == Numbers{9, 9, -0.5, -0.5});
  CHECK(padded_with(300) == Numbers{9, 9, 300, 300});
}

TEST_CASE("resize_images: errors") {
  CHECK_THROWS_WITH_AS((void)resize_images(Tensor(), {.size = {2, 2}}),
                       doctest::Contains("no value"), ValueError);
  CHECK_THROWS_WITH_AS((void)resize_images(zeros({2, 2, 1}, boolean), {.size = {2, 2}}),
                       doctest::Contains("bool[2, 2, 1]; expected numbers"), DTypeError);
  CHECK_THROWS_WITH_AS((void)resize_images(zeros({2, 2, 1}), {.size = {2, -2}}),
                       doctest::Contains("resize_images: the size to resize to, height 2"),
                       ValueError);
  CHECK_THROWS_AS((void)resize_images(zeros({2}), {.size = {2, 2}}), ShapeError);
}

}  // namespace keratin::tests
