#pragma once

#include <cmath>
#include <type_traits>

#include "kernels/random/random.h"

namespace keratin::kernels::cpu {

/// A normal number from two uniform ones: sqrt(-2 ln(1 - u)) cos(2 pi v).
inline double box_muller(double u, double v) {
  return std::sqrt(-2 * std::log1p(-u)) * std::cos(6.283185307179586 * v);
}

/// Element i of a fill.
template <class T>
T random_element(const RandomShape& s, std::int64_t i) {
  const auto at = static_cast<std::uint64_t>(i);
  if (s.distribution == Distribution::uniform) {
    double u;
    if constexpr (std::is_same_v<T, float>) {
      u = unit_float(philox(s.key, at / 4)[at % 4]);
    } else {
      const auto words = philox(s.key, at / 2);
      u = unit_double(words[at % 2 * 2], words[at % 2 * 2 + 1]);
    }
    const T x = static_cast<T>(s.low + u * (s.high - s.low));
    return x < s.high || s.low == s.high ? x
                                         : static_cast<T>(s.low);  // rounding must not reach `high`
  }
  // One block an element; draws after the first take blocks far beyond any element's.
  for (std::uint64_t draw = 0;; ++draw) {
    const auto words = philox(s.key, at + (draw << 48));
    const double x = box_muller(unit_double(words[0], words[1]), unit_double(words[2], words[3]));
    if (s.distribution == Distribution::normal || std::fabs(x) <= 2) return static_cast<T>(x);
  }
}

}  // namespace keratin::kernels::cpu
