#include "autograd/ops/index.h"

#include "autograd/ops/add.h"
#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("index") {
  struct Row {
    Shape shape;
    std::int64_t i;
  };
  const std::vector<Row> rows = {{{1}, 0},     {{5}, 3},       {{5}, -5},   {{3, 4}, 1},
                                 {{3, 4}, -1}, {{2, 3, 4}, 1}, {{2, 0}, 1}, {{40, 300}, 39}};
  for (const Row& row : rows) {
    check({.op = "index",
           .run = [i = row.i](const auto& x) { return index(x[0], i); },
           .inputs = {{normal(row.shape, 1)}},
           .values =
               [i = row.i](const TensorList& x) {
                 const Shape& shape = x[0].shape();
                 return by_index(shape.slice(1, shape.rank()), [&](Place place) {
                   place.insert(place.begin(), i < 0 ? i + shape[0] : i);
                   return at(x[0], place);
                 });
               },
           .accepts = Accepts::anything});
  }
}

TEST_CASE("index: as an operator; rows used twice") {
  const Variable x(Tensor::numbers({1, 2, 3, 4}, {2, 2}));
  const Variable y = x[0] + x[-1] + x[1];
  CHECK(numbers_of(y.value()) == std::vector<double>{7, 10});
  y.backward(Tensor::numbers({1, 10}));
  CHECK(numbers_of(x.grad()) == std::vector<double>{1, 10, 2, 20});
  CHECK(x[0].value().shares_storage_with(x.value()));
}

TEST_CASE("index: errors name what was given") {
  const Tensor x = zeros({2, 3});
  for (const std::int64_t i : {2, -3}) {
    CHECK(complaint<ShapeError>([&] { return index(x, i); },
                                {fmt::format("row {}", i), "f32[2, 3]"}) == "");
    CHECK(complaint<ShapeError>([&] { return Variable(x)[i]; },
                                {fmt::format("row {}", i), "f32[2, 3]"}) == "");
  }
  CHECK(complaint<ShapeError>([] { return index(zeros({}), 0); }, {"f32[]"}) == "");
}

}  // namespace keratin::tests
