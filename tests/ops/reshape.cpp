#include "autograd/ops/reshape.h"

#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("reshape") {
  struct Row {
    Shape from, asked, to;
  };
  const std::vector<Row> rows = {{{}, {1, 1}, {1, 1}},         {{1}, {}, {}},
                                 {{6}, {2, 3}, {2, 3}},        {{2, 3}, {-1}, {6}},
                                 {{2, 3, 4}, {4, -1}, {4, 6}}, {{0, 3}, {2, 0}, {2, 0}},
                                 {{0, 3}, {-1, 3}, {0, 3}},    {{2, 3}, {2, 3}, {2, 3}}};
  for (const Row& row : rows) {
    check({.op = "reshape",
           .run = [asked = row.asked](const auto& x) { return reshape(x[0], asked); },
           .inputs = {{normal(row.from, 1)}},
           .values = [](const TensorList& x) { return numbers_of(x[0]); },
           .accepts = Accepts::anything});
    const Tensor x = zeros(row.from), y = reshape(x, row.asked);
    CHECK(y.shape() == row.to);
    CHECK(y.shares_storage_with(x));
    CHECK(reshape(Variable(x, false), row.asked).value().shares_storage_with(x));
  }
}

TEST_CASE("reshape: errors name what was given") {
  const Tensor x = zeros({2, 3});
  for (const Shape& asked :
       std::vector<Shape>{{4}, {}, {-1, 4}, {-1, -1}, {0, -1}, {-2, -3}, {2, None}}) {
    CAPTURE(asked.text());
    CHECK(complaint<ShapeError>([&] { return reshape(x, asked); }, {asked.text()}) == "");
    CHECK(complaint<ShapeError>([&] { return reshape(Variable(x), asked); }, {asked.text()}) == "");
  }
  CHECK(complaint<ShapeError>([&] { return reshape(x, {4}); }, {"reshape", "f32[2, 3]", "[4]"}) ==
        "");
}

}  // namespace keratin::tests
