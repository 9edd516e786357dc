#include "nn/schedules/cosine_decay_restarts.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "nn/schedules/checks.h"

namespace keratin::optimizers::schedules {
namespace {

void check(const CosineDecayRestartsOptions& o) {
  require_not_negative("CosineDecayRestarts", "initial_learning_rate", o.initial_learning_rate);
  require_steps("CosineDecayRestarts", "first_decay_steps", o.first_decay_steps);
  require_not_negative("CosineDecayRestarts", "m_mul", o.m_mul);
  require_not_negative("CosineDecayRestarts", "alpha", o.alpha);
  if (!(o.t_mul >= 1 && std::isfinite(o.t_mul))) {
    throw ValueError(
        fmt::format("CosineDecayRestarts: t_mul is {}; expected a number of at least 1", o.t_mul));
  }
}

double rate(const CosineDecayRestartsOptions& o, std::int64_t step) {
  double done = static_cast<double>(step), period = static_cast<double>(o.first_decay_steps), i = 0;
  if (o.t_mul == 1) {
    i = std::floor(done / period);
    done -= i * period;
  }
  for (; done >= period; ++i) {
    done -= period;
    period *= o.t_mul;
  }
  const double wave = 0.5 * std::pow(o.m_mul, i) * (1 + std::cos(std::numbers::pi * done / period));
  return o.initial_learning_rate * ((1 - o.alpha) * wave + o.alpha);
}

}  // namespace

CosineDecayRestarts::CosineDecayRestarts(const CosineDecayRestartsOptions& options)
    : Schedule([options](std::int64_t step) { return rate(options, step); },
               origin_of("CosineDecayRestarts", options)) {
  check(options);
}

}  // namespace keratin::optimizers::schedules
