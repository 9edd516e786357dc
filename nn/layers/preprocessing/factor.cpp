#include "nn/layers/preprocessing/factor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "kernels/error.h"

namespace keratin::layers {

std::string Factor::text() const {
  return single_ ? fmt::format("{}", lower_) : fmt::format("{{{}, {}}}", lower_, upper_);
}

void factor_field(Fields& f, const char* name, Factor& factor, OneNumber one) {
  if (!f.reading() && !factor.given()) {
    std::optional<double> none;
    f(name, none);
    return;
  }
  if (!f.reading() && factor.single() && one == OneNumber::itself) {
    double number = factor.lower();
    f(name, number);
    return;
  }
  std::vector<double> numbers;
  if (!f.reading()) numbers = {factor.lower(), factor.upper()};
  if (!f.reading() && factor.single() && one == OneNumber::both_ways) {
    numbers = {-std::abs(factor.lower()), std::abs(factor.lower())};
  }
  f(name, numbers);
  if (!f.reading() || numbers.empty()) return;
  if (numbers.size() > 2) {
    throw ValueError(
        fmt::format("{} holds {} numbers; expected one, or a range of two", name, numbers.size()));
  }
  factor = numbers.size() == 1 ? Factor(numbers[0]) : Factor(numbers[0], numbers[1]);
}

void range_field(Fields& f, const char* name, std::array<double, 2>& range) {
  std::vector<double> numbers(range.begin(), range.end());
  f(name, numbers);
  if (numbers.size() != 2) {
    throw ValueError(fmt::format("{} holds {} numbers; expected two", name, numbers.size()));
  }
  range = {numbers[0], numbers[1]};
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
