#include "tensor/text.h"

#include <doctest/doctest.h>

#include <limits>

namespace keratin::tests {
namespace {

TEST_CASE("text: tensors of every rank and dtype") {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  struct Row {
    Tensor x;
    const char* text;
  };
  const Row rows[] = {
      {Tensor(), "(no tensor)"},
      {Tensor::scalar(2.5), "2.5"},
      {Tensor::scalar(3, int32), "3"},
      {Tensor::numbers({1, 2.5, -0.125}), "[1, 2.5, -0.125] f32[3]"},
      {Tensor::numbers({0.1, 1e-10, 123456789, nan, inf, -inf}, {6}, float64),
       "[0.1, 1e-10, 1.23457e+08, nan, inf, -inf] f64[6]"},
      {Tensor::numbers({1, 2, 3, 4}, {2, 2}, int32), "[[1, 2],\n [3, 4]] i32[2, 2]"},
      {Tensor::numbers({1, 2, 3, 4}, {2, 1, 2}, uint8), "[[[1, 2]],\n\n [[3, 4]]] u8[2, 1, 2]"},
      {Tensor::numbers({1, 0}, {2}, boolean), "[true, false] bool[2]"},
      {Tensor::numbers({1.5}, {1}, bfloat16), "[1.5] bf16[1]"},
      {Tensor::strings({"a b", ""}), "[\"a b\", \"\"] string[2]"},
      {zeros({0}), "[] f32[0]"},
      {zeros({0, 3}), "[] f32[0, 3]"},
      {zeros({2, 0}), "[[],\n []] f32[2, 0]"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(to_text(row.x) == row.text);
    CHECK(fmt::format("{}", row.x) == row.text);
  }
}

TEST_CASE("text: long axes show their ends") {
  CHECK(to_text(arange(0, 7, 1, int32)) == "[0, 1, 2, 3, 4, 5, 6] i32[7]");
  CHECK(to_text(arange(0, 8, 1, int32)) == "[0, 1, 2, ..., 5, 6, 7] i32[8]");
  CHECK(to_text(arange(0, 100, 1, int64)) == "[0, 1, 2, ..., 97, 98, 99] i64[100]");
  CHECK(to_text(arange(0, 20, 1, int32).reshaped({10, 2})) ==
        "[[0, 1],\n [2, 3],\n [4, 5],\n ...,\n [14, 15],\n [16, 17],\n [18, 19]] i32[10, 2]");
}

TEST_CASE("text: several, shapes, dtypes") {
  CHECK(fmt::format("{}", Tensors()) == "(none)");
  CHECK(fmt::format("{}", Tensors(Tensor::scalar(1))) == "1");
  CHECK(fmt::format("{}", Tensors({zeros({1}), ones({1})})) == "0: [0] f32[1]\n1: [1] f32[1]");
  CHECK(fmt::format("{}", Tensors({{"a", zeros({1})}, {"b", ones({})}})) == "a: [0] f32[1]\nb: 1");
  CHECK(fmt::format("{}", Shape{None, 3}) == "[None, 3]");
  CHECK(fmt::format("{:>8}|", Shape{3}) == "     [3]|");
  CHECK(fmt::format("{}", boolean) == "bool");
}

}  // namespace
}  // namespace keratin::tests
