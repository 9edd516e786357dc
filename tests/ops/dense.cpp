#include "autograd/ops/dense.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "kernels/parallel.h"
#include "tensor/cast.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using kernels::Activation;

Tensor normal(const Shape& shape, std::uint64_t seed, DType dtype = float64) {
  return cast(Tensor::from(normal_values(shape.size(), seed), shape), dtype);
}

const std::vector<Shape> kInputs = {{4, 6}, {1, 6}, {2, 3, 6}, {2, 1, 3, 6}, {0, 6}};

}  // namespace

TEST_CASE("dense: is matmul, add and relu in one pass") {
  for (const Shape& shape : kInputs) {
    for (const DType dtype : {float32, float64}) {
      CAPTURE(shape.text());
      const Tensor x = normal(shape, 1, dtype), w = normal({6, 5}, 2, dtype),
                   b = normal({5}, 3, dtype);
      const Tensor plain = matmul(x, w);
      const auto same = [](const Tensor& y, const Tensor& expected) {
        CHECK(y.shape() == expected.shape());
        CHECK(y.dtype() == expected.dtype());
        return difference(y.to_vector<double>(), expected.to_vector<double>(), {1e-6, 1e-6});
      };
      CHECK(same(dense(x, w), plain) == "");
      CHECK(same(dense(x, w, b), plain + b) == "");
      CHECK(same(dense(x, w, b, {.activation = Activation::relu}), relu(plain + b)) == "");
      CHECK(same(dense(x, w, {}, {.activation = Activation::relu}), relu(plain)) == "");
    }
  }
}

TEST_CASE("dense: gradients") {
  for (const Shape& shape : kInputs) {
    if (shape.size() == 0) continue;
    const Tensor x = normal(shape, 4), w = normal({6, 5}, 5), b = normal({5}, 6);
    for (const Activation activation : {Activation::linear, Activation::relu}) {
      CAPTURE(shape.text());
      const auto biased = [&](const std::vector<Variable>& v) {
        return dense(v[0], v[1], v[2], {.activation = activation});
      };
      CHECK(gradcheck(biased, {x, w, b}).max_relative_error < 1e-8);
      const auto bare = [&](const std::vector<Variable>& v) {
        return dense(v[0], v[1], {}, {.activation = activation});
      };
      CHECK(gradcheck(bare, {x, w}).max_relative_error < 1e-8);
    }
  }
}

TEST_CASE("dense: a gradient can be differentiated again") {
  const Variable x(normal({3, 6}, 7)), w(normal({6, 5}, 8)), b(normal({5}, 9));
  const Tensor c = normal({6, 5}, 10);
  const DenseOptions relu{.activation = Activation::relu};
  const Variable y = dense(x, w, b, relu);
  const Variable dw = gradients(sum(y * y), {w}, {.create_graph = true})[0];
  const Variable expected = 2.0 * matmul(x, dense(x, w, b, relu), {.transpose_a = true});
  const auto second = gradients(sum(dw * c), {x, w, b});
  const auto second_expected = gradients(sum(expected * c), {x, w, b});
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(difference(second[i].value().to_vector<double>(),
                     second_expected[i].value().to_vector<double>(), {}) == "");
  }
}

TEST_CASE("dense: no gradient for a constant input; the same bits on any number of threads") {
  const int before = kernels::thread_count();
  const Tensor x = normal({128, 300}, 10, float32);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 4}) {
    kernels::set_thread_count(threads);
    const Variable w(normal({300, 270}, 11, float32)), b(normal({270}, 12, float32));
    const Variable y = dense(x, w, b, {.activation = Activation::relu});
    sum(y * y).backward();
    CHECK(y.requires_grad());
    auto all = w.grad().to_vector<float>();
    for (const float value : b.grad().to_vector<float>()) all.push_back(value);
    results.push_back(std::move(all));
  }
  kernels::set_thread_count(before);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("dense: errors name what was given") {
  CHECK_THROWS_WITH_AS(
      (void)dense(zeros({784}), zeros({784, 10})),
      "dense: input has rank 1, f32[784]; expected [batch, ..., features]. For one "
      "sample use reshape(x, {1, 784}).",
      ShapeError);
  CHECK_THROWS_WITH_AS((void)dense(zeros({2, 3}), zeros({4, 3})),
                       doctest::Contains("The kernel is stored as [in, units]"), ShapeError);
  CHECK_THROWS_AS((void)dense(zeros({2, 3}), zeros({3})), ShapeError);
  CHECK_THROWS_WITH_AS((void)dense(zeros({2, 3}), zeros({3, 4}), zeros({3})),
                       doctest::Contains("expected a bias of [4]"), ShapeError);
  CHECK_THROWS_AS((void)dense(zeros({2, 3}), zeros({3, 4}), zeros(Shape{})), ShapeError);
  CHECK_THROWS_AS((void)dense(zeros({2, 3}), zeros({3, 4}), zeros({4}, float64)), DTypeError);
  CHECK_THROWS_AS((void)dense(zeros({2, 3}, int32), zeros({3, 4}, int32)), DTypeError);
}

}  // namespace keratin::tests
