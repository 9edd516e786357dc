#include "tests/nn/golden_optimizers.h"

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

namespace keratin::tests {
namespace {

template <class T, class OptimizerOptions>
OptimizerRef made(const Json& options, OptimizerOptions o) {
  Options given(options);
  if (const Json* rate = given.find("learning_rate")) {
    o.learning_rate =
        rate->is_object()
            ? optimizers::LearningRate(to_schedule(rate->begin().key(), rate->begin().value()))
            : optimizers::LearningRate(rate->get<double>());
  }
  given.read("weight_decay", o.weight_decay).read("clipnorm", o.clipnorm);
  given.read("clipvalue", o.clipvalue).read("global_clipnorm", o.global_clipnorm);
  given.read("use_ema", o.use_ema).read("ema_momentum", o.ema_momentum);
  given.read("ema_overwrite_frequency", o.ema_overwrite_frequency);
  given.read("loss_scale_factor", o.loss_scale_factor);
  given.read("gradient_accumulation_steps", o.gradient_accumulation_steps);
  if constexpr (requires { o.momentum; }) given.read("momentum", o.momentum);
  if constexpr (requires { o.nesterov; }) given.read("nesterov", o.nesterov);
  if constexpr (requires { o.epsilon; }) given.read("epsilon", o.epsilon);
  if constexpr (requires { o.centered; }) given.read("centered", o.centered);
  if constexpr (requires { o.rho; }) given.read("rho", o.rho);
  if constexpr (requires { o.amsgrad; }) given.read("amsgrad", o.amsgrad);
  if constexpr (requires { o.beta_1; }) given.read("beta_1", o.beta_1).read("beta_2", o.beta_2);
  if constexpr (requires { o.initial_accumulator_value; }) {
    given.read("initial_accumulator_value", o.initial_accumulator_value);
  }
  if constexpr (requires { o.learning_rate_power; }) {
    given.read("learning_rate_power", o.learning_rate_power).read("beta", o.beta);
    given.read("l1_regularization_strength", o.l1_regularization_strength);
    given.read("l2_regularization_strength", o.l2_regularization_strength);
    given.read("l2_shrinkage_regularization_strength", o.l2_shrinkage_regularization_strength);
  }
  given.done();
  return T(o);
}

template <class T, class ScheduleOptions>
optimizers::Schedule made_schedule(const Json& options, ScheduleOptions o) {
  Options given(options);
  if constexpr (requires { o.initial_learning_rate; }) {
    given.read("initial_learning_rate", o.initial_learning_rate);
  }
  if constexpr (requires { o.decay_steps; }) given.read("decay_steps", o.decay_steps);
  if constexpr (requires { o.alpha; }) given.read("alpha", o.alpha);
  if constexpr (requires { o.warmup_target; }) {
    given.read("warmup_target", o.warmup_target).read("warmup_steps", o.warmup_steps);
  }
  if constexpr (requires { o.decay_rate; }) {
    given.read("decay_rate", o.decay_rate).read("staircase", o.staircase);
  }
  if constexpr (requires { o.cycle; }) {
    given.read("end_learning_rate", o.end_learning_rate).read("power", o.power);
    given.read("cycle", o.cycle);
  }
  if constexpr (requires { o.boundaries; }) {
    given.read("boundaries", o.boundaries).read("values", o.values);
  }
  if constexpr (requires { o.t_mul; }) {
    given.read("first_decay_steps", o.first_decay_steps).read("t_mul", o.t_mul);
    given.read("m_mul", o.m_mul);
  }
  given.done();
  return T(o);
}

}  // namespace

optimizers::Schedule to_schedule(const std::string& name, const Json& options) {
  using namespace optimizers::schedules;
  if (name == "CosineDecay") return made_schedule<CosineDecay>(options, CosineDecayOptions());
  if (name == "CosineDecayRestarts")
    return made_schedule<CosineDecayRestarts>(options, CosineDecayRestartsOptions());
  if (name == "ExponentialDecay")
    return made_schedule<ExponentialDecay>(options, ExponentialDecayOptions());
  if (name == "InverseTimeDecay")
    return made_schedule<InverseTimeDecay>(options, InverseTimeDecayOptions());
  if (name == "PiecewiseConstantDecay")
    return made_schedule<PiecewiseConstantDecay>(options, PiecewiseConstantDecayOptions());
  REQUIRE(name == "PolynomialDecay");
  return made_schedule<PolynomialDecay>(options, PolynomialDecayOptions());
}

OptimizerRef to_optimizer(const std::string& name, const Json& options) {
  using namespace optimizers;
  if (options.empty()) return OptimizerRef(name);
  if (name == "SGD") return made<SGD>(options, SGDOptions());
  if (name == "RMSprop") return made<RMSprop>(options, RMSpropOptions());
  if (name == "Adadelta") return made<Adadelta>(options, AdadeltaOptions());
  if (name == "Adagrad") return made<Adagrad>(options, AdagradOptions());
  if (name == "Adam") return made<Adam>(options, AdamOptions());
  if (name == "Adamax") return made<Adamax>(options, AdamaxOptions());
  if (name == "Ftrl") return made<Ftrl>(options, FtrlOptions());
  if (name == "Lamb") return made<Lamb>(options, LambOptions());
  if (name == "Lion") return made<Lion>(options, LionOptions());
  if (name == "Nadam") return made<Nadam>(options, NadamOptions());
  REQUIRE(name == "AdamW");
  return made<AdamW>(options, AdamWOptions());
}

namespace {

TEST_CASE("golden: weights after steps of each optimizer") {
  const Json& file = golden("optimizers");
  for (const DType dtype : {float64, float32}) {
    for (const Json& entry : file["cases"]) {
      if (!entry.contains("after")) continue;
      const auto name = entry["name"].get<std::string>();
      CAPTURE(name);
      CAPTURE(entry["options"].dump());
      CAPTURE(name_of(dtype));
      std::vector<Variable> weights;
      for (const Json& start : file["start"]) weights.emplace_back(to_tensor(start, dtype));
      OptimizerRef optimizer = to_optimizer(name, entry["options"]);
      const double scale = entry["options"].value("loss_scale_factor", 1.0);
      CHECK(optimizer.scale_loss(Variable(ones({}, dtype))).value().item<double>() == scale);
      const Tolerance tolerance = golden_tolerance(dtype);
      std::int64_t step = 0;
      for (const Json& gradients : file["gradients"]) {
        for (std::size_t i = 0; i < weights.size(); ++i) {
          const Json& shape = file["start"][i]["shape"];
          weights[i].set_grad(to_tensor({{"shape", shape}, {"values", gradients[i]}}, dtype));
        }
        optimizer.apply_gradients(weights);
        ++step;
        for (const Variable& weight : weights) CHECK_FALSE(weight.grad().defined());
        const auto after = entry["after"].find(std::to_string(step));
        if (after == entry["after"].end()) continue;
        CAPTURE(step);
        for (std::size_t i = 0; i < weights.size(); ++i) {
          CHECK(difference(weights[i].value(), to_numbers((*after)[i]), tolerance) == "");
        }
      }
      CHECK(step == 20);
      CHECK(optimizer.iterations() ==
            step / entry["options"].value("gradient_accumulation_steps", 1));
      if (!entry.contains("final")) continue;
      optimizer.finalize_variable_values();
      for (std::size_t i = 0; i < weights.size(); ++i) {
        CHECK(difference(weights[i].value(), to_numbers(entry["final"][i]), tolerance) == "");
      }
    }
  }
}

TEST_CASE("golden: learning rate schedules") {
  int schedules = 0;
  for (const Json& entry : golden("optimizers")["cases"]) {
    if (!entry.contains("schedule")) continue;
    ++schedules;
    CAPTURE(entry["options"].dump());
    const optimizers::Schedule schedule = to_schedule(entry["schedule"], entry["options"]);
    std::vector<double> rates;
    for (const Json& step : entry["steps"]) rates.push_back(schedule(step.get<std::int64_t>()));
    CHECK(difference(rates, to_numbers(entry["values"]), {1e-12, 1e-15}) == "");
  }
  CHECK(schedules == 18);
}

}  // namespace
}  // namespace keratin::tests
