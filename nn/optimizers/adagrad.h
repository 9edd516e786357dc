#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct AdagradOptions {
  LearningRate learning_rate = 0.001;
  double initial_accumulator_value = 0.1;
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
  std::string name = "adagrad";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("initial_accumulator_value", initial_accumulator_value);
    f("epsilon", epsilon);
  }
};

/// a += g^2;  w -= rate g / sqrt(a + epsilon)
/// a begins at initial_accumulator_value. Throws ValueError for options out of range.
/// Source: Duchi et al. 2011, equation 1 with diagonal matrices.
class Adagrad : public OptimizerRef {
 public:
  explicit Adagrad(const AdagradOptions& options = {});
};

}  // namespace keratin::optimizers
