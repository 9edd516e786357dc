// What reference kernels compute with: double, from and to whatever floats they are given.
#pragma once

#include <type_traits>

#include "kernels/bfloat16.h"

namespace keratin::kernels::cpu {

constexpr double number(BFloat16 x) { return static_cast<double>(to_float(x)); }
constexpr double number(float x) { return static_cast<double>(x); }
constexpr double number(double x) { return x; }

/// As T, rounded to nearest; BFloat16 by way of float.
template <class T>
constexpr T stored(double x) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return to_bfloat16(static_cast<float>(x));
  } else {
    return static_cast<T>(x);
  }
}

}  // namespace keratin::kernels::cpu
