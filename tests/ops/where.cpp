#include "autograd/ops/where.h"

#include "autograd/ops/log.h"
#include "tensor/cast.h"
#include "tensor/compare.h"
#include "tests/ops/by_index.h"

namespace keratin::tests {
namespace {

// The element of x at a place of the shape that it broadcasts to.
double broadcast_at(const Tensor& x, const Place& place) {
  Place from(place.end() - static_cast<std::ptrdiff_t>(x.rank()), place.end());
  for (std::size_t k = 0; k < from.size(); ++k) {
    if (x.shape()[static_cast<std::int64_t>(k)] == 1) from[k] = 0;
  }
  return at(x, from);
}

Tensor coin(const Shape& shape, std::uint64_t seed) { return greater(normal(shape, seed), 0); }

}  // namespace

TEST_CASE("where") {
  struct Row {
    Shape condition, a, b, result;
  };
  const std::vector<Row> rows = {{{}, {}, {}, {}},
                                 {{5}, {5}, {5}, {5}},
                                 {{1}, {5}, {5}, {5}},
                                 {{5}, {1}, {5}, {5}},
                                 {{3, 4}, {3, 4}, {}, {3, 4}},
                                 {{3, 4}, {}, {4}, {3, 4}},
                                 {{3, 1}, {1, 4}, {2, 1, 1}, {2, 3, 4}},
                                 {{2, 3, 1}, {4}, {3, 4}, {2, 3, 4}},
                                 {{0}, {1}, {0}, {0}},
                                 {{2, 1}, {2, 0}, {1}, {2, 0}},
                                 {{70001}, {70001}, {1}, {70001}},
                                 {{300, 1}, {300, 200}, {200}, {300, 200}}};
  std::uint64_t seed = 1;
  for (const Row& row : rows) {
    const Tensor condition = coin(row.condition, seed);
    check({.op = "where",
           .run = [=](const auto& x) { return where(condition, x[0], x[1]); },
           .inputs = {{normal(row.a, seed + 1), normal(row.b, seed + 2)}},
           .values =
               [=](const TensorList& x) {
                 return by_index(row.result, [&](const Place& place) {
                   return broadcast_at(broadcast_at(condition, place) != 0 ? x[0] : x[1], place);
                 });
               },
           .accepts = Accepts::movable});
    seed += 3;
  }
}

TEST_CASE("where: a number on either side") {
  const Tensor condition = greater(Tensor::numbers({1, -1, 2}), 0), x = Tensor::numbers({5, 6, 7});
  CHECK(numbers_of(where(condition, x, 0)) == std::vector<double>{5, 0, 7});
  CHECK(numbers_of(where(condition, -1.5, x)) == std::vector<double>{-1.5, 6, -1.5});
  CHECK(where(condition, cast(x, int64), 3).dtype() == int64);
  const Variable v(x);
  where(condition, 1, v).backward(Tensor::numbers({1, 2, 3}));
  CHECK(numbers_of(v.grad()) == std::vector<double>{0, 2, 0});
  CHECK(where(condition, v, 0).requires_grad());
}

TEST_CASE("where: what was not chosen does no harm") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor condition = greater(Tensor::numbers({1, -1}), 0);
  CHECK(numbers_of(where(condition, Tensor::numbers({1, nan}), Tensor::numbers({nan, 2}))) ==
        std::vector<double>{1, 2});
  // The gradient that comes in may be infinite where the other one was chosen.
  const Variable a(Tensor::numbers({1, 2})), b(Tensor::numbers({3, 4}));
  where(condition, a, b).backward(Tensor::numbers({nan, nan}));
  CHECK(numbers_of(a.grad())[1] == 0);
  CHECK(numbers_of(b.grad())[0] == 0);
}

TEST_CASE("where: errors name what was given") {
  const Tensor x = zeros({2, 3}), condition = ones({4}, boolean);
  CHECK(complaint<ShapeError>([&] { return where(condition, x, 0); }, {"where", "[4]", "[2, 3]"}) ==
        "");
  CHECK(complaint<ShapeError>([&] { return where(condition, x, Variable(zeros({4}))); },
                              {"where", "[4]", "[2, 3]"}) == "");
  CHECK(complaint<DTypeError>([&] { return where(x, x, x); }, {"where", "f32[2, 3]", "bool"}) ==
        "");
  CHECK(complaint<ValueError>([&] { return where(Tensor(), x, x); }, {"where"}) == "");
  Tensor changed = ones({2, 3}, boolean);
  const Variable y = where(changed, Variable(x), 0);
  changed.copy_from(zeros({2, 3}, boolean));
  CHECK(complaint<ValueError>(
            [&] {
              y.backward(x);
              return 0;
            },
            {"where", "changed in place"}) == "");
}

}  // namespace keratin::tests
