#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct SGDOptions {
  LearningRate learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "sgd";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("momentum", momentum);
    f("nesterov", nesterov);
  }
};

/// w -= rate g;  with momentum: m = momentum m - rate g, w += m;  nesterov: w += momentum m -
/// rate g. Throws ValueError for options out of range.
/// Source: Sutskever et al. 2013, equations 3 and 4, with the velocity shifted as Keras has it.
class SGD : public OptimizerRef {
 public:
  explicit SGD(const SGDOptions& options = {});
};

}  // namespace keratin::optimizers
