#include "nn/schedules/exponential_decay.h"

#include <cmath>

#include "nn/schedules/checks.h"

namespace keratin::optimizers::schedules {
namespace {

void check(const ExponentialDecayOptions& o) {
  require_not_negative("ExponentialDecay", "initial_learning_rate", o.initial_learning_rate);
  require_steps("ExponentialDecay", "decay_steps", o.decay_steps);
  require_not_negative("ExponentialDecay", "decay_rate", o.decay_rate);
}

double rate(const ExponentialDecayOptions& o, std::int64_t step) {
  const double share = static_cast<double>(step) / static_cast<double>(o.decay_steps);
  return o.initial_learning_rate * std::pow(o.decay_rate, o.staircase ? std::floor(share) : share);
}

}  // namespace

ExponentialDecay::ExponentialDecay(const ExponentialDecayOptions& options)
    : Schedule([options](std::int64_t step) { return rate(options, step); },
               origin_of("ExponentialDecay", options)) {
  check(options);
}

}  // namespace keratin::optimizers::schedules
