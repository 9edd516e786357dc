#include "nn/schedules/polynomial_decay.h"

#include <algorithm>
#include <cmath>

#include "nn/schedules/checks.h"

namespace keratin::optimizers::schedules {
namespace {

void check(const PolynomialDecayOptions& o) {
  require_not_negative("PolynomialDecay", "initial_learning_rate", o.initial_learning_rate);
  require_steps("PolynomialDecay", "decay_steps", o.decay_steps);
  require_not_negative("PolynomialDecay", "end_learning_rate", o.end_learning_rate);
  require_not_negative("PolynomialDecay", "power", o.power);
}

double rate(const PolynomialDecayOptions& o, std::int64_t step) {
  const std::int64_t n = o.decay_steps, cycles = o.cycle ? (step + n - 1) / n : 1;
  const std::int64_t end = n * std::max<std::int64_t>(cycles, 1);
  const double share = static_cast<double>(std::min(step, end)) / static_cast<double>(end);
  return (o.initial_learning_rate - o.end_learning_rate) * std::pow(1 - share, o.power) +
         o.end_learning_rate;
}

}  // namespace

PolynomialDecay::PolynomialDecay(const PolynomialDecayOptions& options)
    : Schedule([options](std::int64_t step) { return rate(options, step); },
               origin_of("PolynomialDecay", options)) {
  check(options);
}

}  // namespace keratin::optimizers::schedules
