#include "tensor/one_hot.h"

#include <doctest/doctest.h>

namespace keratin::tests {
namespace {

using Numbers = std::vector<int>;

TEST_CASE("one_hot: rows of zeros with a one") {
  for (const DType index : {int32, int64}) {
    for (const DType dtype : {float32, float64, bfloat16, uint8, int32, int64, boolean}) {
      CAPTURE(name_of(index));
      CAPTURE(name_of(dtype));
      const Tensor y = one_hot(Tensor::numbers({0, 2, 1}, {3}, index), 3, {.dtype = dtype});
      CHECK(y.spec() == Spec{{3, 3}, dtype});
      CHECK(y.to_vector<int>() == Numbers{1, 0, 0, 0, 0, 1, 0, 1, 0});
    }
  }
}

TEST_CASE("one_hot: a number outside the classes gives zeros") {
  const Tensor y = one_hot(Tensor::numbers({-1, 3, 2, -2147483648.0, 2147483647}, {5}, int32), 3);
  CHECK(y.to_vector<int>() == Numbers{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0});
  const Tensor wide = Tensor::from(std::vector<std::int64_t>{std::int64_t{1} << 32, None, 1});
  CHECK(one_hot(wide, 2).to_vector<int>() == Numbers{0, 0, 0, 0, 0, 1});
}

TEST_CASE("one_hot: the classes go to any axis") {
  const Tensor indices = arange(0, 6, 1, int32).reshaped({2, 3});
  const std::int64_t classes = 7;
  for (const int axis : {0, 1, 2, -1, -2, -3}) {
    CAPTURE(axis);
    const Tensor y = one_hot(indices, classes, {.axis = axis});
    const int at = axis < 0 ? axis + 3 : axis;
    Shape expected = {2, 3};
    expected = expected.slice(0, at).joined({classes}).joined(expected.slice(at, 2));
    REQUIRE(y.shape() == expected);
    for (std::int64_t i = 0; i < 2; ++i) {
      for (std::int64_t j = 0; j < 3; ++j) {
        for (std::int64_t c = 0; c < classes; ++c) {
          const int value = at == 0   ? y.item<int>({c, i, j})
                            : at == 1 ? y.item<int>({i, c, j})
                                      : y.item<int>({i, j, c});
          REQUIRE(value == (c == 3 * i + j ? 1 : 0));
        }
      }
    }
  }
}

TEST_CASE("one_hot: small shapes") {
  CHECK(one_hot(Tensor::scalar(1, int32), 2).to_vector<int>() == Numbers{0, 1});
  CHECK(one_hot(Tensor::scalar(0, int32), 1).spec() == Spec{{1}, float32});
  CHECK(one_hot(zeros({0}, int64), 4).spec() == Spec{{0, 4}, float32});
  CHECK(one_hot(zeros({2, 0}, int64), 4, {.axis = 0}).spec() == Spec{{4, 2, 0}, float32});
}

TEST_CASE("one_hot: refuses") {
  const Tensor labels = zeros({3}, int32);
  CHECK_THROWS_WITH_AS((void)one_hot(zeros({3}), 2),
                       "one_hot: the indices are f32[3]; expected int32 or int64. Use cast(x, "
                       "int32).",
                       DTypeError);
  CHECK_THROWS_AS((void)one_hot(Tensor(), 2), Error);
  CHECK_THROWS_AS((void)one_hot(labels, 2, {.dtype = string}), DTypeError);
  CHECK_THROWS_WITH_AS((void)one_hot(labels, 0), "one_hot: num_classes is 0; expected 1 or more",
                       ValueError);
  CHECK_THROWS_AS((void)one_hot(labels, 2, {.axis = 2}), ShapeError);
  CHECK_THROWS_AS((void)one_hot(labels, 2, {.axis = -3}), ShapeError);
  CHECK_THROWS_AS((void)one_hot(zeros({1, 1, 1, 1, 1, 1, 1, 1}, int32), 2), ShapeError);
}

}  // namespace
}  // namespace keratin::tests
