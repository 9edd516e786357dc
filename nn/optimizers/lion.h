#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct LionOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.99;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "lion";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("beta_1", beta_1);
    f("beta_2", beta_2);
  }
};

/// w -= rate sign(beta_1 m + (1 - beta_1) g);  then m = beta_2 m + (1 - beta_2) g
/// Steps are all of one size: rates are a third to a tenth of Adam's. Throws ValueError for options
/// out of range. Source: Chen et al. 2023, algorithm 2.
class Lion : public OptimizerRef {
 public:
  explicit Lion(const LionOptions& options = {});
};

}  // namespace keratin::optimizers
