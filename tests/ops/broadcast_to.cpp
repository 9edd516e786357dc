#include "autograd/ops/broadcast_to.h"

#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("broadcast_to") {
  struct Row {
    Shape from, to;
  };
  const std::vector<Row> rows = {{{}, {}},
                                 {{}, {2, 3}},
                                 {{3}, {2, 3}},
                                 {{2, 1}, {2, 3}},
                                 {{1, 3, 1}, {2, 3, 4}},
                                 {{1}, {0, 3}},
                                 {{0}, {2, 0}},
                                 {{5}, {5}},
                                 {{33}, {40, 33}},
                                 {{70, 1}, {70, 90}},
                                 {{2, 1, 3}, {4, 2, 5, 3}}};
  std::uint64_t seed = 1;
  for (const Row& row : rows) {
    check({.op = "broadcast_to",
           .run = [to = row.to](const auto& x) { return broadcast_to(x[0], to); },
           .inputs = {{normal(row.from, seed++)}},
           .values =
               [to = row.to](const TensorList& x) {
                 return by_index(to, [&](const Place& place) {
                   const auto extra = place.size() - static_cast<std::size_t>(x[0].rank());
                   Place from(place.begin() + static_cast<std::ptrdiff_t>(extra), place.end());
                   for (std::size_t k = 0; k < from.size(); ++k) {
                     if (x[0].shape()[static_cast<std::int64_t>(k)] == 1) from[k] = 0;
                   }
                   return at(x[0], from);
                 });
               },
           .accepts = Accepts::movable});
  }
}

TEST_CASE("broadcast_to: passes every bit on") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = Tensor::numbers({nan, -0.0, std::numeric_limits<double>::infinity()});
  const Tensor y = broadcast_to(x, {2, 3});
  CHECK(bits_of(y[0]) == bits_of(x));
  CHECK(bits_of(y[1]) == bits_of(x));
}

TEST_CASE("broadcast_to: errors name what was given") {
  const Tensor x = zeros({2, 3});
  for (const Shape& to : std::vector<Shape>{{3}, {2, 1}, {2, 4}, {3, 3}, {0, 3}, {}}) {
    CAPTURE(to.text());
    CHECK(complaint<ShapeError>([&] { return broadcast_to(x, to); },
                                {"broadcast_to", "[2, 3]", to.text()}) == "");
    CHECK(complaint<ShapeError>([&] { return broadcast_to(Variable(x), to); },
                                {"broadcast_to", "[2, 3]", to.text()}) == "");
  }
}

}  // namespace keratin::tests
