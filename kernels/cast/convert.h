#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/bfloat16.h"

namespace keratin::kernels::cpu {

/// One number in another type, by the contract in cast.h.
template <class To, class From>
constexpr To convert(From x) {
  if constexpr (std::is_same_v<To, BFloat16>) {
    return to_bfloat16(x);
  } else if constexpr (std::is_same_v<From, BFloat16>) {
    return to_float(x);
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // Cut first, then converted: a loop of selections, without branches, that compilers vectorize.
    using Limits = std::numeric_limits<To>;
    constexpr From low = static_cast<From>(Limits::min());
    From cut = x >= low ? x : low;
    if constexpr (Limits::digits <= std::numeric_limits<From>::digits) {
      constexpr From high = static_cast<From>(Limits::max());
      cut = cut < high ? cut : high;
      cut = x == x ? cut : From(0);  // NaN
      return static_cast<To>(
          static_cast<std::conditional_t<(sizeof(To) < 4), std::int32_t, To>>(cut));
    } else {
      // No From is the largest To: `past` is the power of two behind it, `most` the From before
      // that.
      constexpr To half = Limits::max() / 2 + 1;
      constexpr From past = From(2) * static_cast<From>(half);
      constexpr From most = past - past * (std::numeric_limits<From>::epsilon() / 2);
      cut = cut < past ? cut : most;
      cut = x == x ? cut : From(0);
      const To y = static_cast<To>(cut);
      return x >= past ? Limits::max() : y;
    }
  } else if constexpr (std::is_integral_v<From> && std::is_integral_v<To> &&
                       !std::is_same_v<From, bool>) {
    const auto wide = static_cast<std::int64_t>(x);
    if (wide < static_cast<std::int64_t>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    if (wide > static_cast<std::int64_t>(std::numeric_limits<To>::max()))
      return std::numeric_limits<To>::max();
    return static_cast<To>(wide);
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace keratin::kernels::cpu

// M(From, To) for every pair.
#define KERATIN_FOR_EACH_CAST_FROM(M, From) \
  M(From, float)                            \
  M(From, double) M(From, std::uint8_t) M(From, std::int32_t) M(From, std::int64_t) M(From, bool)
#define KERATIN_FOR_EACH_CAST(M)              \
  KERATIN_FOR_EACH_CAST_FROM(M, float)        \
  KERATIN_FOR_EACH_CAST_FROM(M, double)       \
  KERATIN_FOR_EACH_CAST_FROM(M, std::uint8_t) \
  KERATIN_FOR_EACH_CAST_FROM(M, std::int32_t) \
  KERATIN_FOR_EACH_CAST_FROM(M, std::int64_t) \
  KERATIN_FOR_EACH_CAST_FROM(M, bool)         \
  M(BFloat16, float) M(float, BFloat16)
