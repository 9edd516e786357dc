#include "autograd/ops/flip.h"

#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("flip") {
  struct Row {
    Shape shape;
    Axes axis;
  };
  const std::vector<Row> rows = {{{}, {}},    {{1}, {}},    {{5}, {}},           {{3, 4}, {}},
                                 {{3, 4}, 0}, {{3, 4}, -1}, {{2, 3, 4}, {0, 2}}, {{2, 3, 4}, 1},
                                 {{0, 3}, 0}, {{3, 0}, {}}, {{200, 37}, 1},      {{300, 64, 3}, 1}};
  std::uint64_t seed = 1;
  for (const Row& row : rows) {
    check({.op = "flip",
           .run = [axis = row.axis](const auto& x) { return flip(x[0], {.axis = axis}); },
           .inputs = {{normal(row.shape, seed++)}},
           .values =
               [axis = row.axis](const TensorList& x) {
                 return by_index(x[0].shape(), [&](Place place) {
                   for (const std::int64_t k : axis.resolve("flip", x[0].rank())) {
                     auto& index = place[static_cast<std::size_t>(k)];
                     index = x[0].shape()[k] - 1 - index;
                   }
                   return at(x[0], place);
                 });
               },
           .accepts = Accepts::movable});
  }
}

TEST_CASE("flip: errors name what was given") {
  const Tensor x = zeros({2, 3});
  CHECK(complaint<ShapeError>([&] { return flip(x, {.axis = 2}); }, {"flip", "axis 2"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return flip(Variable(x), {.axis = {0, 0}});
            },
            {"flip", "twice"}) == "");
}

}  // namespace keratin::tests
