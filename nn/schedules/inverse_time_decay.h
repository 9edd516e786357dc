#pragma once

#include <cstdint>
#include <string>

#include "nn/schedule.h"

namespace keratin::optimizers::schedules {

struct InverseTimeDecayOptions {
  double initial_learning_rate = -1;  // required
  std::int64_t decay_steps = 0;       // required
  double decay_rate = -1;             // required
  bool staircase = false;
  std::string name = "InverseTimeDecay";

  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate);
    f("decay_steps", decay_steps);
    f("decay_rate", decay_rate);
    f("staircase", staircase);
    f("name", name);
  }
};

/// The initial learning rate r, over a straight line:
///   r / (1 + decay_rate step / decay_steps);  staircase: step / decay_steps is rounded down
/// Throws ValueError for options out of range.
class InverseTimeDecay : public Schedule {
 public:
  explicit InverseTimeDecay(const InverseTimeDecayOptions& options);
};

}  // namespace keratin::optimizers::schedules
