#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct RMSpropOptions {
  LearningRate learning_rate = 0.001;
  double rho = 0.9;
  double momentum = 0;
  double epsilon = 1e-7;
  bool centered = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "rmsprop";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("rho", rho);
    f("momentum", momentum);
    f("epsilon", epsilon);
    f("centered", centered);
  }
};

/// v = rho v + (1 - rho) g^2;  w -= rate g / sqrt(v + epsilon)
/// centered: the root is of v - a^2 + epsilon, a a running mean of g. With momentum the steps
/// gather in m = momentum m + step, and w -= m. Throws ValueError for options out of range. Source:
/// Tieleman and Hinton 2012, lecture 6.5.
class RMSprop : public OptimizerRef {
 public:
  explicit RMSprop(const RMSpropOptions& options = {});
};

}  // namespace keratin::optimizers
