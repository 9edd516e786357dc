#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct AdamOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "adam";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("beta_1", beta_1);
    f("beta_2", beta_2);
    f("epsilon", epsilon);
    f("amsgrad", amsgrad);
  }
};

/// m += (g - m) (1 - beta_1);  v += (g^2 - v) (1 - beta_2)
/// w -= rate sqrt(1 - beta_2^t) / (1 - beta_1^t)  m / (sqrt(v) + epsilon)
/// amsgrad takes the largest v so far. Throws ValueError for options out of range.
/// Source: Kingma and Ba 2015, the faster form at the end of section 2; Reddi et al. 2018
/// (amsgrad).
class Adam : public OptimizerRef {
 public:
  explicit Adam(const AdamOptions& options = {});
};

}  // namespace keratin::optimizers

namespace keratin::detail {
/// The update of one of Adam's like with a mean and another moment, whose options have its names.
/// Throws ValueError.
template <class Options>
UpdateRule moments_rule(const char* optimizer, kernels::Update update, const Options& options) {
  require_in(optimizer, "beta_1", options.beta_1, 0, 1);
  require_in(optimizer, "beta_2", options.beta_2, 0, 1);
  require_in(optimizer, "epsilon", options.epsilon, 0, 1);
  kernels::UpdateShape constants{};
  constants.update = update;
  constants.beta_1 = options.beta_1;
  constants.beta_2 = options.beta_2;
  constants.epsilon = options.epsilon;
  return {.constants = constants, .slots = {true, true, false}};
}
template <class Options>
UpdateRule adam_rule(const char* optimizer, const Options& options) {
  UpdateRule rule = moments_rule(optimizer, kernels::Update::adam, options);
  rule.slots[2] = options.amsgrad;
  return rule;
}
}  // namespace keratin::detail
