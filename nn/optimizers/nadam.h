#pragma once

#include "nn/optimizer.h"

namespace keratin::optimizers {

struct NadamOptions {
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
  std::string name = "nadam";

  void fields(Fields& f) {
    detail::optimizer_fields(f, *this);
    f("beta_1", beta_1);
    f("beta_2", beta_2);
    f("epsilon", epsilon);
  }
};

/// m and v as Adam's;  u_t = beta_1 (1 - 0.96^t / 2);  U = u_1 u_2 ... u_t
/// w -= rate (u_{t+1} m / (1 - U u_{t+1}) + (1 - u_t) g / (1 - U)) / (sqrt(v / (1 - beta_2^t)) +
/// epsilon)
/// Throws ValueError for options out of range.
/// Source: Dozat 2016, algorithm 2 and section 3.
class Nadam : public OptimizerRef {
 public:
  explicit Nadam(const NadamOptions& options = {});
};

}  // namespace keratin::optimizers
