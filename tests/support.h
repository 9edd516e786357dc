// What the tests share: seeded inputs that visit the awkward values, and comparisons in which a NaN
// never passes.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace keratin::tests {

/// How far a result may lie from its reference: |actual - expected| <= abs + rel * |expected|.
struct Tolerance {
  double rel = 1e-6;
  double abs = 1e-7;
};

/// Standard normal numbers times `scale`.
template <class T = float>
std::vector<T> normal_values(std::int64_t count, std::uint64_t seed, double scale = 1) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal(0, scale);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(normal(generator));
  return values;
}

/// NaN in floating types: what an output holds before a kernel runs, so that an element left out
/// shows.
template <class T = float>
std::vector<T> unwritten(std::int64_t count) {
  return std::vector<T>(static_cast<std::size_t>(count), std::numeric_limits<T>::quiet_NaN());
}

/// The same numbers in another type.
template <class To, class From>
std::vector<To> converted(const std::vector<From>& values) {
  return std::vector<To>(values.begin(), values.end());
}

/// "" where all elements are close (NaN to NaN and an infinity to itself are), else the worst one
/// in words.
template <class A, class B>
std::string difference(std::span<const A> actual, std::span<const B> expected,
                       Tolerance tolerance) {
  if (actual.size() != expected.size()) {
    return fmt::format("{} elements, expected {}", actual.size(), expected.size());
  }
  std::string worst;
  double worst_excess = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double a = static_cast<double>(actual[i]), e = static_cast<double>(expected[i]);
    if ((std::isnan(a) && std::isnan(e)) || a == e) continue;
    const double bound = tolerance.abs + tolerance.rel * std::fabs(e), error = std::fabs(a - e);
    if (error <= bound) continue;  // false for NaN
    const double excess =
        std::isnan(error) ? std::numeric_limits<double>::infinity() : error / bound;
    if (excess > worst_excess) {
      worst_excess = excess;
      worst = fmt::format("element {} is {}, expected {} (error {:.3g}, allowed {:.3g})", i, a, e,
                          error, bound);
    }
  }
  return worst;
}
template <class A, class B>
std::string difference(const std::vector<A>& actual, const std::vector<B>& expected,
                       Tolerance tolerance) {
  return difference(std::span<const A>(actual), std::span<const B>(expected), tolerance);
}

}  // namespace keratin::tests
