#include "nn/schedules/inverse_time_decay.h"

#include <cmath>

#include "nn/schedules/checks.h"

namespace keratin::optimizers::schedules {
namespace {

void check(const InverseTimeDecayOptions& o) {
  require_not_negative("InverseTimeDecay", "initial_learning_rate", o.initial_learning_rate);
  require_steps("InverseTimeDecay", "decay_steps", o.decay_steps);
  require_not_negative("InverseTimeDecay", "decay_rate", o.decay_rate);
}

double rate(const InverseTimeDecayOptions& o, std::int64_t step) {
  const double share = static_cast<double>(step) / static_cast<double>(o.decay_steps);
  return o.initial_learning_rate / (1 + o.decay_rate * (o.staircase ? std::floor(share) : share));
}

}  // namespace

InverseTimeDecay::InverseTimeDecay(const InverseTimeDecayOptions& options)
    : Schedule([options](std::int64_t step) { return rate(options, step); },
               origin_of("InverseTimeDecay", options)) {
  check(options);
}

}  // namespace keratin::optimizers::schedules
