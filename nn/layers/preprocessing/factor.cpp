#include "nn/layers/preprocessing/factor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/error.h"

namespace keratin::layers {

std::string Factor::text() const {
  return single_ ? fmt::format("{}", lower_) : fmt::format("{{{}, {}}}", lower_, upper_);
}

FactorRange symmetric_range(std::string_view layer, std::string_view option, const Factor& factor,
                            double least, double most) {
  if (!factor.given()) {
    throw ValueError(fmt::format(
        "{}: {} is missing; expected one number or a range {{lower, upper}}, from {} to {}", layer,
        option, least, most));
  }
  const auto in_range = [&](double f) { return f >= least && f <= most; };  // false for NaN
  if (!in_range(factor.lower()) || !in_range(factor.upper())) {
    throw ValueError(fmt::format("{}: {} is {}; expected numbers from {} to {}", layer, option,
                                 factor.text(), least, most));
  }
  if (factor.single()) return {-std::abs(factor.lower()), std::abs(factor.lower())};
  return {std::min(factor.lower(), factor.upper()), std::max(factor.lower(), factor.upper())};
}

}  // namespace keratin::layers
