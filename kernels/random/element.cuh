// Element i of a fill. Uniform numbers are the CPU's to the bit, so what is fused is written down:
// simd.cpp fuses floats, element.h rounds product and sum of doubles.
#pragma once

#include <type_traits>

#include "kernels/cuda/launch.cuh"
#include "kernels/random/random.h"
#include "kernels/random/shifted.cuh"

namespace keratin::kernels::cuda {

/// u in [0, 1) moved to [low, high); rounding must not reach `high`.
template <class T>
__device__ __forceinline__ T uniform_element(double u, double low, double high) {
  const T x = static_cast<T>(std::is_same_v<T, float> ? fma(u, high - low, low)
                                                      : __dadd_rn(low, __dmul_rn(u, high - low)));
  return x < high || low == high ? x : static_cast<T>(low);
}

/// sqrt(-2 ln(1 - u)) cos(2 pi v) of one block an element; draws after the first take blocks far
/// beyond any element's.
template <class T>
__device__ __forceinline__ T normal_element(const RandomShape& s, std::int64_t i) {
  for (std::uint64_t draw = 0;; ++draw) {
    const auto words = philox(s.key, static_cast<std::uint64_t>(i) + (draw << 48));
    const double u = unit_double(words[0], words[1]), v = unit_double(words[2], words[3]);
    const double x = sqrt(-2 * log1p(-u)) * cos(6.283185307179586 * v);
    if (s.distribution == Distribution::normal || fabs(x) <= 2) return static_cast<T>(x);
  }
}

}  // namespace keratin::kernels::cuda
