#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nn/schedule.h"

namespace keratin::optimizers::schedules {

struct CosineDecayOptions {
  double initial_learning_rate = -1;  // required
  std::int64_t decay_steps = 0;       // required
  double alpha = 0;                   // the end's share of the beginning
  std::string name = "CosineDecay";
  std::optional<double> warmup_target = {};
  std::int64_t warmup_steps = 0;

  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate);
    f("decay_steps", decay_steps);
    f("alpha", alpha);
    f("name", name);
    f("warmup_target", warmup_target);
    f("warmup_steps", warmup_steps);
  }
};

/// From the initial learning rate r down to alpha r, along half a cosine:
///   r ((1 - alpha) (1 + cos(pi min(step, n) / n)) / 2 + alpha),   n = decay_steps
/// With a warmup target the rate first goes to it in a straight line over warmup_steps, and decays
/// from there over decay_steps more. Throws ValueError for options out of range.
/// Source: Loshchilov and Hutter 2017, SGDR, equation 5.
class CosineDecay : public Schedule {
 public:
  explicit CosineDecay(const CosineDecayOptions& options);
};

}  // namespace keratin::optimizers::schedules
