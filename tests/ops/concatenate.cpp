#include "autograd/ops/concatenate.h"

#include "tensor/cast.h"
#include "tests/ops/by_index.h"

namespace keratin::tests {
namespace {

// Concatenation by hand: each place looked up in the tensor that holds it.
std::vector<double> one_after_the_other(const TensorList& xs, std::int64_t axis) {
  Shape shape = xs[0].shape();
  std::int64_t size = 0;
  for (const Tensor& x : xs) size += x.shape()[axis];
  shape = shape.with(axis, size);
  return by_index(shape, [&](Place place) {
    auto& along = place[static_cast<std::size_t>(axis)];
    for (const Tensor& x : xs) {
      if (along < x.shape()[axis]) return at(x, place);
      along -= x.shape()[axis];
    }
    return std::nan("");
  });
}

}  // namespace

TEST_CASE("concatenate") {
  struct Row {
    std::vector<Shape> shapes;
    int axis;
  };
  const std::vector<Row> rows = {{{{3}}, 0},
                                 {{{3}, {2}}, 0},
                                 {{{2, 3}, {2, 1}, {2, 4}}, -1},
                                 {{{2, 3}, {1, 3}}, 0},
                                 {{{2, 1, 3}, {2, 4, 3}}, 1},
                                 {{{2, 3}, {2, 0}}, 1},
                                 {{{0, 2}, {0, 2}}, 0},
                                 {{{40, 33}, {40, 31}}, 1},
                                 {{{300, 90}, {7, 90}, {500, 90}}, 0}};
  std::uint64_t seed = 1;
  for (const Row& row : rows) {
    TensorList x;
    for (const Shape& shape : row.shapes) x.push_back(normal(shape, seed++));
    check({.op = "concatenate",
           .run = [axis = row.axis](const auto& x) { return concatenate(x, {.axis = axis}); },
           .inputs = {x},
           .values =
               [axis = row.axis](const TensorList& x) {
                 return one_after_the_other(x, axis < 0 ? axis + x[0].rank() : axis);
               },
           .accepts = Accepts::movable});
  }
}

TEST_CASE("concatenate: in braces; the same tensor twice") {
  const Tensor a = Tensor::numbers({1, 2}), b = Tensor::numbers({3});
  CHECK(numbers_of(concatenate({a, b, a})) == std::vector<double>{1, 2, 3, 1, 2});
  const Variable v(a);
  concatenate({v, Variable(b, false), v}).backward(Tensor::numbers({1, 2, 3, 4, 5}));
  CHECK(numbers_of(v.grad()) == std::vector<double>{5, 7});
}

TEST_CASE("concatenate: errors name what was given") {
  const Tensor a = zeros({2, 3}), b = zeros({2, 4}), c = zeros({2});
  CHECK(complaint<ShapeError>(
            [&] {
              return concatenate({a, b});
            },
            {"concatenate", "input 1", "f32[2, 3]", "f32[2, 4]"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return concatenate({a, c});
            },
            {"concatenate", "f32[2, 3]", "f32[2]"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return concatenate({Variable(a), Variable(c)});
            },
            {"concatenate", "f32[2, 3]", "f32[2]"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return concatenate({a, a}, {.axis = 2});
            },
            {"concatenate", "axis 2"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return concatenate({zeros({}), zeros({})});
            },
            {"concatenate", "stack"}) == "");
  CHECK(complaint<ValueError>([&] { return concatenate(std::span<const Tensor>()); },
                              {"concatenate", "no tensors"}) == "");
  CHECK(complaint<DTypeError>(
            [&] {
              return concatenate({a, cast(a, int32)});
            },
            {"concatenate", "f32[2, 3]", "i32[2, 3]"}) == "");
}

}  // namespace keratin::tests
