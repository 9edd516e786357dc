#include "autograd/ops/gather.h"

#include "tensor/cast.h"
#include "tests/ops/by_index.h"

namespace keratin::tests {

TEST_CASE("gather") {
  struct Row {
    Shape table, indices;
    int axis;
  };
  const std::vector<Row> rows = {
      {{5}, {3}, 0},      {{5}, {}, 0},     {{5}, {0}, 0},          {{4, 3}, {2, 5}, 0},
      {{4, 3}, {6}, -1},  {{4, 3}, {}, 1},  {{2, 4, 3}, {2, 2}, 1}, {{1, 3}, {7}, 0},
      {{2, 0}, {3}, 0},   {{0, 2}, {0}, 0}, {{300, 33}, {4000}, 0}, {{7, 50, 3}, {600}, 1},
      {{4000}, {5000}, 0}};
  std::uint64_t seed = 1;
  for (const Row& row : rows) {
    const std::int64_t axis = row.axis < 0 ? row.axis + row.table.rank() : row.axis;
    const std::int64_t last = std::max<std::int64_t>(row.table[axis] - 1, 0);
    for (const DType dtype : {int32, int64}) {
      const Tensor indices = cast(whole(row.indices, 0, last, seed++), dtype);
      check({.op = "gather",
             .run = [=](const auto& x) { return gather(x[0], indices, {.axis = row.axis}); },
             .inputs = {{normal(row.table, seed++)}},
             .values =
                 [=](const TensorList& x) {
                   const Shape result = row.table.slice(0, axis)
                                            .joined(row.indices)
                                            .joined(row.table.slice(axis + 1, row.table.rank()));
                   return by_index(result, [&](const Place& place) {
                     const auto first = place.begin() + static_cast<std::ptrdiff_t>(axis);
                     const auto rest = first + static_cast<std::ptrdiff_t>(row.indices.rank());
                     Place from(place.begin(), first);
                     from.push_back(static_cast<std::int64_t>(at(indices, Place(first, rest))));
                     from.insert(from.end(), rest, place.end());
                     return at(x[0], from);
                   });
                 },
             // Many rows of dy go to one of the table.
             .float32_gradient = {1e-5, 2e-5},
             .accepts = Accepts::movable});
    }
  }
}

TEST_CASE("gather: rows used twice add up, others get zero") {
  const Variable table(Tensor::numbers({1, 2, 3, 4, 5, 6}, {3, 2}));
  const Tensor indices = Tensor::numbers({2, 0, 2}, {3}, int32);
  gather(table, indices).backward(Tensor::numbers({1, 2, 3, 4, 5, 6}, {3, 2}));
  CHECK(numbers_of(table.grad()) == std::vector<double>{3, 4, 0, 0, 6, 8});
}

TEST_CASE("gather: errors name what was given") {
  const Tensor x = zeros({4, 3});
  for (const DType dtype : {int32, int64}) {
    for (const double bad : {-1.0, 4.0, 2147483647.0}) {
      const Tensor indices = Tensor::numbers({0, 1, bad, 3}, {2, 2}, dtype);
      const std::vector<std::string> parts = {"gather", fmt::format("index {}", bad), "[1, 0]",
                                              "f32[4, 3]", "0 to 3"};
      CHECK(complaint<ValueError>([&] { return gather(x, indices); }, parts) == "");
      CHECK(complaint<ValueError>([&] { return gather(Variable(x), indices); }, parts) == "");
    }
  }
  CHECK(complaint<DTypeError>([&] { return gather(x, zeros({2})); }, {"gather", "f32[2]"}) == "");
  CHECK(complaint<ShapeError>([&] { return gather(x, zeros({2}, int32), {.axis = 2}); },
                              {"gather", "axis 2"}) == "");
  CHECK(complaint<ValueError>(
            [&] {
              return gather(zeros({0, 3}), zeros({1}, int32));
            },
            {"gather", "index 0"}) == "");
  Tensor indices = zeros({2}, int32);
  const Variable y = gather(Variable(x), indices);
  indices.copy_from(ones({2}, int32));
  CHECK(complaint<ValueError>(
            [&] {
              y.backward(zeros({2, 3}));
              return 0;
            },
            {"gather", "changed in place"}) == "");
}

}  // namespace keratin::tests
