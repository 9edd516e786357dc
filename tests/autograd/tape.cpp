#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

Tensor values(std::initializer_list<double> list, DType dtype = float32) {
  return Tensor::numbers(list, Shape::unset(), dtype);
}

TEST_CASE("tape: gradients of shared and repeated use add up") {
  const Variable x(values({1, 2, 3}));
  const Variable y = x * x + x;  // dy/dx = 2 x + 1
  sum(y).backward();
  CHECK(x.grad().to_vector<double>() == std::vector<double>{3, 5, 7});
  sum(x * 2.0).backward();  // adds to what is there
  CHECK(x.grad().to_vector<double>() == std::vector<double>{5, 7, 9});
}

TEST_CASE("tape: a chain of 100,000 operations unwinds without recursion") {
  const Variable x(values({1}));
  Variable y = x;
  for (int i = 0; i < 100'000; ++i) y = y + 1.0;
  y.backward();
  CHECK(x.grad().item<double>() == 1);
  Variable z = x;
  for (int i = 0; i < 100'000; ++i) z = negative(z);
  z = Variable();  // taken down without a backward
}

TEST_CASE("tape: a second backward needs retain_graph") {
  const Variable x(values({2}));
  const Variable y = exp(x);
  y.backward({.retain_graph = true});
  y.backward();
  CHECK_THROWS_AS(y.backward(), ValueError);
}

TEST_CASE("tape: what was saved must not change before backward") {
  Variable x(values({2}));
  const Variable y = x * x;
  x.assign(3.0);
  CHECK_THROWS_AS(y.backward(), ValueError);
}

TEST_CASE("tape: gradients of gradients") {
  const Variable x(values({2}, float64));
  const Variable y = x * x * x;
  const std::vector<Variable> dx = gradients(y, {x}, {.create_graph = true});  // 3 x^2
  CHECK(dx[0].value().item<double>() == doctest::Approx(12));
  const std::vector<Variable> dxx = gradients(dx[0], {x});  // 6 x
  CHECK(dxx[0].value().item<double>() == doctest::Approx(12));
  const std::vector<Variable> of_tanh = gradients(tanh(x), {x}, {.create_graph = true});
  const double t = std::tanh(2.0);
  CHECK(gradients(of_tanh[0], {x})[0].value().item<double>() ==
        doctest::Approx(-2 * t * (1 - t * t)));
}

TEST_CASE("tape: NoGrad and constants record nothing") {
  const Variable x(values({1, 2}));
  {
    const NoGrad guard;
    CHECK_FALSE((x * 2.0).requires_grad());
  }
  const Tensor c = values({3, 4});
  const Variable y = x * c;
  sum(y).backward();
  CHECK(x.grad().to_vector<double>() == std::vector<double>{3, 4});
  CHECK_THROWS_AS(sum(Variable(c, false)).backward(), ValueError);
}

TEST_CASE("tape: errors name what was given") {
  const Variable x(values({1, 2}));
  CHECK_THROWS_WITH_AS(x.backward(), doctest::Contains("f32[2] has more than one element"),
                       ShapeError);
  CHECK_THROWS_AS(Variable(zeros({2}, int32)), DTypeError);
  CHECK_THROWS_AS(x + Variable(zeros({3})), ShapeError);
  CHECK_THROWS_AS(x + Variable(zeros({2}, float64), false), DTypeError);
}

TEST_CASE("gradcheck: finds a wrong rule and passes a right one") {
  const Tensor at = Tensor::from(normal_values(6, 1), {2, 3});
  CHECK(gradcheck([](const Variable& v) { return mean(square(tanh(v))); }, at).max_relative_error <
        1e-7);
  // x detach(x) has the value of x^2 and half its gradient.
  CHECK(gradcheck([](const Variable& v) { return sum(v * v.detach()); }, at).max_relative_error >
        1e-2);
  const Tensor f32 = Tensor::from(normal_values(6, 2), {2, 3});
  CHECK(gradcheck([&](const Variable& v) { return v * f32; }, at).max_relative_error < 1e-7);
}

}  // namespace
}  // namespace keratin::tests
