#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct FtrlOptions {
  LearningRate learning_rate = 0.001;
  double learning_rate_power = -0.5;
  double initial_accumulator_value = 0.1;
  double l1_regularization_strength = 0;
  double l2_regularization_strength = 0;
  double l2_shrinkage_regularization_strength = 0;
  double beta = 0;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "ftrl";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("learning_rate_power", learning_rate_power);
    f("initial_accumulator_value", initial_accumulator_value);
    f("l1_regularization_strength", l1_regularization_strength);
    f("l2_regularization_strength", l2_regularization_strength);
    f("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength);
    f("beta", beta);
  }
};

/// Follows the regularized leader, p being learning_rate_power: n' = n + g^2
/// z += g + 2 shrinkage w - (n'^-p - n^-p) / rate w
/// w = (clip(z, -l1, l1) - z) / (n'^-p / rate + 2 l2 + beta / rate)
/// n begins at initial_accumulator_value. The first step leaves nothing of a weight's first value.
/// Throws ValueError for options out of range, a learning rate of 0 among them.
/// Source: McMahan et al. 2013, algorithm 1.
class Ftrl : public OptimizerRef {
 public:
  explicit Ftrl(const FtrlOptions& options = {});
};

}  // namespace keratin::optimizers
