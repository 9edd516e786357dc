// The forms in which programs write tensor code: each has to compile as it stands, for Tensors,
// Variables, numbers and the braces of options.
#include <keratin/keratin.h>

#include "tests/ops/harness.h"

namespace kt = keratin;

namespace keratin::tests {
namespace {

using Numbers = std::vector<double>;

// The operations are found by their arguments alone, or by kt::, as a program does.
template <class T>
T log_cosh(const T& y_true, const T& y_pred) {
  const T e = kt::abs(y_pred - y_true);
  return kt::mean(e + kt::log(1 + kt::exp(-2 * e)) - std::log(2.0), {.axis = -1});
}

}  // namespace

TEST_CASE("signatures: a gradient of ordinary code") {
  kt::Variable w(kt::randn({3, 2})), b(kt::zeros({2}));
  kt::Tensor x = kt::randn({8, 3}), y = kt::randn({8, 2});
  kt::Variable loss = kt::mean(kt::square(kt::tanh(kt::matmul(x, w) + b) - y));
  loss.backward();
  CHECK(w.grad().shape() == kt::Shape{3, 2});
  CHECK(b.grad().shape() == kt::Shape{2});
  kt::GradCheck check = kt::gradcheck(
      [&](const kt::Variable& v) { return kt::mean(kt::square(kt::tanh(kt::matmul(x, v)))); },
      w.value());
  CHECK(check.max_relative_error < 1e-6);
  CHECK(kt::sum(x, {.axis = -1, .keepdims = true}).shape() == kt::Shape{8, 1});
}

TEST_CASE("signatures: a loss of one's own") {
  const kt::Tensor a = kt::Tensor::numbers({0, 1, 2, 3}, {2, 2}), b = kt::ones({2, 2});
  const kt::Tensor plain = log_cosh(a, b);
  CHECK(plain.shape() == kt::Shape{2});
  const kt::Variable recorded = log_cosh<kt::Variable>(a, kt::Variable(b));
  CHECK(bits_of(recorded.value()) == bits_of(plain));
  CHECK(recorded.requires_grad());
  CHECK(plain.item<double>({1}) ==
        doctest::Approx((std::log(std::cosh(1.0)) + std::log(std::cosh(2.0))) / 2));
}

TEST_CASE("signatures: batches of one tensor or of several") {
  const kt::Example batch{kt::Tensor::numbers({0.5, 2, -1}), kt::Tensor::numbers({1, 0, 1})};
  const kt::Tensor noisy = kt::clip(batch.x + 0.3 * kt::randn(batch.x.shape()), 0, 1);
  CHECK(
      kt::all(kt::logical_and(kt::greater_equal(noisy, 0), kt::less_equal(noisy, 1))).item<bool>());
  CHECK(numbers_of(batch.x * batch.y) == Numbers{0.5, 0, -1});
  kt::Tensors named = {{"a", kt::Tensor::numbers({1, 2})}, {"b", kt::Tensor::numbers({3})}};
  CHECK(numbers_of(named["a"] + named["b"]) == Numbers{4, 5});
  CHECK(named["b"].item<float>() == 3);
  kt::Variables several = {kt::Variable(kt::ones({2})), kt::Variable(kt::zeros({2}))};
  CHECK((several.get(0) + several.get(1)).requires_grad());
}

TEST_CASE("signatures: a metric's state") {
  kt::Variable total(kt::zeros({})), count(kt::zeros({}));
  const kt::Tensor y_true = kt::Tensor::numbers({1, 2, 3}), y_pred = kt::Tensor::numbers({2, 2, 5});
  total.assign_add(kt::sum(y_pred - y_true));
  count.assign_add(y_true.size());
  CHECK((total.value() / kt::maximum(count.value(), 1)).item<float>() == 1);
  total.assign(0), count.assign(0);
  CHECK((total.value() / kt::maximum(count.value(), 1)).item<float>() == 0);
}

TEST_CASE("signatures: casts, comparisons and places") {
  const kt::Tensor bytes = kt::Tensor::numbers({0, 51, 255, 102}, {2, 2}, kt::uint8);
  const kt::Tensor images = kt::reshape(kt::cast(bytes, kt::float32) / 255, {4});
  const kt::Tensor left = images.slice(0, 2), right = images.slice(2, 4);
  CHECK(numbers_of(kt::cast(kt::greater(left, right), kt::float32)) == Numbers{0, 0});
  CHECK(kt::argmax(images, {.axis = -1}).item<std::int64_t>() == 2);
  CHECK(kt::argmin(images.reshaped({2, 2})).item<std::int64_t>() == 0);
  CHECK(kt::max_abs_difference(left, right) == 1);
  const kt::Tensor ink = kt::clip(8 * kt::mean(images.reshaped({2, 2}), {.axis = -1}), 0.2, 1);
  CHECK(difference(numbers_of(ink), Numbers{0.8, 1}, {}) == "");
  CHECK(fmt::format("{}", kt::argmax(images, {.axis = -1})) == "2");
}

TEST_CASE("signatures: rows, mixed operands, where") {
  kt::Variable v(kt::Tensor::numbers({1, 2, 3, 4}, {2, 2}));
  const kt::Tensor t = kt::Tensor::numbers({10, 20});
  const kt::Variable y = v[0] * t + t / v[1] - 2 * v[-1] + 1 - v[0][1];
  CHECK(difference(numbers_of(y.value()), Numbers{10 + 10.0 / 3 - 6 + 1 - 2, 40 + 5 - 8 + 1 - 2},
                   {}) == "");
  CHECK(kt::where(kt::greater(v.value(), 2), v, 0).requires_grad());
  CHECK(kt::where(kt::greater(t, 15), t, -1.5).dtype() == kt::float32);
  CHECK(kt::maximum(0, v).requires_grad());
  CHECK(kt::minimum(t, v).requires_grad());
  CHECK(kt::power(2, t).item<float>({0}) == 1024);
  CHECK(kt::softmax(v, {.axis = 0}).shape() == kt::Shape{2, 2});
  CHECK(kt::concatenate({v, v}, {.axis = 1}).shape() == kt::Shape{2, 4});
  CHECK(kt::stack({t, t}).shape() == kt::Shape{2, 2});
  CHECK(kt::transpose(v).shape() == kt::Shape{2, 2});
  CHECK(kt::gather(t, kt::Tensor::numbers({1, 0, 1}, {3}, kt::int32)).shape() == kt::Shape{3});
  CHECK(kt::slice(v, {{}, {1, 2}}).shape() == kt::Shape{2, 1});
  CHECK(kt::one_hot(kt::Tensor::numbers({1, 0}, {2}, kt::int64), 3).shape() == kt::Shape{2, 3});
}

}  // namespace keratin::tests
