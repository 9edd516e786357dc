#pragma once

#include <cstdint>
#include <string>

#include "nn/schedule.h"

namespace keratin::optimizers::schedules {

struct ExponentialDecayOptions {
  double initial_learning_rate = -1;  // required
  std::int64_t decay_steps = 0;       // required
  double decay_rate = -1;             // required
  bool staircase = false;
  std::string name = "ExponentialDecay";

  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate);
    f("decay_steps", decay_steps);
    f("decay_rate", decay_rate);
    f("staircase", staircase);
    f("name", name);
  }
};

/// The initial learning rate r, times decay_rate every decay_steps:
///   r decay_rate^(step / decay_steps);  staircase: the exponent is rounded down
/// Throws ValueError for options out of range.
class ExponentialDecay : public Schedule {
 public:
  explicit ExponentialDecay(const ExponentialDecayOptions& options);
};

}  // namespace keratin::optimizers::schedules
