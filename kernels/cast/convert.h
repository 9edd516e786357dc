#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

namespace keratin::kernels::cpu {

/// One number in another type, by the contract in cast.h.
template <class To, class From>
To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // The bound just past the largest To is a power of two, hence exact in From.
    constexpr From low = static_cast<From>(std::numeric_limits<To>::min());
    constexpr From past = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * From(2);
    if (!(x >= low)) return x < low ? std::numeric_limits<To>::min() : To(0);
    return x >= past ? std::numeric_limits<To>::max() : static_cast<To>(x);
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
#define KERATIN_FOR_EACH_CAST(M)                                                          \
  KERATIN_FOR_EACH_CAST_FROM(M, float)                                                    \
  KERATIN_FOR_EACH_CAST_FROM(M, double)                                                   \
  KERATIN_FOR_EACH_CAST_FROM(M, std::uint8_t) KERATIN_FOR_EACH_CAST_FROM(M, std::int32_t) \
      KERATIN_FOR_EACH_CAST_FROM(M, std::int64_t) KERATIN_FOR_EACH_CAST_FROM(M, bool)
