#include "autograd/ops/matmul.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/cast.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

Tensor normal(const Shape& shape, std::uint64_t seed, DType dtype = float64) {
  return cast(Tensor::from(normal_values(shape.size(), seed), shape), dtype);
}

// y[..., i, j] = sum over k of op(a)[..., i, k] op(b)[..., k, j], element by element.
std::vector<double> by_hand(const Tensor& a, const Tensor& b, const Shape& shape, MatmulOptions o) {
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  const auto at = [](const Tensor& t, std::int64_t matrix, const Shape& result, bool transposed,
                     std::int64_t row, std::int64_t column) {
    std::int64_t offset = 0, stride = 1;
    for (std::int64_t back = 3; back <= result.rank(); ++back) {
      const std::int64_t index = matrix % result[-back];
      matrix /= result[-back];
      if (back > t.rank()) continue;
      if (t.shape()[-back] != 1) offset += index * stride;
      stride *= t.shape()[-back];
    }
    if (transposed) std::swap(row, column);
    return static_cast<std::size_t>((offset * t.shape()[-2] + row) * t.shape()[-1] + column);
  };
  const std::int64_t k = a.shape()[o.transpose_a ? -2 : -1];
  std::vector<double> result;
  for (std::int64_t matrix = 0; matrix < shape.slice(0, shape.rank() - 2).size(); ++matrix) {
    for (std::int64_t i = 0; i < shape[-2]; ++i) {
      for (std::int64_t j = 0; j < shape[-1]; ++j) {
        double total = 0;
        for (std::int64_t r = 0; r < k; ++r) {
          total += x[at(a, matrix, shape, o.transpose_a, i, r)] *
                   y[at(b, matrix, shape, o.transpose_b, r, j)];
        }
        result.push_back(total);
      }
    }
  }
  return result;
}

struct Row {
  Shape leading_a, leading_b, leading;
};
const std::vector<Row> kRows = {{{}, {}, {}},
                                {{3}, {}, {3}},
                                {{}, {4}, {4}},
                                {{2, 3}, {2, 3}, {2, 3}},
                                {{2, 3}, {3}, {2, 3}},
                                {{2, 1}, {1, 3}, {2, 3}},
                                {{2, 1}, {2, 3}, {2, 3}},
                                {{2, 3}, {2, 1}, {2, 3}},
                                {{5, 1, 2}, {3, 1}, {5, 3, 2}},
                                {{1}, {1}, {1}},
                                {{0}, {}, {0}},
                                {{2, 0}, {1, 1}, {2, 0}}};

}  // namespace

TEST_CASE("matmul: leading axes and transposes, against sums by hand") {
  const std::int64_t m = 3, n = 5, k = 4;
  for (const Row& row : kRows) {
    for (int flags = 0; flags < 4; ++flags) {
      const MatmulOptions o{.transpose_a = (flags & 1) != 0, .transpose_b = (flags & 2) != 0};
      for (const DType dtype : {float32, float64}) {
        const Tensor a =
            normal(row.leading_a.joined(o.transpose_a ? Shape{k, m} : Shape{m, k}), 1, dtype);
        const Tensor b =
            normal(row.leading_b.joined(o.transpose_b ? Shape{n, k} : Shape{k, n}), 2, dtype);
        CAPTURE(a.spec().text());
        CAPTURE(b.spec().text());
        const Tensor y = matmul(a, b, o);
        CHECK(y.shape() == row.leading.joined({m, n}));
        CHECK(y.dtype() == dtype);
        CHECK(difference(y.to_vector<double>(), by_hand(a, b, y.shape(), o),
                         {.rel = 1e-6, .abs = 1e-6}) == "");
      }
    }
  }
  CHECK(matmul(zeros({2, 0}), zeros({0, 3})).to_vector<float>() == std::vector<float>(6, 0));
  CHECK(matmul(zeros({0, 2}), zeros({2, 3})).shape() == Shape{0, 3});
}

TEST_CASE("matmul: gradients") {
  const std::int64_t m = 2, n = 3, k = 4;
  for (const Row& row : kRows) {
    if (row.leading.size() == 0) continue;
    for (int flags = 0; flags < 4; ++flags) {
      const MatmulOptions o{.transpose_a = (flags & 1) != 0, .transpose_b = (flags & 2) != 0};
      const Tensor a = normal(row.leading_a.joined(o.transpose_a ? Shape{k, m} : Shape{m, k}), 3);
      const Tensor b = normal(row.leading_b.joined(o.transpose_b ? Shape{n, k} : Shape{k, n}), 4);
      CAPTURE(a.spec().text());
      CAPTURE(b.spec().text());
      const auto f = [&](const std::vector<Variable>& v) { return matmul(v[0], v[1], o); };
      CHECK(gradcheck(f, {a, b}).max_relative_error < 1e-8);
    }
  }
}

TEST_CASE("matmul: a gradient can be differentiated again") {
  const Variable a(normal({2, 3}, 5)), b(normal({3, 2}, 6));
  const Tensor c = normal({2, 3}, 7);
  const Variable y = matmul(a, b);
  const Variable da = gradients(sum(y * y), {a}, {.create_graph = true})[0];
  const Variable expected = 2.0 * matmul(matmul(a, b), b, {.transpose_b = true});
  const auto second = gradients(sum(da * c), {a, b});
  const auto second_expected = gradients(sum(expected * c), {a, b});
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(difference(second[i].value().to_vector<double>(),
                     second_expected[i].value().to_vector<double>(), {}) == "");
  }
}

TEST_CASE("matmul: only the gradients that somebody wants") {
  const Variable w(normal({3, 2}, 7));
  const Tensor x = normal({4, 3}, 8);
  sum(matmul(x, w)).backward();
  CHECK(difference(w.grad().to_vector<double>(),
                   matmul(x, ones({4, 2}, float64), {.transpose_a = true}).to_vector<double>(),
                   {}) == "");
}

TEST_CASE("matmul: errors name what was given") {
  CHECK_THROWS_WITH_AS(
      (void)matmul(zeros({32, 128}), zeros({64, 128})),
      "matmul: inner sizes differ: a is f32[32, 128], b is f32[64, 128]; the last size of a (128) "
      "must equal the first of b (64). If b is stored as [out, in], pass {.transpose_b = true}.",
      ShapeError);
  CHECK_THROWS_WITH_AS((void)matmul(zeros({3}), zeros({3, 2})),
                       doctest::Contains("a has rank 1, f32[3]"), ShapeError);
  CHECK_THROWS_WITH_AS((void)matmul(zeros({2, 3}), zeros({3})),
                       doctest::Contains("b has rank 1, f32[3]"), ShapeError);
  CHECK_THROWS_AS((void)matmul(zeros({2, 2, 3}), zeros({3, 3, 2})), ShapeError);
  CHECK_THROWS_AS((void)matmul(zeros({2, 3}), zeros({3, 2}, float64)), DTypeError);
  CHECK_THROWS_AS((void)matmul(zeros({2, 3}, int32), zeros({3, 2}, int32)), DTypeError);
  const Variable a(zeros({2, 3})), b(zeros({4, 5}));
  CHECK_THROWS_AS((void)matmul(a, b), ShapeError);
}

}  // namespace keratin::tests
