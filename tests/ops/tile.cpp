#include "autograd/ops/tile.h"

#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("tile") {
  struct Row {
    Shape shape;
    std::vector<std::int64_t> times;
    Shape result;
  };
  const std::vector<Row> rows = {{{}, {}, {}},
                                 {{}, {3}, {3}},
                                 {{2}, {3}, {6}},
                                 {{2}, {1}, {2}},
                                 {{2}, {0}, {0}},
                                 {{2}, {2, 3}, {2, 6}},
                                 {{2, 3}, {2}, {2, 6}},
                                 {{2, 3}, {2, 2}, {4, 6}},
                                 {{2, 3}, {2, 1, 2}, {2, 2, 6}},
                                 {{2, 1, 3}, {1, 4, 2}, {2, 4, 6}},
                                 {{2, 3}, {0, 2}, {0, 6}},
                                 {{0, 3}, {2, 2}, {0, 6}},
                                 {{60, 7}, {3, 11}, {180, 77}}};
  for (const Row& row : rows) {
    CAPTURE(row.result.text());
    check({.op = "tile",
           .run = [times = row.times](const auto& x) { return tile(x[0], times); },
           .inputs = {{normal(row.shape, 1)}},
           .values =
               [=](const TensorList& x) {
                 return by_index(row.result, [&](const Place& place) {
                   const auto extra = static_cast<std::ptrdiff_t>(place.size()) -
                                      static_cast<std::ptrdiff_t>(row.shape.rank());
                   Place from(place.begin() + extra, place.end());
                   for (std::size_t k = 0; k < from.size(); ++k) {
                     from[k] %= row.shape[static_cast<std::int64_t>(k)];
                   }
                   return at(x[0], from);
                 });
               },
           .accepts = Accepts::movable});
    CHECK(tile(zeros(row.shape), row.times).shape() == row.result);
  }
}

TEST_CASE("tile: errors name what was given") {
  const Tensor x = zeros({2, 3});
  CHECK(complaint<ValueError>([&] { return tile(x, {2, -1}); }, {"tile", "2, -1", "[2, 3]"}) == "");
  CHECK(complaint<ValueError>([&] { return tile(Variable(x), {-1}); }, {"tile"}) == "");
  CHECK(complaint<ShapeError>([&] { return tile(x, {1, 1, 1, 1, 1, 1, 1, 1, 1}); }, {"8"}) == "");
  const std::int64_t huge = std::int64_t{1} << 62;
  CHECK(complaint<ShapeError>([&] { return tile(x, {huge, huge}); }) == "");
}

}  // namespace keratin::tests
