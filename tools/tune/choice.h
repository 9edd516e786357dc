// What to make of measurements of two rungs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace keratin::tools {

/// The times of two rungs where the number that decides between them is `value`: of the rung that
/// small numbers get, and of the one that large numbers get.
struct Sample {
  std::int64_t value;
  double small_seconds, large_seconds;
};

/// The natural logarithm of how much longer all samples take than with the better rung each, added
/// up: where large numbers are those of at least `crossover`.
inline double loss(const std::vector<Sample>& samples, std::int64_t crossover) {
  double sum = 0;
  for (const Sample& s : samples) {
    const double taken = s.value >= crossover ? s.large_seconds : s.small_seconds;
    sum += std::log(taken / std::min(s.small_seconds, s.large_seconds));
  }
  return sum;
}

/// Above every number: the rung of large ones never runs.
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// The crossover of the least loss: a sample's value, or kNever. `current` stays where that is at
/// most `slack` better for a sample, so that noise moves nothing.
inline std::int64_t best_crossover(const std::vector<Sample>& samples, std::int64_t current,
                                   double slack = 0.005) {
  std::int64_t best = current;
  double least = loss(samples, current) - slack * static_cast<double>(samples.size());
  const auto consider = [&](std::int64_t crossover) {
    const double its = loss(samples, crossover);
    if (its < least) least = its, best = crossover;
  };
  for (const Sample& s : samples) consider(s.value);
  consider(kNever);
  return best;
}

}  // namespace keratin::tools
