#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct AdamaxOptions {
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
  std::string name = "adamax";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("beta_1", beta_1);
    f("beta_2", beta_2);
    f("epsilon", epsilon);
  }
};

/// m += (g - m) (1 - beta_1);  u = max(beta_2 u, |g|)
/// w -= rate / (1 - beta_1^t)  m / (u + epsilon)
/// Throws ValueError for options out of range.
/// Source: Kingma and Ba 2015, algorithm 2.
class Adamax : public OptimizerRef {
 public:
  explicit Adamax(const AdamaxOptions& options = {});
};

}  // namespace keratin::optimizers
