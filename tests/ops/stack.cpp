#include "autograd/ops/stack.h"

#include "tensor/cast.h"
#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("stack") {
  struct Row {
    Shape shape;
    int count, axis;
  };
  const std::vector<Row> rows = {{{}, 3, 0},      {{4}, 1, 0},     {{4}, 3, 0},
                                 {{4}, 3, 1},     {{2, 3}, 2, -1}, {{2, 3}, 2, 1},
                                 {{2, 3}, 4, -3}, {{0, 3}, 2, 1},  {{60, 50}, 20, 1}};
  std::uint64_t seed = 1;
  for (const Row& row : rows) {
    TensorList x;
    for (int i = 0; i < row.count; ++i) x.push_back(normal(row.shape, seed++));
    const auto axis =
        static_cast<std::size_t>(row.axis < 0 ? row.axis + row.shape.rank() + 1 : row.axis);
    check({.op = "stack",
           .run = [axis = row.axis](const auto& x) { return stack(x, {.axis = axis}); },
           .inputs = {x},
           .values =
               [=](const TensorList& x) {
                 std::vector<std::int64_t> sizes(row.shape.begin(), row.shape.end());
                 sizes.insert(sizes.begin() + static_cast<std::ptrdiff_t>(axis), row.count);
                 return by_index(Shape(sizes), [&](Place place) {
                   const auto which = static_cast<std::size_t>(place[axis]);
                   place.erase(place.begin() + static_cast<std::ptrdiff_t>(axis));
                   return at(x[which], place);
                 });
               },
           .accepts = Accepts::movable});
  }
}

TEST_CASE("stack: errors name what was given") {
  const Tensor a = zeros({2, 3}), b = zeros({3, 2});
  CHECK(complaint<ShapeError>(
            [&] {
              return stack({a, b});
            },
            {"stack", "[2, 3]", "[3, 2]", "input 1"}) == "");
  CHECK(complaint<ShapeError>([&] { return stack({Variable(a), Variable(b)}); }, {"stack"}) == "");
  CHECK(complaint<ShapeError>([&] { return stack({a, a}, {.axis = 3}); }, {"axis 3"}) == "");
  CHECK(complaint<DTypeError>([&] { return stack({a, cast(a, int32)}); }, {"stack"}) == "");
  CHECK(complaint<ValueError>([&] { return stack(std::span<const Variable>()); },
                              {"stack", "no tensors"}) == "");
}

}  // namespace keratin::tests
