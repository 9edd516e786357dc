#include "autograd/gradcheck.h"

#include "autograd/op.h"
#include "autograd/ops.h"
#include "tensor/compare.h"
#include "tests/ops/harness.h"

namespace keratin::tests {
namespace {

// y = 3 x, with gradient rules of which only the first is right.
enum class Rule { right, wrong_sign, wrong_factor, none, not_a_number };
struct Triple {
  using Args = Rule;
  static constexpr std::string_view name = "triple";
  static constexpr Keep keep{};
  static Spec infer(const Spec& x, Args) { return x; }
  static void cpu(const Tensor& x, Tensor& y, Args) { y.copy_from(x * 3); }
  static auto gradient(const auto& saved, Args rule, const auto& dy) {
    if (rule == Rule::wrong_sign) return grads(dy * -3);
    if (rule == Rule::wrong_factor) return grads(dy * 3.001);
    if (rule == Rule::none) return grads(saved.none());
    if (rule == Rule::not_a_number)
      return grads(where(greater(dy_value(dy), 0), dy * 3, std::nan("")));
    return grads(dy * 3);
  }
  static const Tensor& dy_value(const Tensor& dy) { return dy; }
  static const Tensor& dy_value(const Variable& dy) { return dy.value(); }
};
Variable triple(const Variable& x, Rule rule) { return apply<Triple>(rule, x); }

double error_of(Rule rule) {
  return gradcheck([=](const Variable& v) { return triple(v, rule); }, normal({3, 4}, 1))
      .max_relative_error;
}

}  // namespace

TEST_CASE("gradcheck: passes a right rule and finds wrong ones") {
  CHECK(error_of(Rule::right) < 1e-9);
  CHECK(error_of(Rule::wrong_sign) > 1);
  CHECK(error_of(Rule::wrong_factor) > 1e-4);
  CHECK(error_of(Rule::none) > 0.5);
  CHECK(std::isnan(error_of(Rule::not_a_number)));  // though some elements are right
  // x detach(x) has the value of x^2 and half its gradient.
  CHECK(gradcheck([](const Variable& v) { return sum(v * v.detach()); }, normal({3}, 2))
            .max_relative_error > 1e-2);
}

TEST_CASE("gradcheck: says where, and what it found") {
  const auto f = [](const std::vector<Variable>& v) {
    // Right but for element 2 of the second argument, where part of the way is cut.
    const Tensor third = Tensor::numbers({0, 0, 1, 0});
    return v[0] * v[1] + v[1].detach() * third * 5;
  };
  const GradCheck check = gradcheck(f, {normal({4}, 1), normal({4}, 2)});
  CHECK(check.max_relative_error > 0.1);
  CHECK(check.worst == 2);
  CHECK(std::fabs(check.analytic - check.numeric) > 0.1);
}

TEST_CASE("gradcheck: float32 points and constants are taken to float64") {
  const Tensor f32 = Tensor::from(normal_values(6, 2), {2, 3});
  const auto f = [&](const Variable& v) { return mean(square(tanh(v * f32 + f32))); };
  CHECK(gradcheck(f, f32).max_relative_error < 1e-9);
  CHECK(numbers_of(f32) == numbers_of(Tensor::from(normal_values(6, 2), {2, 3})));
  // Outside they are not mixed.
  CHECK(complaint<DTypeError>([&] { return Variable(normal({2}, 1)) + ones({2}); },
                              {"f64[2]", "f32[2]"}) == "");
}

TEST_CASE("gradcheck: of nothing, of one number, with another seed") {
  const auto f = [](const Variable& v) { return exp(v); };
  CHECK(gradcheck(f, zeros({0, 3})).max_relative_error == 0);
  CHECK(gradcheck(f, Tensor::scalar(0.5)).max_relative_error < 1e-9);
  CHECK(gradcheck(f, normal({4}, 1), {.seed = 17}).max_relative_error < 1e-9);
}

TEST_CASE("gradcheck: large and small points") {
  // The step grows with the point, so that it is not lost beside it.
  const auto f = [](const Variable& v) { return square(v); };
  for (const double x : {1e6, -1e8, 1e-8, 0.0}) {
    CHECK(gradcheck(f, Tensor::numbers({x}, {1}, float64)).max_relative_error < 1e-8);
  }
}

TEST_CASE("gradcheck: errors") {
  const auto same = [](const Variable& v) { return v * 1; };
  CHECK(complaint<DTypeError>([&] { return gradcheck(same, zeros({2}, int32)); },
                              {"gradcheck", "i32[2]"}) == "");
  CHECK(complaint<ValueError>(
            [] { return gradcheck([](const Variable& v) { return v.detach(); }, zeros({2})); },
            {"requires a gradient"}) == "");
}

}  // namespace keratin::tests
