#include "nn/activations.h"

#include <algorithm>
#include <numeric>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/tape.h"
#include "nn/loss.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

namespace act = activations;

// The projection on the simplex by its definition: max(z - tau, 0) with the tau, found by halving,
// for which it sums to 1.
std::vector<double> projected(const std::vector<double>& z) {
  double low = *std::min_element(z.begin(), z.end()) - 1,
         high = *std::max_element(z.begin(), z.end());
  const auto at = [&](double tau) {
    std::vector<double> p;
    for (const double v : z) p.push_back(std::max(v - tau, 0.0));
    return p;
  };
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    const std::vector<double> p = at(middle);
    (std::accumulate(p.begin(), p.end(), 0.0) > 1 ? low : high) = middle;
  }
  return at(low);
}

TEST_CASE("activations: sparsemax is the projection on the simplex") {
  for (const std::int64_t width : {1, 2, 3, 8, 17, 1000}) {
    CAPTURE(width);
    const std::int64_t rows = 5;
    const auto z = normal_values<double>(rows * width, static_cast<std::uint64_t>(width), 2);
    const Variable x(Tensor::from(z, {rows, width}));
    const std::vector<double> p = act::sparsemax(x).value().to_vector<double>();
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto part = [&](const std::vector<double>& all) {
        return std::vector<double>(all.begin() + row * width, all.begin() + (row + 1) * width);
      };
      CHECK(difference(part(p), projected(part(z)), {1e-9, 1e-12}) == "");
    }
  }
  const auto of = [](std::initializer_list<double> z) {
    return act::sparsemax(Variable(Tensor::numbers(z, Shape::unset(), float64)))
        .value()
        .to_vector<double>();
  };
  CHECK(of({3, 3, 3, 3}) == std::vector<double>{0.25, 0.25, 0.25, 0.25});
  CHECK(of({1e6, 0, 0}) == std::vector<double>{1, 0, 0});
  CHECK(of({-7}) == std::vector<double>{1});
  const Tensor at = Tensor::from(normal_values<double>(12, 9), {3, 4});
  CHECK(gradcheck([](const Variable& v) { return act::sparsemax(v); }, at).max_relative_error <
        1e-7);
  CHECK_THROWS_AS(act::sparsemax(Variable(zeros({2, 5000}))), ShapeError);
}

TEST_CASE("activations: linear, functions, lambdas") {
  const Variable x(Tensor::numbers({-1, 2}));
  for (const Activation& linear : {Activation(), Activation(""), Activation("linear")}) {
    CHECK(linear.linear());
    CHECK(linear(x).is(x));
  }
  const Activation by_overload = tanh;
  CHECK_FALSE(by_overload.linear());
  CHECK(by_overload.name().empty());
  CHECK(by_overload(x).value().item<float>({1}) == doctest::Approx(std::tanh(2.0)));
  const Activation by_lambda = [](const Variable& v) { return v * 3.0; };
  CHECK(by_lambda(x).value().to_vector<double>() == std::vector<double>{-3, 6});
  CHECK(Activation("relu").name() == "relu");
}

TEST_CASE("activations: scores stay behind softmax and sigmoid, for the losses") {
  const Variable x(Tensor::from(normal_values(6, 1), {2, 3}));
  CHECK(act::softmax(x).impl()->scores == x.impl());
  CHECK(act::sigmoid(x).impl()->scores == x.impl());
  CHECK(act::softmax(x, 0).impl()->scores == nullptr);       // losses look at the last axis only
  CHECK((act::softmax(x) * 1.0).impl()->scores == nullptr);  // a changed value is its own
  {
    const NoGrad no_grad;  // evaluate() must say the same as training
    CHECK(act::softmax(x).impl()->scores == x.impl());
  }
  // Where the probabilities alone would be cut to 1e-7, a loss of 16.1 at most.
  const Variable sure(Tensor::numbers({100, 0, 0, 0, 0, 100}, {2, 3}));
  const Tensor wrong = Tensor::numbers({1, 1}, {2}, int32);
  const double expected = 100;
  CHECK(LossRef("sparse_categorical_crossentropy")(Variable(wrong, false), act::softmax(sure))
            .value()
            .item<double>() == doctest::Approx(expected));
  const NoGrad no_grad;
  CHECK(LossRef("sparse_categorical_crossentropy")(Variable(wrong, false), act::softmax(sure))
            .value()
            .item<double>() == doctest::Approx(expected));
}

TEST_CASE("activations: wrong inputs") {
  CHECK_THROWS_WITH_AS(act::glu(Variable(zeros({2, 3}))),
                       doctest::Contains("glu: the last axis of f32[2, 3]"), ShapeError);
  CHECK_THROWS_AS(act::softmax(Variable(zeros({2, 3})), 2), ShapeError);
  CHECK_THROWS_AS(act::softmax(Variable(zeros({}))), ShapeError);
}

}  // namespace
}  // namespace keratin::tests
