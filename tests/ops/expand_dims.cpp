#include "autograd/ops/expand_dims.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("expand_dims") {
  struct Row {
    Shape from;
    int axis;
    Shape to;
  };
  const std::vector<Row> rows = {{{}, 0, {1}},
                                 {{}, -1, {1}},
                                 {{3, 4}, 0, {1, 3, 4}},
                                 {{3, 4}, 1, {3, 1, 4}},
                                 {{3, 4}, 2, {3, 4, 1}},
                                 {{3, 4}, -1, {3, 4, 1}},
                                 {{3, 4}, -3, {1, 3, 4}},
                                 {{2, 0}, 1, {2, 1, 0}}};
  for (const Row& row : rows) {
    CAPTURE(row.axis);
    check({.op = "expand_dims",
           .run = [axis = row.axis](const auto& x) { return expand_dims(x[0], axis); },
           .inputs = {{normal(row.from, 1)}},
           .values = [](const TensorList& x) { return numbers_of(x[0]); },
           .accepts = Accepts::anything});
    const Tensor x = zeros(row.from), y = expand_dims(x, row.axis);
    CHECK(y.shape() == row.to);
    CHECK(y.shares_storage_with(x));
  }
}

TEST_CASE("expand_dims: errors name what was given") {
  for (const int axis : {3, -4}) {
    const std::string text = fmt::format("axis {}", axis);
    CHECK(complaint<ShapeError>(
              [&] {
                return expand_dims(zeros({2, 3}), axis);
              },
              {"expand_dims", text}) == "");
    CHECK(complaint<ShapeError>(
              [&] {
                return expand_dims(Variable(zeros({2, 3})), axis);
              },
              {"expand_dims", text}) == "");
  }
  CHECK(complaint<ShapeError>(
            [] {
              return expand_dims(zeros({1, 1, 1, 1, 1, 1, 1, 1}), 0);
            },
            {"8 axes"}) == "");
}

}  // namespace keratin::tests
