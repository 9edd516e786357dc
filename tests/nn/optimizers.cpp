#include "nn/optimizer.h"

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "nn/optimizers/adadelta.h"
#include "nn/optimizers/adagrad.h"
#include "nn/optimizers/adam.h"
#include "nn/optimizers/adamax.h"
#include "nn/optimizers/adamw.h"
#include "nn/optimizers/ftrl.h"
#include "nn/optimizers/lamb.h"
#include "nn/optimizers/lion.h"
#include "nn/optimizers/nadam.h"
#include "nn/optimizers/rmsprop.h"
#include "nn/optimizers/sgd.h"
#include "nn/schedules/cosine_decay.h"
#include "nn/schedules/cosine_decay_restarts.h"
#include "nn/schedules/exponential_decay.h"
#include "nn/schedules/inverse_time_decay.h"
#include "nn/schedules/piecewise_constant_decay.h"
#include "nn/schedules/polynomial_decay.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using namespace optimizers;
using namespace schedules;

Variable weight(std::initializer_list<double> values, std::initializer_list<double> gradient) {
  Variable w(Tensor::numbers(values));
  if (gradient.size() > 0) w.set_grad(Tensor::numbers(gradient));
  return w;
}
std::vector<double> numbers(const Variable& v) { return v.value().to_vector<double>(); }

TEST_CASE("optimizers: options out of range") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const std::pair<const char*, std::function<void()>> rows[] = {
      {"learning_rate", [] { SGD({.learning_rate = -0.1}); }},
      {"learning_rate", [=] { SGD({.learning_rate = nan}); }},
      {"learning_rate", [=] { Adam({.learning_rate = inf}); }},
      {"momentum", [] { SGD({.momentum = -0.5}); }},
      {"momentum", [] { SGD({.momentum = 1.5}); }},
      {"rho", [] { RMSprop({.rho = -1}); }},
      {"momentum", [] { RMSprop({.momentum = -1}); }},
      {"beta_1", [] { Adam({.beta_1 = 1}); }},
      {"beta_2", [=] { AdamW({.beta_2 = nan}); }},
      {"epsilon", [] { Adam({.epsilon = -1e-8}); }},
      {"rho", [] { Adadelta({.rho = 1}); }},
      {"initial_accumulator_value", [] { Adagrad({.initial_accumulator_value = -1}); }},
      {"epsilon", [=] { Adagrad({.epsilon = nan}); }},
      {"beta_2", [] { Adamax({.beta_2 = 1.5}); }},
      {"beta_1", [] { Nadam({.beta_1 = -1}); }},
      {"beta_1", [] { Lion({.beta_1 = 0}); }},
      {"beta_2", [] { Lion({.beta_2 = 1}); }},
      {"epsilon", [] { Lamb({.epsilon = -1}); }},
      {"learning_rate_power", [] { Ftrl({.learning_rate_power = 0.5}); }},
      {"learning_rate_power", [=] { Ftrl({.learning_rate_power = nan}); }},
      {"learning_rate is 0", [] { Ftrl({.learning_rate = 0}); }},
      {"l1_regularization_strength", [] { Ftrl({.l1_regularization_strength = -1}); }},
      {"l2_regularization_strength", [] { Ftrl({.l2_regularization_strength = -1}); }},
      {"l2_shrinkage", [=] { Ftrl({.l2_shrinkage_regularization_strength = inf}); }},
      {"beta is", [] { Ftrl({.beta = -1}); }},
      {"weight_decay", [] { AdamW({.weight_decay = -1}); }},
      {"clipnorm", [] { Adam({.clipnorm = 0}); }},
      {"clipvalue", [=] { Adam({.clipvalue = nan}); }},
      {"only one of", [] { Adam({.clipnorm = 1, .clipvalue = 1}); }},
      {"only one of", [] { SGD({.clipnorm = 1, .global_clipnorm = 1}); }},
      {"ema_momentum", [] { Adam({.use_ema = true, .ema_momentum = 1.5}); }},
      {"ema_overwrite_frequency", [] { Adam({.use_ema = true, .ema_overwrite_frequency = 0}); }},
      {"gradient_accumulation_steps", [] { Adam({.gradient_accumulation_steps = 1}); }},
      {"initial_learning_rate", [] { CosineDecay({.decay_steps = 10}); }},
      {"decay_steps", [] { CosineDecay({.initial_learning_rate = 1}); }},
      {"decay_steps", [] { CosineDecay({.initial_learning_rate = 1, .decay_steps = -5}); }},
      {"warmup_steps",
       [] { CosineDecay({.initial_learning_rate = 1, .decay_steps = 5, .warmup_steps = -1}); }},
      {"decay_rate", [] { ExponentialDecay({.initial_learning_rate = 1, .decay_steps = 5}); }},
      {"decay_steps", [] { ExponentialDecay({.initial_learning_rate = 1, .decay_rate = 1}); }},
      {"initial_learning_rate is inf",
       [=] { InverseTimeDecay({.initial_learning_rate = inf, .decay_steps = 1}); }},
      {"decay_rate is nan",
       [=] {
         InverseTimeDecay({.initial_learning_rate = 1, .decay_steps = 1, .decay_rate = nan});
       }},
      {"end_learning_rate",
       [] {
         PolynomialDecay({.initial_learning_rate = 1, .decay_steps = 1, .end_learning_rate = -1});
       }},
      {"0 boundaries and 1 values", [] { PiecewiseConstantDecay({.values = {1}}); }},
      {"1 boundaries and 1 values",
       [] { PiecewiseConstantDecay({.boundaries = {1}, .values = {1}}); }},
      {"expected them to increase",
       [] {
         PiecewiseConstantDecay({.boundaries = {3, 3}, .values = {1, 2, 3}});
       }},
      {"one of values is -2",
       [] {
         PiecewiseConstantDecay({.boundaries = {3}, .values = {1, -2}});
       }},
      {"first_decay_steps", [] { CosineDecayRestarts({.initial_learning_rate = 1}); }},
      {"t_mul is 0.5",
       [] {
         CosineDecayRestarts({.initial_learning_rate = 1, .first_decay_steps = 1, .t_mul = 0.5});
       }},
  };
  for (const auto& [option, make] : rows) {
    CAPTURE(option);
    CHECK_THROWS_WITH_AS(make(), doctest::Contains(option), ValueError);
  }
}

TEST_CASE("optimizers: gradients that are missing, and variables that are new") {
  SGD optimizer({.learning_rate = 1});
  const Variable a = weight({1, 2}, {0.5, 0.5}), b = weight({3}, {});
  optimizer.build({a, b});
  optimizer.apply_gradients({a, b});
  CHECK(numbers(a) == std::vector<double>{0.5, 1.5});
  CHECK(numbers(b) == std::vector<double>{3});  // no gradient: left as it is
  CHECK_FALSE(a.grad().defined());              // taken
  CHECK_THROWS_WITH_AS(optimizer.apply_gradients({a, b}), doctest::Contains("call backward()"),
                       ValueError);
  CHECK_THROWS_AS(optimizer.apply_gradients({}), ValueError);
  const Variable stranger = weight({1}, {1});
  CHECK_THROWS_WITH_AS(optimizer.apply_gradients({stranger}),
                       doctest::Contains("was not among those of the first step"), ValueError);
  CHECK(numbers(stranger) == std::vector<double>{1});
  CHECK(optimizer.iterations() == 1);
  CHECK_THROWS_AS(OptimizerRef().apply_gradients({a}), ValueError);
}

TEST_CASE("optimizers: a NaN gradient reaches its own weight and no other") {
  const double nan = std::nan("");
  for (const char* name : {"sgd", "rmsprop", "adam", "adamw", "Adagrad", "adadelta", "AdaMax",
                           "nadam", "lion", "FTRL", "lamb"}) {
    CAPTURE(name);
    OptimizerRef optimizer = name;
    const Variable a = weight({1, 2}, {nan, 0.5}), b = weight({3}, {1});
    optimizer.apply_gradients({a, b});
    CHECK(std::isnan(numbers(a)[0]));
    CHECK(std::isfinite(numbers(a)[1]));
    CHECK(std::isfinite(numbers(b)[0]));
  }
}

TEST_CASE("optimizers: the learning rate, set and scheduled") {
  SGD plain;
  CHECK(plain.learning_rate() == 0.01);
  plain.set_learning_rate(0.5);
  CHECK(plain.learning_rate() == 0.5);
  const Variable w = weight({1}, {1});
  plain.apply_gradients({w});
  CHECK(numbers(w) == std::vector<double>{0.5});
  CHECK_THROWS_AS(plain.set_learning_rate(-1), ValueError);
  CHECK_THROWS_AS(plain.set_learning_rate(std::nan("")), ValueError);
  CHECK(plain.learning_rate() == 0.5);

  SGD scheduled({.learning_rate = CosineDecay({.initial_learning_rate = 1, .decay_steps = 2})});
  const Variable v = weight({0}, {1});
  CHECK(scheduled.learning_rate() == 1);
  scheduled.apply_gradients({v});
  CHECK(scheduled.learning_rate() == doctest::Approx(0.5));
  CHECK_THROWS_WITH_AS(scheduled.set_learning_rate(0.1), doctest::Contains("follows a schedule"),
                       ValueError);
  SGD halving({.learning_rate = Schedule(
                   [](std::int64_t step) { return std::pow(0.5, static_cast<double>(step)); })});
  halving.apply_gradients({weight({0}, {1})});
  CHECK(halving.learning_rate() == 0.5);
}

TEST_CASE("optimizers: constraints hold after each step") {
  Variable w = weight({0.1, 1}, {1, 1});
  w.impl()->constraint = [](const Tensor& t) { return maximum(t, 0); };
  SGD optimizer({.learning_rate = 0.5});
  optimizer.apply_gradients({w});
  CHECK(numbers(w) == std::vector<double>{0, 0.5});
}

TEST_CASE("optimizers: weights of two dtypes in one step") {
  const Variable a = weight({1}, {1});
  Variable b(Tensor::numbers({1}, {1}, float64));
  b.set_grad(Tensor::numbers({1}, {1}, float64));
  Adam optimizer({.learning_rate = 0.1});
  optimizer.apply_gradients({a, b});
  CHECK(numbers(a)[0] == doctest::Approx(0.9));
  CHECK(numbers(b)[0] == doctest::Approx(0.9));
}

TEST_CASE("optimizers: what they keep") {
  const Variable a = weight({1, 2, 3}, {}), b = weight({1}, {});
  const auto numbers_kept = [&](OptimizerRef optimizer) {
    CHECK(optimizer.state_specs().empty());
    optimizer.build({a, b});
    std::int64_t count = 0;
    for (const Spec& spec : optimizer.state_specs()) count += spec.shape.size();
    return count;
  };
  // step and rate, and as often the 4 weights as there are slots
  CHECK(numbers_kept(SGD()) == 2);
  CHECK(numbers_kept(SGD({.momentum = 0.9})) == 2 + 4);
  CHECK(numbers_kept(RMSprop()) == 2 + 4);
  CHECK(numbers_kept(RMSprop({.momentum = 0.1, .centered = true})) == 2 + 3 * 4);
  CHECK(numbers_kept(Adam()) == 2 + 2 * 4);
  CHECK(numbers_kept(Adam({.amsgrad = true, .use_ema = true})) == 2 + 4 * 4);
  CHECK(numbers_kept(AdamW({.gradient_accumulation_steps = 4})) == 2 + 3 * 4);
  for (const char* one : {"adagrad", "lion"}) CHECK(numbers_kept(one) == 2 + 4);
  for (const char* two : {"adadelta", "adamax", "ftrl", "lamb"})
    CHECK(numbers_kept(two) == 2 + 2 * 4);
  CHECK(numbers_kept("nadam") == 2 + 2 * 4 + 1);  // and the running product
}

TEST_CASE("optimizers: the average of a weight without a gradient is that weight") {
  std::vector<Variable> weights = {weight({1, 2}, {}), weight({3}, {})};
  OptimizerRef sgd = SGD({.learning_rate = 1, .use_ema = true, .ema_momentum = 0.5});
  for (int step = 0; step < 2; ++step) {
    weights[0].set_grad(Tensor::numbers({1, 0}));
    sgd.apply_gradients(weights);
  }
  sgd.finalize_variable_values();
  CHECK(weights[0].value().to_vector<double>() == std::vector<double>{-0.5, 2});
  CHECK(weights[1].value().to_vector<double>() == std::vector<double>{3});
}

TEST_CASE("optimizers: state in Keras' order, taken up by another") {
  const std::pair<const char*, std::vector<Shape>> rows[] = {
      {"adagrad", {{2}, {1}}},
      {"lion", {{2}, {1}}},
      {"adadelta", {{2}, {2}, {1}, {1}}},
      {"adamax", {{2}, {2}, {1}, {1}}},
      {"ftrl", {{2}, {2}, {1}, {1}}},
      {"lamb", {{2}, {2}, {1}, {1}}},
      {"nadam", {{2}, {2}, {1}, {1}, {}}},
  };
  for (const auto& [name, shapes] : rows) {
    CAPTURE(name);
    const auto step = [](OptimizerRef& optimizer, std::vector<Variable>& weights, int k) {
      weights[0].set_grad(Tensor::numbers({0.3 * k, -0.1}));
      weights[1].set_grad(Tensor::numbers({0.2}));
      optimizer.apply_gradients(weights);
    };
    std::vector<Variable> a = {weight({1, 2}, {}), weight({3}, {})};
    OptimizerRef first(name), second(name);
    for (int k = 0; k < 5; ++k) step(first, a, k);
    const std::vector<Tensor> state = first.impl()->state();
    REQUIRE(state.size() == 2 + shapes.size());
    for (std::size_t i = 0; i < shapes.size(); ++i) CHECK(state[i + 2].shape() == shapes[i]);
    std::vector<Variable> b = {weight({0, 0}, {}), weight({0}, {})};
    second.build(b);
    CHECK_THROWS_AS(second.impl()->set_state({state.begin(), state.end() - 1}), ShapeError);
    second.impl()->set_state(state);
    for (std::size_t i = 0; i < 2; ++i) b[i].assign(a[i].value().copy());
    for (int k = 0; k < 3; ++k) step(first, a, k), step(second, b, k);
    for (std::size_t i = 0; i < 2; ++i) CHECK(numbers(a[i]) == numbers(b[i]));
  }
}

TEST_CASE("optimizers: Ftrl, where its schedule ends at 0") {
  Ftrl optimizer({.learning_rate = CosineDecay({.initial_learning_rate = 1, .decay_steps = 1})});
  const Variable w = weight({1, 2}, {0.5, 0.5});
  optimizer.apply_gradients({w});
  const std::vector<double> before = numbers(w);
  Variable again = w;
  again.set_grad(Tensor::numbers({1, 1}));
  CHECK_THROWS_WITH_AS(optimizer.apply_gradients({w}),
                       doctest::Contains("the learning rate is 0 at step 1"), ValueError);
  CHECK(numbers(w) == before);
}

}  // namespace
}  // namespace keratin::tests
