#include "tensor/cast.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/support.h"

namespace keratin::tests {
namespace {

const DType kNumbers[] = {float32, float64, bfloat16, uint8, int32, int64, boolean};

TEST_CASE("cast: every pair of dtypes keeps what both can hold") {
  for (const DType from : kNumbers) {
    for (const DType to : kNumbers) {
      CAPTURE(name_of(from));
      CAPTURE(name_of(to));
      const bool flags = from == boolean || to == boolean;
      const Tensor x = Tensor::numbers({0, 1, 100}, {3, 1}, from);
      const Tensor y = cast(x, to);
      CHECK(y.spec() == Spec{{3, 1}, to});
      CHECK(y.to_vector<double>() == std::vector<double>{0, 1, flags ? 1.0 : 100.0});
      CHECK(y.shares_storage_with(x) == (from == to));
      CHECK(cast(zeros({0, 2}, from), to).spec() == Spec{{0, 2}, to});
      CHECK(cast(zeros({}, from), to).rank() == 0);
    }
  }
}

TEST_CASE("cast: towards zero, within the range, NaN to 0") {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  struct Row {
    double from;
    std::int64_t u8, i32, i64;
  };
  constexpr std::int64_t kMin32 = std::numeric_limits<std::int32_t>::min(),
                         kMax32 = std::numeric_limits<std::int32_t>::max(),
                         kMin64 = std::numeric_limits<std::int64_t>::min(),
                         kMax64 = std::numeric_limits<std::int64_t>::max();
  const Row rows[] = {
      {1.9, 1, 1, 1},
      {-1.9, 0, -1, -1},
      {-0.9, 0, 0, 0},
      {255.9, 255, 255, 255},
      {256, 255, 256, 256},
      {-2147483648.0, 0, kMin32, kMin32},
      {-4e9, 0, kMin32, -4000000000},
      {4e9, 255, kMax32, 4000000000},
      {0x1p63, 255, kMax32, kMax64},
      {-0x1p63, 0, kMin32, kMin64},
      {inf, 255, kMax32, kMax64},
      {-inf, 0, kMin32, kMin64},
      {nan, 0, 0, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.from);
    for (const DType floating : {float64, float32}) {
      if (floating == float32 && row.from != static_cast<float>(row.from) && row.from == row.from &&
          std::fabs(row.from) > 1000)
        continue;
      const Tensor x = Tensor::numbers({row.from}, {1}, floating);
      CHECK(cast(x, uint8).item<std::int64_t>() == row.u8);
      CHECK(cast(x, int32).item<std::int64_t>() == row.i32);
      CHECK(cast(x, int64).item<std::int64_t>() == row.i64);
      CHECK(cast(x, boolean).item<bool>() == true);  // NaN is not 0
    }
  }
  const Tensor wide = Tensor::from(std::vector<std::int64_t>{-5, 300, kMax64, kMin64});
  CHECK(cast(wide, uint8).to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 255, 255, 0});
  CHECK(cast(wide, int32).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{-5, 300, kMax32, kMin32});
}

TEST_CASE("cast: to and from bfloat16") {
  const auto values = normal_values(1000, 5, 10);
  const Tensor x = Tensor::from(values);
  const Tensor narrow = cast(x, bfloat16);
  CHECK(narrow.dtype() == bfloat16);
  CHECK(difference(cast(narrow, float32).to_vector<float>(), values, {.rel = 0.00391, .abs = 0}) ==
        "");
  CHECK(cast(Tensor::numbers({3.7, -3.7}, {2}, bfloat16), int32).to_vector<int>() ==
        std::vector<int>{3, -3});
  CHECK(cast(Tensor::numbers({1e40}, {1}, float64), bfloat16).item<float>() ==
        std::numeric_limits<float>::infinity());
  CHECK(cast(Tensor::numbers({257}, {1}, int32), bfloat16).item<float>() == 256);
}

TEST_CASE("cast: strings and tensors without a value are refused") {
  const Tensor text = Tensor::strings({"1", "2"});
  CHECK_THROWS_WITH_AS((void)cast(text, float32),
                       "cast: string[2] to float32; strings and numbers do not convert",
                       DTypeError);
  CHECK_THROWS_AS((void)cast(zeros({2}), string), DTypeError);
  CHECK(cast(text, string).shares_storage_with(text));
  CHECK_THROWS_AS((void)cast(Tensor(), float32), ValueError);
  CHECK_THROWS_AS((void)cast(Tensor(), int32), ValueError);
}

}  // namespace
}  // namespace keratin::tests
