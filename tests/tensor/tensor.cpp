#include "tensor/tensor.h"

#include <doctest/doctest.h>

#include <limits>

namespace keratin::tests {
namespace {

using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;
using doctest::Contains;

const DType kNumbers[] = {float32, float64, bfloat16, uint8, int32, int64, boolean};

TEST_CASE("tensor: none") {
  const Tensor none;
  CHECK_FALSE(none.defined());
  CHECK(none.size() == 0);
  CHECK(none.device() == Device{});
  CHECK(none.version() == 0);
  CHECK_THROWS_WITH_AS((void)none.item<float>(), "item: the tensor has no value: it was never set",
                       ValueError);
  CHECK_THROWS_AS((void)none.to_vector<float>(), ValueError);
  CHECK_THROWS_AS((void)none.data<float>(), ValueError);
  CHECK_THROWS_AS((void)none.strings(), ValueError);
  CHECK_THROWS_AS((void)none.copy(), ValueError);
  CHECK_THROWS_AS((void)none.reshaped({0}), ValueError);
  CHECK_THROWS_AS((void)none[0], ShapeError);
  CHECK_THROWS_AS((void)none.slice(0, 0), ShapeError);
  Tensor some = zeros({});
  CHECK_THROWS_AS(some.copy_from(none), ValueError);
  CHECK_THROWS_AS(Tensor().copy_from(some), ValueError);
}

TEST_CASE("tensor: made of values") {
  const std::vector<double> values = {1.5, -2, 3};
  const Tensor x = Tensor::from(values);
  CHECK(x.spec() == Spec{{3}, float64});
  CHECK(x.spec().text() == "f64[3]");
  CHECK(x.to_vector<double>() == values);
  CHECK(x.data<double>() != values.data());
  CHECK(Tensor::from(Floats{1, 2, 3, 4}, {2, 2}).spec() == Spec{{2, 2}, float32});
  CHECK(Tensor::from(std::vector<std::uint8_t>{7}).dtype() == uint8);
  CHECK(Tensor::from(std::vector<std::int32_t>{7}).dtype() == int32);
  CHECK(Tensor::from(Ints{7}, {}).rank() == 0);
  CHECK(Tensor::from(Floats{}).spec() == Spec{{0}, float32});
  CHECK(Tensor::from(Floats{}, {2, 0}).spec() == Spec{{2, 0}, float32});
  CHECK_THROWS_WITH_AS((void)Tensor::from(Floats{1, 2, 3}, {2, 2}),
                       "tensor: 3 values for shape [2, 2], which has 4", ShapeError);
  CHECK_THROWS_AS((void)Tensor::from(Floats{}, {}), ShapeError);
  CHECK_THROWS_AS((void)Tensor::from(Floats{1}, {None}), ShapeError);
}

TEST_CASE("tensor: numbers in every dtype") {
  for (const DType dtype : kNumbers) {
    CAPTURE(name_of(dtype));
    const Tensor x = Tensor::numbers({0, 1, 2}, {3, 1}, dtype);
    CHECK(x.spec() == Spec{{3, 1}, dtype});
    CHECK(x.to_vector<double>() == std::vector<double>{0, 1, dtype == boolean ? 1.0 : 2.0});
    CHECK(zeros({2}, dtype).to_vector<int>() == std::vector<int>{0, 0});
    CHECK(ones({2}, dtype).to_vector<int>() == std::vector<int>{1, 1});
    CHECK(full({}, 1, dtype).item<int>() == 1);
    CHECK(Tensor::scalar(1, dtype).spec() == Spec{{}, dtype});
    CHECK(x.bytes() == 3 * static_cast<std::int64_t>(size_of(dtype)));
    CHECK(zeros({0, 3}, dtype).to_vector<int>().empty());
  }
  CHECK(Tensor::numbers({1, 2}).spec() == Spec{{2}, float32});
  CHECK_THROWS_AS((void)Tensor::numbers({1, 2}, {3}), ShapeError);
  CHECK_THROWS_AS((void)Tensor::numbers({1}, {1}, string), DTypeError);
  CHECK_THROWS_AS((void)ones({1}, string), DTypeError);
  CHECK_THROWS_AS((void)arange(0, 3, 1, string), DTypeError);
  CHECK(zeros({2}, string).to_vector<std::string>() == std::vector<std::string>{"", ""});
}

TEST_CASE("tensor: what a dtype cannot hold is cut to its range") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(Tensor::numbers({-1, 300, 2.9, nan}, {4}, uint8).to_vector<int>() ==
        std::vector<int>{0, 255, 2, 0});
  CHECK(full({1}, 1e300, int64).item<std::int64_t>() == std::numeric_limits<std::int64_t>::max());
  CHECK(Tensor::scalar(-1e10).item<std::int32_t>() == std::numeric_limits<std::int32_t>::min());
  CHECK(Tensor::scalar(nan).item<std::int64_t>() == 0);
  CHECK(Tensor::scalar(-7, int32).item<std::uint8_t>() == 0);
  CHECK(Tensor::scalar(1e300, float64).item<float>() == std::numeric_limits<float>::infinity());
}

TEST_CASE("tensor: arange") {
  CHECK(arange(0, 5).to_vector<float>() == Floats{0, 1, 2, 3, 4});
  CHECK(arange(1, 2, 0.25).to_vector<float>() == Floats{1, 1.25, 1.5, 1.75});
  CHECK(arange(3, 0, -1, int64).to_vector<std::int64_t>() == Ints{3, 2, 1});
  CHECK(arange(0, 1, 0.4, float64).to_vector<double>() == std::vector<double>{0, 0.4, 0.8});
  CHECK(arange(5, 0).spec() == Spec{{0}, float32});
  CHECK(arange(2, 2, 1, uint8).spec() == Spec{{0}, uint8});
  const double inf = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS((void)arange(0, 1, 0), Contains("a step that is not 0"), ValueError);
  for (const double odd : {inf, -inf, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS((void)arange(odd, 1), ValueError);
    CHECK_THROWS_AS((void)arange(0, odd), ValueError);
    CHECK_THROWS_AS((void)arange(0, 1, odd), ValueError);
  }
  CHECK_THROWS_AS((void)arange(0, 1e300), ValueError);
  CHECK_THROWS_AS((void)arange(-1e308, 1e308), ValueError);
}

TEST_CASE("tensor: empty refuses shapes that are no shapes of values") {
  CHECK(Tensor::empty({2, 3}, int64).spec() == Spec{{2, 3}, int64});
  CHECK_THROWS_AS((void)Tensor::empty({2, None}), ShapeError);
  CHECK_THROWS_AS((void)Tensor::empty({-1}), ShapeError);
  CHECK_THROWS_AS((void)Tensor::empty(Shape::unset()), ShapeError);
  CHECK_THROWS_AS((void)zeros({std::int64_t{1} << 40, std::int64_t{1} << 40}), ShapeError);
  CHECK_THROWS_WITH_AS((void)zeros({std::int64_t{1} << 61}, float64),
                       "tensor: f64[2305843009213693952] has more bytes than 64 bits count",
                       ShapeError);
}

TEST_CASE("tensor: rows and slices share storage") {
  Tensor x = arange(0, 24, 1, int32).reshaped({4, 3, 2});
  Tensor row = x[1];
  CHECK(row.spec() == Spec{{3, 2}, int32});
  CHECK(row.to_vector<int>() == std::vector<int>{6, 7, 8, 9, 10, 11});
  CHECK(row.shares_storage_with(x));
  CHECK(x[-1].to_vector<int>() == x[3].to_vector<int>());
  CHECK(x[2][1][1].item<int>() == 15);
  CHECK(x[2][1][1].rank() == 0);
  row.mutable_data<std::int32_t>()[0] = 100;
  CHECK(x.item<int>({1, 0, 0}) == 100);
  const Tensor middle = x.slice(1, 3);
  CHECK(middle.spec() == Spec{{2, 3, 2}, int32});
  CHECK(middle.shares_storage_with(x));
  CHECK(middle[1].item<int>({2, 1}) == 17);
  CHECK(middle.slice(1, 2)[0].item<int>({0, 0}) == 12);
  CHECK(x.slice(0, 4).to_vector<int>() == x.to_vector<int>());
  CHECK(x.slice(4, 4).spec() == Spec{{0, 3, 2}, int32});
  CHECK_THROWS_WITH_AS((void)x[4], "tensor: row 4 of i32[4, 3, 2]; rows go from 0 to 3",
                       ShapeError);
  CHECK_THROWS_AS((void)x[-5], ShapeError);
  CHECK_THROWS_WITH_AS((void)zeros({})[0], "tensor: row 0 of f32[], which has no axis", ShapeError);
  CHECK_THROWS_AS((void)zeros({0, 3})[0], ShapeError);
  for (const auto& [first, last] : {std::pair{-1, 2}, {3, 2}, {0, 5}, {5, 5}}) {
    CHECK_THROWS_WITH_AS((void)x.slice(first, last),
                         Contains("expected 0 <= first <= last <= rows"), ShapeError);
  }
}

TEST_CASE("tensor: reshaped shares storage, and infers one size") {
  const Tensor x = arange(0, 24);
  const Tensor y = x.reshaped({2, -1, 3});
  CHECK(y.shape() == Shape{2, 4, 3});
  CHECK(y.shares_storage_with(x));
  CHECK(y.item<int>({1, 3, 2}) == 23);
  CHECK(reshape(x, {-1}).shape() == Shape{24});
  CHECK(x.slice(6, 12).reshaped({3, 2}).item<int>({0, 0}) == 6);
  CHECK(zeros({}).reshaped({1, 1}).shape() == Shape{1, 1});
  CHECK(zeros({1}).reshaped({}).rank() == 0);
  CHECK(zeros({0, 4}).reshaped({-1, 2}).shape() == Shape{0, 2});
  CHECK_THROWS_WITH_AS((void)x.reshaped({5, 5}),
                       "reshape: f32[24] has 24 elements; the shape asked for, [5, 5], does not "
                       "hold as many",
                       ShapeError);
  CHECK_THROWS_AS((void)x.reshaped({5, -1}), ShapeError);
  CHECK_THROWS_WITH_AS((void)x.reshaped({-1, -1}), "reshape: [-1, -1] has more than one -1",
                       ShapeError);
  const std::int64_t huge = std::int64_t{1} << 62;
  for (const Shape& odd :
       {Shape{0, -1}, Shape{None, 24}, Shape{2, None}, Shape{-2, -12}, Shape{huge, huge},
        Shape{huge, huge, -1}, Shape{None, None, -1}, Shape::unset()}) {
    CAPTURE(odd.text());
    CHECK_THROWS_AS((void)x.reshaped(odd), ShapeError);
    CHECK_THROWS_AS((void)zeros({0}).reshaped(odd), ShapeError);
  }
}

TEST_CASE("tensor: copies have storage of their own") {
  for (const DType dtype : kNumbers) {
    CAPTURE(name_of(dtype));
    const Tensor x = Tensor::numbers({1, 0, 1, 1}, {2, 2}, dtype);
    Tensor y = x[1].copy();
    CHECK(y.spec() == Spec{{2}, dtype});
    CHECK_FALSE(y.shares_storage_with(x));
    y.copy_from(zeros({2}, dtype));
    CHECK(x.to_vector<int>() == std::vector<int>{1, 0, 1, 1});
    CHECK(y.to_vector<int>() == std::vector<int>{0, 0});
  }
  CHECK(zeros({3, 0}).copy().shape() == Shape{3, 0});
}

TEST_CASE("tensor: copy_from overwrites in place, for every handle to see") {
  Tensor x = zeros({4, 2});
  Tensor handle = x;
  const std::uint64_t version = x.version();
  x[2].copy_from(Tensor::numbers({5, 6}));
  CHECK(handle.to_vector<float>() == Floats{0, 0, 0, 0, 5, 6, 0, 0});
  CHECK(handle.version() > version);
  Tensor overlapping = arange(0, 6);
  overlapping.slice(1, 6).copy_from(overlapping.slice(0, 5));
  CHECK(overlapping.to_vector<float>() == Floats{0, 0, 1, 2, 3, 4});
  CHECK_THROWS_WITH_AS(x.copy_from(zeros({2, 4})),
                       "tensor: f32[4, 2] cannot take the values of f32[2, 4]", ShapeError);
  CHECK_THROWS_WITH_AS(x.copy_from(zeros({4, 2}, int32)),
                       "tensor: f32[4, 2] cannot take the values of i32[4, 2]; use cast",
                       DTypeError);
}

TEST_CASE("tensor: item") {
  const Tensor x = arange(0, 6, 1, int64).reshaped({2, 3});
  CHECK(x.item<std::int64_t>({1, 2}) == 5);
  CHECK(x.item<float>({0, 1}) == 1.0f);
  CHECK(x.item<bool>({0, 0}) == false);
  CHECK(zeros({1, 1, 1}).item<double>() == 0);
  CHECK(Tensor::scalar(2.5).item<double>() == 2.5);
  CHECK_THROWS_WITH_AS((void)x.item<int>(), "item: 0 indices for i64[2, 3]; expected 2",
                       ShapeError);
  CHECK_THROWS_AS((void)x.item<int>({1}), ShapeError);
  CHECK_THROWS_AS((void)x.item<int>({0, 0, 0}), ShapeError);
  CHECK_THROWS_WITH_AS((void)x.item<int>({0, 3}), "item: index 3 on axis 1 of i64[2, 3]",
                       ShapeError);
  CHECK_THROWS_AS((void)x.item<int>({-1, 0}), ShapeError);
  CHECK_THROWS_AS((void)zeros({0}).item<int>(), ShapeError);
  CHECK_THROWS_AS((void)x.item<std::string>({0, 0}), DTypeError);
}

TEST_CASE("tensor: elements are read as what they are") {
  Tensor x = zeros({2});
  CHECK_THROWS_WITH_AS((void)x.data<double>(), "tensor: f32[2] read as float64; use cast",
                       DTypeError);
  CHECK_THROWS_AS((void)x.mutable_data<std::int32_t>(), DTypeError);
  CHECK_THROWS_AS((void)x.strings(), DTypeError);
  CHECK_THROWS_AS((void)x.to_vector<std::string>(), DTypeError);
  CHECK(x.mutable_data<float>() == x.raw());
}

TEST_CASE("tensor: strings") {
  const Tensor x = Tensor::strings({"a", "", "c d", "\xc3\xa4", "e", "f"}, {3, 2});
  CHECK(x.spec() == Spec{{3, 2}, string});
  CHECK(x.bytes() == 0);
  CHECK(x.item<std::string>({1, 1}) == "\xc3\xa4");
  CHECK(x.to_vector<std::string>() ==
        std::vector<std::string>{"a", "", "c d", "\xc3\xa4", "e", "f"});
  Tensor row = x[2];
  CHECK(row.strings().size() == 2);
  CHECK(row.strings()[0] == "e");
  Tensor copy = x.slice(1, 3).copy();
  copy.mutable_strings()[0] = "changed";
  CHECK(x.item<std::string>({1, 0}) == "c d");
  row.mutable_strings()[1] = "shared";
  CHECK(x.item<std::string>({2, 1}) == "shared");
  CHECK(x.reshaped({-1}).strings().size() == 6);
  CHECK(Tensor::strings({"a", "b"}).shape() == Shape{2});  // two strings, not two iterators
  CHECK(Tensor::strings(std::vector<std::string>{"a", "b"}, {2, 1}).shape() == Shape{2, 1});
  CHECK(Tensor::empty({2}, string).to_vector<std::string>() == std::vector<std::string>(2));
  CHECK_THROWS_WITH_AS((void)Tensor::strings({"a"}, {2}),
                       "tensor: 1 strings for shape [2], which has 2", ShapeError);
  CHECK_THROWS_AS((void)x.item<float>({0, 0}), DTypeError);
  CHECK_THROWS_AS((void)x.to_vector<int>(), DTypeError);
  CHECK_THROWS_AS((void)x.data<float>(), DTypeError);
}

}  // namespace
}  // namespace keratin::tests
