#include "autograd/ops/repeat.h"

#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("repeat") {
  struct Row {
    Shape shape;
    std::int64_t times;
    int axis;
  };
  const std::vector<Row> rows = {{{1}, 3, 0},       {{4}, 1, 0},     {{4}, 3, 0},
                                 {{4}, 0, 0},       {{2, 3}, 2, 0},  {{2, 3}, 2, -1},
                                 {{2, 3, 2}, 3, 1}, {{0, 3}, 2, 0},  {{2, 0}, 4, 0},
                                 {{60, 70}, 5, 0},  {{60, 70}, 5, 1}};
  for (const Row& row : rows) {
    check({.op = "repeat",
           .run = [=](const auto& x) { return repeat(x[0], row.times, {.axis = row.axis}); },
           .inputs = {{normal(row.shape, 1)}},
           .values =
               [=](const TensorList& x) {
                 const std::int64_t axis = row.axis < 0 ? row.axis + row.shape.rank() : row.axis;
                 return by_index(row.shape.with(axis, row.shape[axis] * row.times),
                                 [&](Place place) {
                                   place[static_cast<std::size_t>(axis)] /= row.times;
                                   return at(x[0], place);
                                 });
               },
           .accepts = Accepts::movable});
  }
}

TEST_CASE("repeat: errors name what was given") {
  const Tensor x = zeros({2, 3});
  CHECK(complaint<ValueError>([&] { return repeat(x, -1); }, {"repeat", "-1", "f32[2, 3]"}) == "");
  CHECK(complaint<ShapeError>([&] { return repeat(Variable(x), 2, {.axis = 2}); },
                              {"repeat", "axis 2"}) == "");
  CHECK(complaint<ShapeError>([] { return repeat(zeros({}), 2); }, {"repeat", "axis 0"}) == "");
  const std::int64_t huge = std::int64_t{1} << 62;
  CHECK(complaint<ShapeError>([&] { return repeat(x, huge); }) == "");
}

}  // namespace keratin::tests
