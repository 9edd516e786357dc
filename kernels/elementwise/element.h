// One element of an element-wise operation: what the rungs without vectors share. Floating unary
// functions compute in double. Integers wrap around; functions that leave them (sqrt, exp, ...) are
// taken in double and cut to the type's range, as cast does. Templates that may be constant, which
// nvcc compiles for the device as well.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "kernels/cast/convert.h"
#include "kernels/elementwise/elementwise.h"

namespace keratin::kernels::cpu {

/// The type in which T adds and multiplies: itself, or an unsigned one, whose overflow is defined.
template <class T>
using Wrapping = typename std::conditional_t<std::is_integral_v<T>,
                                             std::make_unsigned<std::common_type_t<T, int>>,
                                             std::type_identity<T>>::type;

template <class T>
constexpr bool is_negative(T x) {
  if constexpr (std::is_unsigned_v<T>) {
    return false;
  } else {
    return x < 0;
  }
}

template <class T>
constexpr T integer_power(T a, T b) {
  if (is_negative(b)) return a == T(1) ? T(1) : (a == T(-1) ? (b % 2 == 0 ? T(1) : a) : T(0));
  Wrapping<T> result = 1, square = static_cast<Wrapping<T>>(a);
  for (; b != 0; b = static_cast<T>(b / 2), square *= square)
    if (b % 2 != 0) result *= square;
  return static_cast<T>(result);
}

template <class Double>
constexpr Double in_double(Unary op, Double v) {
  switch (op) {
    case Unary::negative:
      return -v;
    case Unary::abs:
      return std::fabs(v);
    case Unary::sign:
      return std::isnan(v) ? v : (v > 0) - (v < 0);
    case Unary::square:
      return v * v;
    case Unary::relu:
      return v < 0 ? 0 : v;  // NaN stays
    case Unary::sqrt:
      return std::sqrt(v);
    case Unary::rsqrt:
      return 1 / std::sqrt(v);
    case Unary::reciprocal:
      return 1 / v;
    case Unary::exp:
      return std::exp(v);
    case Unary::expm1:
      return std::expm1(v);
    case Unary::log:
      return std::log(v);
    case Unary::log1p:
      return std::log1p(v);
    case Unary::sin:
      return std::sin(v);
    case Unary::cos:
      return std::cos(v);
    case Unary::tanh:
      return std::tanh(v);
    case Unary::sigmoid:
      return 1 / (1 + std::exp(-v));
    case Unary::softplus:
      return (v < 0 ? 0 : v) + std::log1p(std::exp(-std::fabs(v)));
    case Unary::erf:
      return std::erf(v);
    case Unary::floor:
      return std::floor(v);
    case Unary::ceil:
      return std::ceil(v);
    case Unary::round:
      return std::nearbyint(v);  // halves to even
  }
  return v;
}

template <class T>
constexpr T element(Unary op, T x) {
  if constexpr (std::is_integral_v<T>) {
    using U = Wrapping<T>;
    const U v = static_cast<U>(x);
    switch (op) {
      case Unary::negative:
        return static_cast<T>(U(0) - v);
      case Unary::abs:
        return static_cast<T>(is_negative(x) ? U(0) - v : v);
      case Unary::square:
        return static_cast<T>(v * v);
      case Unary::relu:
        return std::max(x, T(0));
      case Unary::floor:
      case Unary::ceil:
      case Unary::round:
        return x;
      default:
        return convert<T>(in_double(op, static_cast<double>(x)));
    }
  } else {
    return static_cast<T>(in_double(op, static_cast<double>(x)));
  }
}

template <class T>
constexpr T element(Binary op, T a, T b) {
  using U = Wrapping<T>;
  const U p = static_cast<U>(a), q = static_cast<U>(b), one = 1;
  switch (op) {
    case Binary::add:
      return static_cast<T>(p + q);
    case Binary::subtract:
      return static_cast<T>(p - q);
    case Binary::multiply:
      return static_cast<T>(p * q);
    case Binary::divide:
      if constexpr (std::is_integral_v<T>) {
        if (b == 0) return 0;
        if (std::is_signed_v<T> && b == T(-1)) return static_cast<T>(U(0) - p);
      }
      return static_cast<T>(a / b);
    case Binary::maximum:
      return a != a ? a : (b != b ? b : std::max(a, b));  // NaN from either side
    case Binary::minimum:
      return a != a ? a : (b != b ? b : std::min(a, b));
    case Binary::power:
      if constexpr (std::is_integral_v<T>) {
        return integer_power(a, b);
      } else {
        return static_cast<T>(std::pow(static_cast<double>(a), static_cast<double>(b)));
      }
    case Binary::equal:
      return static_cast<T>(a == b);
    case Binary::not_equal:
      return static_cast<T>(a != b);
    case Binary::less:
      return static_cast<T>(a < b);
    case Binary::less_equal:
      return static_cast<T>(a <= b);
    case Binary::greater:
      return static_cast<T>(a > b);
    case Binary::greater_equal:
      return static_cast<T>(a >= b);
    case Binary::relu_gradient:
      return b > 0 ? a : T(0);
    case Binary::sigmoid_gradient:
      return static_cast<T>(p * q * (one - q));
    case Binary::tanh_gradient:
      return static_cast<T>(p * (one - q * q));
    case Binary::sigmoid_cross_entropy: {
      const double z = static_cast<double>(a), t = static_cast<double>(b);
      const double loss = (z < 0 ? 0 : z) - z * t + std::log1p(std::exp(-std::fabs(z)));
      if constexpr (std::is_integral_v<T>) return convert<T>(loss);
      return static_cast<T>(loss);
    }
  }
  return a;
}

}  // namespace keratin::kernels::cpu
