// Numbers of bfloat16 for the tests of kernels.
#pragma once

#include <vector>

#include "kernels/bfloat16.h"
#include "tests/support.h"

namespace keratin::tests {

/// A result is rounded to 8 binary digits: half a step is at most 2^-8 of it.
inline constexpr double kBFloat16Rounding = 1.0 / 256;

inline std::vector<kernels::BFloat16> to_bfloat16s(const std::vector<double>& values) {
  std::vector<kernels::BFloat16> rounded;
  rounded.reserve(values.size());
  for (const double value : values) {
    rounded.push_back(kernels::to_bfloat16(static_cast<float>(value)));
  }
  return rounded;
}

inline std::vector<float> to_floats(const std::vector<kernels::BFloat16>& values) {
  std::vector<float> wide;
  wide.reserve(values.size());
  for (const kernels::BFloat16 value : values) wide.push_back(kernels::to_float(value));
  return wide;
}

/// Standard normal numbers that bfloat16 holds exactly.
inline std::vector<double> bfloat16_values(std::int64_t count, std::uint64_t seed,
                                           double scale = 1) {
  return converted<double>(to_floats(to_bfloat16s(normal_values<double>(count, seed, scale))));
}

}  // namespace keratin::tests
