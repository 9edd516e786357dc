#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct LambOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "lamb";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("beta_1", beta_1);
    f("beta_2", beta_2);
    f("epsilon", epsilon);
  }
};

/// m and v as Adam's;  u = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
/// w -= rate |w| / |u| u,  norms of whole weights; the ratio is 1 where either is 0.
/// Throws ValueError for options out of range.
/// Source: You et al. 2020, algorithm 2.
class Lamb : public OptimizerRef {
 public:
  explicit Lamb(const LambOptions& options = {});
};

}  // namespace keratin::optimizers
