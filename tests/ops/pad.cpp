#include "autograd/ops/pad.h"

#include "tensor/cast.h"
#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("pad") {
  struct Row {
    Shape shape;
    std::vector<PadWidth> width;
  };
  const std::vector<Row> rows = {{{}, {}},
                                 {{3}, {{0, 0}}},
                                 {{3}, {{2, 0}}},
                                 {{3}, {{0, 1}}},
                                 {{2, 3}, {{1, 2}, {0, 3}}},
                                 {{2, 2, 2, 2}, {{}, {1, 1}, {1, 0}, {}}},
                                 {{0}, {{2, 1}}},
                                 {{2, 0}, {{0, 0}, {1, 1}}},
                                 {{70, 301}, {{1, 1}, {3, 2}}}};
  for (const Row& row : rows) {
    for (const double value : {0.0, -1.5}) {
      check({.op = "pad",
             .run = [=](const auto& x) { return pad(x[0], row.width, {.constant_values = value}); },
             .inputs = {{normal(row.shape, 1)}},
             .values =
                 [=](const TensorList& x) {
                   Shape shape = row.shape;
                   for (std::size_t k = 0; k < row.width.size(); ++k) {
                     const auto axis = static_cast<std::int64_t>(k);
                     shape =
                         shape.with(axis, row.width[k].before + shape[axis] + row.width[k].after);
                   }
                   return by_index(shape, [&](Place place) {
                     for (std::size_t k = 0; k < place.size(); ++k) {
                       place[k] -= row.width[k].before;
                       const std::int64_t size = row.shape[static_cast<std::int64_t>(k)];
                       if (place[k] < 0 || place[k] >= size) return value;
                     }
                     return at(x[0], place);
                   });
                 },
             // What integers and bool cannot hold may not stand beside them.
             .accepts = value == 0 ? Accepts::movable : Accepts::floats});
    }
  }
}

TEST_CASE("pad: integers and bool") {
  const Tensor x = Tensor::numbers({1, 0}, {2}, int32);
  CHECK(numbers_of(pad(x, {{1, 1}}, {.constant_values = -7})) == std::vector<double>{-7, 1, 0, -7});
  CHECK(numbers_of(pad(cast(x, boolean), {{1, 0}}, {.constant_values = 1})) ==
        std::vector<double>{1, 1, 0});
}

TEST_CASE("pad: errors name what was given") {
  const Tensor x = zeros({2, 3});
  CHECK(complaint<ShapeError>(
            [&] {
              return pad(x, {{1, 1}});
            },
            {"pad", "1 amounts", "f32[2, 3]"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return pad(Variable(x), {{1, 1}, {}, {}});
            },
            {"pad", "3 amounts", "f32[2, 3]"}) == "");
  CHECK(complaint<ValueError>(
            [&] {
              return pad(x, {{1, 1}, {0, -1}});
            },
            {"pad", "{0, -1}", "axis 1", "f32[2, 3]"}) == "");
  CHECK(complaint<DTypeError>(
            [&] {
              return pad(cast(x, int32), {{1, 1}, {}}, {.constant_values = 0.5});
            },
            {"0.5", "i32[2, 3]"}) == "");
}

}  // namespace keratin::tests
