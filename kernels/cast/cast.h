// y[i] = x[i] in another type, as C++ converts numbers: towards zero from floating types. What an
// integer type cannot hold is cut to its range, NaN becomes 0; to bool, everything but 0 is true. x
// and y do not overlap.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/ladder.h"

namespace keratin::kernels {

struct CastShape {
  std::int64_t size;
  std::string text() const;
};
template <class From, class To>
using CastFn = void (*)(const From* x, To* y, const CastShape& s);
template <class From, class To>
constexpr Cost cast_cost(const CastShape& s) {
  return {.flops = 0,
          .bytes = static_cast<double>(sizeof(From) + sizeof(To)) * static_cast<double>(s.size)};
}

namespace cpu {
template <class From, class To>
void cast_reference(const From* x, To* y, const CastShape& s);
template <class From, class To>
void cast_threads(const From* x, To* y, const CastShape& s);
}  // namespace cpu

/// From, To: float, double, std::uint8_t, std::int32_t, std::int64_t, bool.
template <class From, class To>
inline constexpr auto cast_ladder = Ladder{
    "cast", "cast", cast_cost<From, To>,
    std::array{Rung<CastFn<From, To>>{"reference", "", always, cpu::cast_reference<From, To>},
               Rung<CastFn<From, To>>{"threads", "the compiler's own vectors, on all threads",
                                      always, cpu::cast_threads<From, To>}}};

}  // namespace keratin::kernels
