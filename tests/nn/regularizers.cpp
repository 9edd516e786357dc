#include "nn/regularizers.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "nn/constraints.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

TEST_CASE("regularizers: values and gradients") {
  const Tensor w = Tensor::numbers({1, -2, 0.5, 0}, {2, 2}, float64);
  struct Row {
    const char* name;
    Regularizer regularizer;
    double value;
    std::vector<double> gradient;
  };
  // sum |w| = 3.5, sum w^2 = 5.25; the gradient of |w| at 0 is 0
  const Row rows[] = {
      {"l1", "l1", 0.035, {0.01, -0.01, 0.01, 0}},
      {"l2", "l2", 0.0525, {0.02, -0.04, 0.01, 0}},
      {"l1_l2", "l1_l2", 0.0875, {0.03, -0.05, 0.02, 0}},
      {"L1(0.5)", regularizers::L1(0.5), 1.75, {0.5, -0.5, 0.5, 0}},
      {"L2(0.5)", regularizers::L2(0.5), 2.625, {1, -2, 0.5, 0}},
      {"L1L2", regularizers::L1L2(1, 0.5), 6.125, {2, -3, 1.5, 0}},
      {"L1L2 by default", regularizers::L1L2(), 0, {0, 0, 0, 0}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    REQUIRE(row.regularizer.given());
    const Variable v(w.copy());
    const Variable penalty = row.regularizer(v);
    CHECK(penalty.rank() == 0);
    CHECK(penalty.value().item<double>() == doctest::Approx(row.value));
    penalty.backward();
    CHECK(difference(v.grad().to_vector<double>(), row.gradient, {1e-12, 1e-12}) == "");
  }
  const Tensor at = Tensor::from(normal_values<double>(12, 1), {3, 4});
  CHECK(
      gradcheck([](const Variable& v) { return Regularizer("l1_l2")(v); }, at).max_relative_error <
      1e-7);
}

TEST_CASE("regularizers and constraints: none, functions, NaN") {
  CHECK_FALSE(Regularizer().given());
  CHECK_FALSE(Regularizer("").given());
  CHECK_FALSE(Constraint().given());
  const Regularizer largest(std::function<Variable(const Variable&)>(
      [](const Variable& v) { return max(abs(v)) * 3.0; }));
  CHECK(largest(Variable(Tensor::numbers({1, -4}))).value().item<double>() == 12);

  const Tensor with_nan = Tensor::numbers({1, std::nan(""), -1});
  for (const char* name : {"l1", "l2", "l1_l2"}) {
    CHECK(std::isnan(Regularizer(name)(Variable(with_nan)).value().item<double>()));
  }
  const std::vector<double> kept =
      Constraint("non_neg")(Tensor::numbers({1, -2, 0, std::nan(""), -0.5})).to_vector<double>();
  CHECK(difference(kept, std::vector<double>{1, 0, 0, std::nan(""), 0}, {0, 0}) == "");
  const Constraint half(
      std::function<Tensor(const Tensor&)>([](const Tensor& w) { return w * 0.5; }));
  CHECK(half(Tensor::numbers({2, 4})).to_vector<double>() == std::vector<double>{1, 2});
}

}  // namespace
}  // namespace keratin::tests
