#include "nn/schedules/piecewise_constant_decay.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/schedules/checks.h"

namespace keratin::optimizers::schedules {
namespace {

void check(const PiecewiseConstantDecayOptions& o) {
  if (o.boundaries.empty() || o.values.size() != o.boundaries.size() + 1) {
    throw ValueError(
        fmt::format("PiecewiseConstantDecay: {} boundaries and {} values; expected at least one "
                    "boundary, and one "
                    "value more than boundaries",
                    o.boundaries.size(), o.values.size()));
  }
  for (std::size_t i = 1; i < o.boundaries.size(); ++i) {
    if (o.boundaries[i] > o.boundaries[i - 1]) continue;
    throw ValueError(fmt::format(
        "PiecewiseConstantDecay: boundaries {} is {}, after {}; expected them to increase", i,
        o.boundaries[i], o.boundaries[i - 1]));
  }
  for (const double value : o.values) {
    require_not_negative("PiecewiseConstantDecay", "one of values", value);
  }
}

double rate(const PiecewiseConstantDecayOptions& o, std::int64_t step) {
  const auto after = std::lower_bound(o.boundaries.begin(), o.boundaries.end(), step);
  return o.values[static_cast<std::size_t>(after - o.boundaries.begin())];
}

}  // namespace

PiecewiseConstantDecay::PiecewiseConstantDecay(const PiecewiseConstantDecayOptions& options)
    : Schedule([options](std::int64_t step) { return rate(options, step); },
               origin_of("PiecewiseConstantDecay", options)) {
  check(options);
}

}  // namespace keratin::optimizers::schedules
