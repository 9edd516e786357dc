#include "nn/schedules/checks.h"

#include <fmt/format.h>

#include <cmath>

#include "kernels/error.h"

namespace keratin::optimizers::schedules {

void require_not_negative(const char* schedule, const char* option, double value) {
  if (value >= 0 && std::isfinite(value)) return;
  throw ValueError(
      fmt::format("{}: {} is {}; expected a number of at least 0", schedule, option, value));
}

void require_steps(const char* schedule, const char* option, std::int64_t value) {
  if (value >= 1) return;
  throw ValueError(fmt::format("{}: {} is {}; expected at least 1", schedule, option, value));
}

}  // namespace keratin::optimizers::schedules
