#include "nn/schedules/cosine_decay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/error.h"
#include "nn/schedules/checks.h"

namespace keratin::optimizers::schedules {
namespace {

void check(const CosineDecayOptions& o) {
  require_not_negative("CosineDecay", "initial_learning_rate", o.initial_learning_rate);
  require_steps("CosineDecay", "decay_steps", o.decay_steps);
  if (o.warmup_steps < 0) {
    throw ValueError(
        fmt::format("CosineDecay: warmup_steps is {}; expected at least 0", o.warmup_steps));
  }
}

double rate(const CosineDecayOptions& o, std::int64_t step) {
  const std::int64_t warmup = o.warmup_target ? o.warmup_steps : 0;
  const double top = o.warmup_target.value_or(o.initial_learning_rate);
  if (step < warmup) {
    const double share = static_cast<double>(step) / static_cast<double>(warmup);
    return o.initial_learning_rate + (top - o.initial_learning_rate) * share;
  }
  const double done = static_cast<double>(std::min(step - warmup, o.decay_steps)) /
                      static_cast<double>(o.decay_steps);
  return top * ((1 - o.alpha) * 0.5 * (1 + std::cos(std::numbers::pi * done)) + o.alpha);
}

}  // namespace

CosineDecay::CosineDecay(const CosineDecayOptions& options)
    : Schedule([options](std::int64_t step) { return rate(options, step); },
               origin_of("CosineDecay", options)) {
  check(options);
}

}  // namespace keratin::optimizers::schedules
