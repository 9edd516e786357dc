#pragma once

#include <cstdint>
#include <string>

#include "nn/schedule.h"

namespace keratin::optimizers::schedules {

struct PolynomialDecayOptions {
  double initial_learning_rate = -1;  // required
  std::int64_t decay_steps = 0;       // required
  double end_learning_rate = 1e-4;
  double power = 1;
  bool cycle = false;
  std::string name = "PolynomialDecay";

  void fields(Fields& f) {
    f("initial_learning_rate", initial_learning_rate);
    f("decay_steps", decay_steps);
    f("end_learning_rate", end_learning_rate);
    f("power", power);
    f("cycle", cycle);
    f("name", name);
  }
};

/// From the initial learning rate r to the end's e, n being decay_steps:
///   (r - e) (1 - min(step, n) / n)^power + e
/// cycle: instead of staying at e, n becomes the next multiple of decay_steps. Throws ValueError for
/// options out of range.
class PolynomialDecay : public Schedule {
 public:
  explicit PolynomialDecay(const PolynomialDecayOptions& options);
};

}  // namespace keratin::optimizers::schedules
