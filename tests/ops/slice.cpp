#include "autograd/ops/slice.h"

#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("slice") {
  // The places taken along each axis, written out.
  struct Row {
    Shape shape;
    std::vector<SliceRange> ranges;
    std::vector<Place> places;
  };
  const std::vector<Row> rows = {
      {{5}, {}, {{0, 1, 2, 3, 4}}},
      {{5}, {{1, 3}}, {{1, 2}}},
      {{5}, {{-2, None}}, {{3, 4}}},
      {{5}, {{None, None, 2}}, {{0, 2, 4}}},
      {{5}, {{1, 5, 3}}, {{1, 4}}},
      {{5}, {{.step = -1}}, {{4, 3, 2, 1, 0}}},
      {{5}, {{3, 0, -2}}, {{3, 1}}},
      {{5}, {{5, None, -2}}, {{4, 2, 0}}},
      {{5}, {{2, 2}}, {{}}},
      {{5}, {{3, 1}}, {{}}},
      {{5}, {{5, 5}}, {{}}},
      {{1}, {{-1, None}}, {{0}}},
      {{3, 4}, {{1, 3}}, {{1, 2}, {0, 1, 2, 3}}},
      {{3, 4}, {{}, {1, -1}}, {{0, 1, 2}, {1, 2}}},
      {{3, 4}, {{0, 1}, {.step = -1}}, {{0}, {3, 2, 1, 0}}},
      {{2, 5, 3}, {{}, {1, -1}, {.step = -2}}, {{0, 1}, {1, 2, 3}, {2, 0}}},
      {{0, 3}, {{}, {0, 2}}, {{}, {0, 1}}},
      {{0, 3}, {{.step = -1}}, {{}, {0, 1, 2}}}};
  for (const Row& row : rows) {
    CAPTURE(row.shape.text());
    Shape shape;
    for (const Place& places : row.places) {
      shape.push_back(static_cast<std::int64_t>(places.size()));
    }
    check({.op = "slice",
           .run = [ranges = row.ranges](const auto& x) { return slice(x[0], ranges); },
           .inputs = {{normal(row.shape, 1)}},
           .values =
               [=](const TensorList& x) {
                 return by_index(shape, [&](Place place) {
                   for (std::size_t k = 0; k < place.size(); ++k) {
                     place[k] = row.places[k][static_cast<std::size_t>(place[k])];
                   }
                   return at(x[0], place);
                 });
               },
           .accepts = Accepts::movable});
    CHECK(slice(zeros(row.shape), row.ranges).shape() == shape);
  }
}

TEST_CASE("slice: large parts") {
  check({.op = "slice",
         .run =
             [](const auto& x) {
               return slice(x[0], {{10, 300, 3}, {1, -1}});
             },
         .inputs = {{normal({301, 257}, 1)}},
         .values =
             [](const TensorList& x) {
               return by_index({97, 255}, [&](const Place& place) {
                 return at(x[0], {10 + 3 * place[0], 1 + place[1]});
               });
             },
         .accepts = Accepts::movable});
}

TEST_CASE("slice: leading rows share storage") {
  const Tensor x = zeros({4, 3});
  CHECK(slice(x, {{1, 3}}).shares_storage_with(x));
  CHECK_FALSE(slice(x, {{}, {1, 3}}).shares_storage_with(x));
}

TEST_CASE("slice: errors name what was given") {
  const Tensor x = zeros({2, 3});
  const std::vector<std::vector<SliceRange>> outside = {
      {{0, 3}}, {{3, None}}, {{-3, None}}, {{}, {0, 4}}, {{}, {-4, None}}};
  for (const auto& ranges : outside) {
    CHECK(complaint<ShapeError>([&] { return slice(x, ranges); },
                                {"slice", "outside axis", "[2, 3]"}) == "");
    CHECK(complaint<ShapeError>([&] { return slice(Variable(x), ranges); },
                                {"slice", "outside axis", "[2, 3]"}) == "");
  }
  CHECK(complaint<ShapeError>(
            [&] {
              return slice(x, {{}, {}, {}});
            },
            {"slice", "3 ranges", "[2, 3]"}) == "");
  CHECK(complaint<ValueError>([&] { return slice(x, {{.step = 0}}); }, {"slice", "step 0"}) == "");
}

}  // namespace keratin::tests
