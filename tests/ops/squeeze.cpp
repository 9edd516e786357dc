#include "autograd/ops/squeeze.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("squeeze") {
  struct Row {
    Shape from;
    Axes axis;
    Shape to;
  };
  const std::vector<Row> rows = {{{}, {}, {}},
                                 {{1}, {}, {}},
                                 {{1, 3, 1, 2}, {}, {3, 2}},
                                 {{1, 3, 1, 2}, 0, {3, 1, 2}},
                                 {{1, 3, 1, 2}, -2, {1, 3, 2}},
                                 {{1, 3, 1, 2}, {0, 2}, {3, 2}},
                                 {{3, 2}, {}, {3, 2}},
                                 {{1, 0}, 0, {0}}};
  for (const Row& row : rows) {
    check({.op = "squeeze",
           .run = [axis = row.axis](const auto& x) { return squeeze(x[0], {.axis = axis}); },
           .inputs = {{normal(row.from, 1)}},
           .values = [](const TensorList& x) { return numbers_of(x[0]); },
           .accepts = Accepts::anything});
    const Tensor x = zeros(row.from), y = squeeze(x, {.axis = row.axis});
    CHECK(y.shape() == row.to);
    CHECK(y.shares_storage_with(x));
  }
}

TEST_CASE("squeeze: errors name what was given") {
  const Tensor x = zeros({1, 3});
  CHECK(complaint<ShapeError>([&] { return squeeze(x, {.axis = 1}); },
                              {"squeeze", "axis 1", "[1, 3]", "size 3"}) == "");
  CHECK(complaint<ShapeError>([&] { return squeeze(Variable(x), {.axis = 2}); },
                              {"squeeze", "axis 2"}) == "");
}

}  // namespace keratin::tests
