#include "autograd/ops/transpose.h"

#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("transpose") {
  struct Row {
    Shape shape;
    std::vector<int> axes;
  };
  const std::vector<Row> rows = {{{}, {}},
                                 {{5}, {}},
                                 {{3, 4}, {}},
                                 {{3, 4}, {0, 1}},
                                 {{2, 3, 4}, {}},
                                 {{2, 3, 4}, {0, 2, 1}},
                                 {{2, 3, 4}, {-1, 0, 1}},
                                 {{2, 3, 2, 3}, {0, 3, 1, 2}},
                                 {{0, 3}, {}},
                                 {{67, 130}, {}},
                                 {{4, 33, 65}, {1, 0, 2}}};
  for (const Row& row : rows) {
    check({.op = "transpose",
           .run = [axes = row.axes](const auto& x) { return transpose(x[0], {.axes = axes}); },
           .inputs = {{normal(row.shape, 1)}},
           .values =
               [axes = row.axes](const TensorList& x) {
                 const auto rank = static_cast<std::size_t>(x[0].rank());
                 std::vector<std::size_t> order(rank);
                 Shape shape;
                 for (std::size_t k = 0; k < rank; ++k) {
                   const int axis = axes.empty() ? static_cast<int>(rank - 1 - k) : axes[k];
                   order[k] = axis < 0 ? rank - static_cast<std::size_t>(-axis)
                                       : static_cast<std::size_t>(axis);
                   shape.push_back(x[0].shape()[static_cast<std::int64_t>(order[k])]);
                 }
                 return by_index(shape, [&](const Place& place) {
                   Place from(rank);
                   for (std::size_t k = 0; k < rank; ++k) from[order[k]] = place[k];
                   return at(x[0], from);
                 });
               },
           .accepts = Accepts::movable});
  }
}

TEST_CASE("transpose: errors name what was given") {
  const Tensor x = zeros({2, 3});
  for (const std::vector<int>& axes :
       std::vector<std::vector<int>>{{0}, {0, 0}, {0, 2}, {1, -1}, {0, 1, 2}, {-3, 0}}) {
    CHECK(complaint<ShapeError>([&] { return transpose(x, {.axes = axes}); },
                                {"transpose", "[2, 3]"}) == "");
    CHECK(complaint<ShapeError>([&] { return transpose(Variable(x), {.axes = axes}); },
                                {"transpose", "[2, 3]"}) == "");
  }
}

}  // namespace keratin::tests
