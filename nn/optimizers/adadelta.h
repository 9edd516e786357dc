#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct AdadeltaOptions {
  LearningRate learning_rate = 0.001;
  double rho = 0.95;
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
  std::string name = "adadelta";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("rho", rho);
    f("epsilon", epsilon);
  }
};

/// a = rho a + (1 - rho) g^2;  step = sqrt(d + epsilon) / sqrt(a + epsilon) g
/// d = rho d + (1 - rho) step^2;  w -= rate step
/// The paper's own rate is 1. Throws ValueError for options out of range.
/// Source: Zeiler 2012, algorithm 1.
class Adadelta : public OptimizerRef {
 public:
  explicit Adadelta(const AdadeltaOptions& options = {});
};

}  // namespace keratin::optimizers
